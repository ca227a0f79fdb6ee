"""`verify --bucket` as a user meets it."""

import shutil
from pathlib import Path

import pytest

from runner import verifying
from runner.cli import main
from tests.fakes.velero import PRODUCTION, SAMPLE


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """A copy of the real bucket that may be damaged."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "bucket"))


def verify(*args: object) -> int:
    return main(["verify", *map(str, args)])


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_sound_bucket_is_good(
    bucket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify("--bucket", bucket, "--state", tmp_path / "ledger") == 0
    said = lines(capsys)
    assert said[0].startswith("good     bulk-1  Completed")
    assert any(line.startswith(f"good     {PRODUCTION}") for line in said)
    assert said[-1].startswith(f"good  {bucket}  2 backup(s): 2 good")
    assert (tmp_path / "ledger").exists()


def test_damage_is_named_with_its_remedy(bucket: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = bucket / "backups" / "bulk-1" / "bulk-1.tar.gz"
    archive.chmod(0o644)
    archive.write_bytes(archive.read_bytes()[:-100])
    assert verify("--bucket", bucket, "--no-state") == 1
    said = lines(capsys)
    assert said[0].startswith("damaged  bulk-1")
    assert "archive-damaged" in said[1]
    assert said[2].startswith("    Bring the file back")
    assert said[-1].startswith("damaged")


def test_a_later_change_turns_the_answer(
    bucket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify("--bucket", bucket, "--state", tmp_path / "ledger") == 0
    log = bucket / "backups" / "bulk-1" / "bulk-1-logs.gz"
    log.chmod(0o644)
    body = bytearray(log.read_bytes())
    body[4] ^= 1  # the time stamp: still a sound gzip
    log.write_bytes(bytes(body))
    assert verify("--bucket", bucket, "--state", tmp_path / "ledger") == 1
    assert any("backup-changed" in line for line in lines(capsys))


def test_a_folder_that_is_no_backup_is_a_leftover(
    bucket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one whose backup was whole when it was seen last: a deletion that was broken off."""
    assert verify("--bucket", bucket, "--state", tmp_path / "ledger") == 0
    lines(capsys)
    (bucket / "backups" / "bulk-1" / "velero-backup.json").unlink()
    (bucket / "backups" / "lost+found").mkdir()
    (bucket / "backups" / "lost+found" / "core").write_bytes(b"x")
    assert verify("--bucket", bucket, "--state", tmp_path / "ledger") == 0
    said = lines(capsys)
    assert [line for line in said if line.startswith("leftover")] == [
        "leftover  bulk-1",
        "leftover  lost+found",
    ]
    assert sum("folder-not-a-backup" in line for line in said) == 2
    assert any("backup-vanished" in line for line in said)
    assert said[-1].startswith(f"good  {bucket}  1 backup(s): 1 good, 2 leftover")
    assert verify("--bucket", bucket, "--no-state", "--backup", "bulk-1") == 1


def test_a_backup_under_way_is_inconclusive(bucket: Path) -> None:
    metadata = bucket / "backups" / "bulk-1" / "velero-backup.json"
    metadata.chmod(0o644)
    text = metadata.read_text().replace('"Completed"', '"Deleting"')
    metadata.write_text(text)
    assert verify("--bucket", bucket, "--no-state", "--backup", "bulk-1") == 3


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (("--backup", "bulk-1"), {"bulk-1"}),
        (("--schedule", "production-daily"), {PRODUCTION}),
        (("--namespace", "production"), {PRODUCTION}),
    ],
)
def test_backups_are_chosen(
    bucket: Path, options: tuple[str, ...], chosen: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify("--bucket", bucket, "--no-state", *options) == 0
    found = {line.split()[1] for line in lines(capsys)[:-1] if line.startswith("good ")}
    assert found == chosen


def test_several_processes_find_the_same(
    bucket: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verifying, "APART_FROM", 0)
    shutil.rmtree(bucket / "kopia")
    assert verify("--bucket", bucket, "--no-state", "--workers", 2) == 1
    said = lines(capsys)
    assert said[-1].split("  ")[2] == "2 backup(s): 1 good, 1 damaged"
    assert any("volume-data-missing" in line for line in said)


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("scenario.yaml", "--bucket", "x"),
        ("--bucket", "/no/such/folder"),
        ("--bucket", str(SAMPLE), "--backup", "no-such-backup"),
        ("--bucket", str(SAMPLE), "--schedule", "no-such-schedule"),
        ("--bucket", str(SAMPLE), "--engine", "abacus"),
        ("scenario.yaml", "--schedule", "daily"),
    ],
)
def test_a_wrong_command_line_touches_nothing(
    args: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert verify(*args) == 2
    assert list(tmp_path.iterdir()) == []
