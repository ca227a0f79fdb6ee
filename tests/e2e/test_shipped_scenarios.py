"""Every scenario that ships, drilled on the embedded cluster with a backup that suits it.

The verdict is the one that the file itself says, in its line `# Embedded verdict: ...`. The
scenarios of the lab are drilled there too, on a real API server and a real node.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.cli import main
from tests.e2e.conftest import Drilled
from tests.e2e.suited import Wanted, suited

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(
    [*(ROOT / "scenarios").glob("*.yaml"), *(ROOT / "deploy/scenarios").glob("*.yaml")]
)
SAID = re.compile(r"^# Embedded verdict: (\w+)", re.MULTILINE)
WANTED = {
    "by-labels": Wanted(labels={"tier": "gold", "example.com/pipeline": "release"}),
    "config-only": Wanted(schedule="production-hourly"),
    "lab-shop": Wanted(schedule="shop-daily", namespaces=("api", "db")),
    "oldest-backup": Wanted(schedule="production-monthly"),
    "other-cluster": Wanted(schedule="production-hourly"),
    "two-namespaces": Wanted(schedule="nightly", namespaces=("shop", "shop-db")),
}
OWN_SAMPLE = {"quickstart"}
"""Drilled on the sample that the embedded cluster brings along."""
HERE = (
    ("location: cross-region", "location: default"),  # the embedded cluster has no other
    # Last night's backup stands for the last hour's.
    ("maxAge: 2h", "maxAge: 26h"),
    ("rpo: 1h", "rpo: 26h"),
)


def adapted(path: Path, folder: Path) -> Path:
    """Return the scenario with what differs here."""
    text = path.read_text()
    for there, here in HERE:
        text = text.replace(there, here)
    copy = folder / path.name
    copy.write_text(text)
    return copy


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").as_posix()


@pytest.mark.parametrize("path", SHIPPED, ids=name_of)
def test_a_shipped_scenario_ends_as_it_says(
    path: Path, tmp_path: Path, drill: Callable[..., Drilled]
) -> None:
    said = SAID.search(path.read_text())
    assert said, f"{path.name} has no line `# Embedded verdict: ...`"
    store: tuple[object, ...] = ()
    if path.stem not in OWN_SAMPLE:
        wanted = WANTED.get(path.stem, Wanted())
        store = ("--store", suited(tmp_path, datetime.now(UTC), wanted))
    drilled = drill(adapted(path, tmp_path), "--embedded", *store)
    reasons = drilled.document["reasons"]
    assert drilled.verdict == said[1], reasons
    assert drilled.document["environment"] == "embedded"
    assert not [one for one in reasons if one["cause"] == "backup"], reasons
    kept = "cleanup: onSuccess" in path.read_text()
    assert drilled.document["cleanup"]["outcome"] == ("kept" if kept else "clean")
    missing = drilled.document["completeness"]
    assert missing is None or missing["missing"] == []


@pytest.mark.parametrize("stem", sorted(WANTED))
def test_the_backups_of_this_test_are_whole(
    stem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = suited(tmp_path, datetime.now(UTC), WANTED[stem])
    code = main(["verify", "--bucket", str(bucket), "--no-state"])
    said = capsys.readouterr().out
    assert code == 0, said
    assert "damaged" not in said
