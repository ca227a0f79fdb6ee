"""A repository that kopia itself kept for weeks: epochs advanced, packs rewritten and deleted.

Made by `tests/lab/corpus/aged_kopia.py`. The sample backup's records name its newest snapshot.
"""

from pathlib import Path

import pytest

from drills.adapters.folder_store import FolderStore
from drills.adapters.kopia import KopiaReader, kopia_at_hand
from drills.adapters.shell import LocalShell
from drills.integrity.contract import SnapshotReader
from drills.integrity.result import BackupCheck, State
from tests.drills.integrity.buckets import INFO, PVBS, REAL, VAULT, Files, check, documents, put
from tests.fakes.store import FakeStore

AGED = Path(__file__).parent / "kopia-aged"
NEWEST = "0d8c6eb838c28c83bc21a5c071d40a70"
SAMPLES = "942374b025d9ef35f4e06556f669e26c"
needs_kopia = pytest.mark.skipif(kopia_at_hand() is None, reason="kopia is not on PATH")


def lived() -> Files:
    """Return the sample with this repository in place of its own, and its snapshot recorded."""
    files = {name: body for name, body in REAL.items() if not name.startswith(VAULT)}
    files |= FakeStore.of(AGED).files
    for where in (INFO, PVBS):
        rows = documents(files, where)
        assert isinstance(rows, list)
        for row in rows:
            said = row["pvbInfo"] if where == INFO else row["status"]
            word = "snapshotHandle" if where == INFO else "snapshotID"
            assert said[word] == SAMPLES
            said[word] = NEWEST
        put(files, where, rows)
    return files


def opened(bucket: Path, files: Files) -> BackupCheck:
    """Return the check with kopia's own look."""
    for name, body in files.items():
        path = bucket / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    binary = kopia_at_hand()
    assert binary is not None
    reader: SnapshotReader = KopiaReader(LocalShell(), binary, FolderStore(bucket), None)
    return check(files, snapshots=reader)


def test_maintenance_has_left_its_traces() -> None:
    names = [path.name for path in (AGED / "kopia/production").iterdir()]
    for prefix in ("xe", "xs", "xw", "kopia.maintenance"):
        assert any(name.startswith(prefix) for name in names), prefix
    packs = {name.rpartition("-s")[2] for name in names if name[0] in "pq"}
    indexes = {name.rpartition("-s")[2].partition("-c")[0] for name in names if name[:2] == "xn"}
    assert indexes - packs, "indexes whose packs maintenance deleted"


def test_it_is_whole_by_its_structure() -> None:
    found = check(lived())
    assert found.state is State.GOOD, [f"{f.code}: {f.message}" for f in found.findings]
    assert {f.code for f in found.findings if f.severity != "info"} == set()


@needs_kopia
def test_it_is_whole_where_kopia_opened_it(tmp_path: Path) -> None:
    found = opened(tmp_path, lived())
    assert found.state is State.GOOD, [f"{f.code}: {f.message}" for f in found.findings]
    assert "snapshots-opened" in {f.code for f in found.findings}


@needs_kopia
def test_a_pack_that_a_snapshot_needs_is_missed_by_kopia(tmp_path: Path) -> None:
    """Structure cannot tell it from one that maintenance deleted."""
    files = lived()
    packs = sorted(name for name in files if name.startswith(f"{VAULT}p"))
    for name in packs[1:]:
        del files[name]
    assert check(files).state is State.GOOD
    assert opened(tmp_path, files).state is State.DAMAGED


@pytest.mark.parametrize("prefix", ["p", "q", "x", "kopia.repository"])
def test_what_nobody_can_do_without_is_missed_all_the_same(prefix: str) -> None:
    files = {name: body for name, body in lived().items() if not name.startswith(VAULT + prefix)}
    assert check(files).state is State.DAMAGED
