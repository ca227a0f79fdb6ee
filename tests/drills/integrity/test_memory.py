"""What was remembered of a backup, and what has changed since."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from drills.adapters.ledger_file import FileLedger
from drills.integrity.history import sudden
from drills.integrity.memory import Memory, memory_of
from drills.integrity.remembering import Remembering
from drills.integrity.result import BackupCheck, Facts, State
from tests.drills.integrity.buckets import (
    INFO,
    LOG,
    METADATA,
    REAL,
    Files,
    check,
    codes,
    put,
)
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeStore
from tests.fakes.velero import PRODUCTION

CLOCK = FakeClock()


def remembering(path: Path, files: Files | None = None) -> Remembering:
    return Remembering(FileLedger(path), "s3://b", FakeStore(files), CLOCK)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger that remembers the real backup."""
    path = tmp_path / "state" / "ledger.jsonl"
    assert remembering(path).judge(check(dict(REAL))).state is State.GOOD
    return path


def test_an_unchanged_backup_stays_good_and_is_remembered_once(ledger: Path) -> None:
    assert codes(remembering(ledger).judge(check(dict(REAL)))) == set()
    assert len(ledger.read_bytes().splitlines()) == 1


@pytest.mark.parametrize("where", [LOG, INFO, METADATA])
def test_any_later_change_is_critical(ledger: Path, where: str) -> None:
    """Even one that leaves the file sound: the same JSON, written anew."""
    files = dict(REAL)
    if where == METADATA:
        put(files, METADATA, json.loads(files[METADATA]))
    else:
        import gzip  # noqa: PLC0415 - one branch of one test

        files[where] = gzip.compress(gzip.decompress(files[where]), mtime=1)
    found = remembering(ledger).judge(check(files))
    assert codes(found) == {"backup-changed"}
    assert found.state is State.DAMAGED


def test_a_file_that_vanished_or_appeared_is_told(ledger: Path) -> None:
    files = dict(REAL)
    del files[LOG]
    assert "backup-changed" in codes(remembering(ledger).judge(check(files)))
    files = dict(REAL)
    put(files, INFO.replace("-volumeinfo", "-csi-volumesnapshots"), None)
    assert codes(remembering(ledger).judge(check(files))) == {"backup-grew"}


def test_a_name_used_again_is_another_backup(ledger: Path) -> None:
    again = check(dict(REAL))
    assert again.started_at is not None
    again = replace(again, uid="new", started_at=again.started_at + timedelta(days=1))
    assert codes(remembering(ledger).judge(again)) == {"backup-replaced"}
    assert codes(remembering(ledger).judge(again)) == set()


def test_another_uid_alone_does_not_hide_a_change(ledger: Path) -> None:
    files = dict(REAL)
    found = json.loads(files[METADATA])
    found["metadata"]["uid"] = "forged"
    put(files, METADATA, found)
    assert "backup-changed" in codes(remembering(ledger).judge(check(files)))


def test_what_is_damaged_or_under_way_is_not_remembered(tmp_path: Path) -> None:
    files = dict(REAL)
    del files[INFO]
    remembering(tmp_path / "l").judge(check(files))
    assert not (tmp_path / "l").exists()
    assert memory_of(replace(check(dict(REAL)), terminal=False), "l", CLOCK.now()) is None


def test_a_backup_gone_before_its_time_is_told(ledger: Path) -> None:
    (finding,) = remembering(ledger).whole(frozenset())
    assert finding.code == "backup-vanished"
    assert list(remembering(ledger).whole(frozenset({PRODUCTION}))) == []


def test_other_locations_are_none_of_its_business(ledger: Path) -> None:
    other = Remembering(FileLedger(ledger), "s3://other", FakeStore(), CLOCK)
    assert list(other.whole(frozenset())) == []


@pytest.mark.parametrize(
    "harm",
    [
        lambda lines: [lines[0].replace(b"production", b"prodUction"), *lines[1:]],
        lambda lines: lines[1:],
        lambda lines: [b"{}\n", *lines],
        lambda lines: [b"not json\n", *lines],
    ],
)
def test_a_ledger_that_was_tampered_with_is_not_trusted(
    ledger: Path, harm: Callable[[list[bytes]], list[bytes]]
) -> None:
    other = replace(check(dict(REAL)), name="second")
    remembering(ledger).judge(other)
    ledger.write_bytes(b"".join(harm(ledger.read_bytes().splitlines(keepends=True))))
    (finding,) = remembering(ledger).trouble()
    assert finding.unanswered


def test_a_line_torn_by_a_crash_is_dropped(ledger: Path) -> None:
    with ledger.open("ab") as file:
        file.write(b'{"schema":1,"prev')
    assert list(remembering(ledger).trouble()) == []
    remembering(ledger).judge(replace(check(dict(REAL)), name="second"))
    assert list(remembering(ledger).trouble()) == []
    assert len(ledger.read_bytes().splitlines()) == 2


USUAL = Facts(
    objects=100,
    kinds={"configmaps": 60, "secrets": 40},
    namespaces={"shop": 90, "till": 10},
    unpacked=1_000_000,
    entropy=4.5,
    packing=8.0,
    seconds=60.0,
)


def judged(now: Facts, earlier: int = 5) -> set[str]:
    base = check(dict(REAL))
    start = base.started_at
    assert start is not None
    memories: list[Memory] = []
    for day in range(earlier):
        memory = memory_of(base, "l", CLOCK.now())
        assert memory is not None
        then = start - timedelta(days=earlier - day)
        memories.append(replace(memory, facts=USUAL, started_at=then, name=f"b{day}"))
    now_check: BackupCheck = replace(base, facts=now)
    return {finding.code for finding in sudden(now_check, memories)}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"unpacked": 400_000}, "size-fell"),
        ({"objects": 70}, "objects-fell"),
        ({"kinds": {"configmaps": 100}}, "kind-vanished"),
        ({"namespaces": {"shop": 100}}, "namespace-vanished"),
        ({"seconds": 200.0}, "duration-doubled"),
        ({"entropy": 5.6}, "entropy-jumped"),
        ({"packing": 2.0}, "entropy-jumped"),
    ],
)
def test_sudden_changes_are_told(change: dict[str, object], code: str) -> None:
    assert judged(replace(USUAL, **change)) == {code}  # type: ignore[arg-type]


def test_ordinary_days_are_quiet() -> None:
    slightly = replace(USUAL, objects=85, unpacked=700_000, seconds=110.0, entropy=4.8)
    assert judged(slightly) == set()
    assert judged(replace(USUAL, unpacked=1), earlier=2) == set()
