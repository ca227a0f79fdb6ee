"""Two counters of one volume: what kopia and restic count, modelled, over chains of backups."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.backups import BackedUpVolume
from drills.engines.velero.claims import VolumeWork, restored_volumes
from drills.engines.velero.counted import LINKS_ALONE, LINKS_EXPLAIN, all_read, compared
from drills.engines.velero.volumes import VolumeSources, volumes_of
from drills.objects import KubeObject
from drills.stages.volumes import volume_findings
from drills.stages.volumes import volumes_of as records_of
from tests.drills.engines.velero.orders import order_of
from tests.drills.engines.velero.test_volumes import claim, volume
from tests.fakes.engine import inventory

MIB = 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """One name in a volume."""

    kind: str
    """`file` (sparse ones too), `link` or `socket`."""
    size: int
    version: int
    inode: int
    """Files of one inode are hard links of each other."""


Volume = dict[str, Entry]
ENTRIES = st.builds(
    Entry,
    kind=st.sampled_from(["file", "file", "link", "link", "socket"]),
    size=st.integers(0, 300),
    version=st.integers(0, 2),
    inode=st.integers(1, 4),
)
VOLUMES = st.dictionaries(st.sampled_from([f"name-{n}" for n in range(8)]), ENTRIES, max_size=8)
CHAINS = st.lists(VOLUMES, min_size=1, max_size=5)


def unchanged(now: Volume, before: Volume) -> list[Entry]:
    same = [entry for name, entry in now.items() if before.get(name) == entry]
    return [entry for entry in same if entry.kind != "socket"]


def kopia_saved(now: Volume, before: Volume) -> tuple[int, int]:
    """Return what a backup counts, and what of it is called incremental."""
    cached = unchanged(now, before)
    read = [entry for name, entry in now.items() if entry != before.get(name)]
    cached_bytes = sum(entry.size for entry in cached)
    estimated = sum(entry.size for entry in now.values() if entry.kind == "file")
    hashed = sum(entry.size for entry in read if entry.kind == "file")
    return hashed + cached_bytes, estimated - cached_bytes


def kopia_restored(now: Volume) -> int:
    return sum(entry.size for entry in now.values() if entry.kind == "file")


def restic_counts(now: Volume) -> tuple[int, int]:
    files = [entry for entry in now.values() if entry.kind == "file"]
    by_inode = {entry.inode: entry.size for entry in files}
    names = [by_inode[entry.inode] for entry in files]
    return sum(names), sum(by_inode.values())


def saved(size: int, *, incremental: int | None = None, uploader: str = "kopia") -> BackedUpVolume:
    return BackedUpVolume(
        claim="data",
        namespace="production",
        volume="pv",
        method="PodVolumeBackup",
        bytes=size,
        has_data=True,
        uploader=uploader,
        all_read=all_read(size, incremental),
    )


def steps(chain: Sequence[Volume]) -> list[tuple[Volume, int, int]]:
    found = []
    before: Volume = {}
    for now in chain:
        size, incremental = kopia_saved(now, before)
        found.append((now, size, incremental))
        before = now
    return found


@given(CHAINS, st.booleans())
def test_no_sound_backup_of_a_chain_is_blamed(chain: list[Volume], says: bool) -> None:
    for now, size, incremental in steps(chain):
        backup = saved(size, incremental=incremental if says else None)
        found = compared(backup, kopia_restored(now), kopia_restored(now))
        assert found in {"restored", "fewer"}


@given(CHAINS)
def test_a_first_backup_says_that_nothing_was_unchanged(chain: list[Volume]) -> None:
    size, incremental = kopia_saved(chain[0], {})
    assert all_read(size, incremental) is bool(size)


@given(CHAINS, st.data())
def test_lost_bytes_never_count_as_restored(chain: list[Volume], data: st.DataObject) -> None:
    """A file of some bytes that the restore lost is told, or left open; after one backup, told."""
    for at, (now, size, incremental) in enumerate(steps(chain)):
        whole = kopia_restored(now)
        if not whole:
            continue
        back = data.draw(st.integers(0, whole - 1))
        found = compared(saved(size, incremental=incremental), back, back)
        assert found in ({"failed", "empty"} if at == 0 else {"failed", "empty", "fewer"})


@given(VOLUMES)
def test_hard_links_that_restic_counts_once_blame_nobody(now: Volume) -> None:
    size, back = restic_counts(now)
    assert compared(saved(size, uploader="restic"), back, back) in {"restored", "fewer"}


@pytest.mark.parametrize(
    ("size", "back", "total", "uploader", "outcome"),
    [
        (19, 6, 6, "kopia", "fewer"),
        (13, 0, 0, "kopia", "fewer"),
        (LINKS_ALONE, 0, 0, "kopia", "empty"),
        (13, 0, 0, "restic", "empty"),
        (10 * LINKS_EXPLAIN, 0, 0, "vendor", "fewer"),
        (7, 7, 7, "vendor", "restored"),
        (10 * LINKS_EXPLAIN, 9 * LINKS_EXPLAIN, 9 * LINKS_EXPLAIN, "kopia", "fewer"),
        (10 * LINKS_EXPLAIN, 8 * LINKS_EXPLAIN, 8 * LINKS_EXPLAIN, "kopia", "failed"),
        (10 * LINKS_EXPLAIN, 8 * LINKS_EXPLAIN, 10 * LINKS_EXPLAIN, "kopia", "fewer"),
        (10 * LINKS_EXPLAIN, 8 * LINKS_EXPLAIN, 8 * LINKS_EXPLAIN, "restic", "fewer"),
    ],
)
def test_what_counting_can_explain(
    size: int, back: int, total: int, uploader: str, outcome: str
) -> None:
    assert compared(saved(size, uploader=uploader), back, total) == outcome


@pytest.mark.parametrize(("done", "outcome"), [(819, "restored"), (6, "failed"), (0, "empty")])
def test_a_backup_that_read_everything_is_compared_exactly(done: int, outcome: str) -> None:
    """Velero 1.18 writes `incrementalSize`; here it equals `size`, as for every first backup."""
    details: KubeObject = {
        "snapshotHandle": "942374b0",
        "size": 819,
        "incrementalSize": 819,
        "uploaderType": "kopia",
        "Phase": "Completed",
    }
    row: KubeObject = {
        "pvcName": "data",
        "pvcNamespace": "production",
        "backupMethod": "CSISnapshot",
        "snapshotDataMoved": True,
        "snapshotDataMovementInfo": details,
    }
    (found,) = volumes_of(
        (claim(),), (volume("Delete"),), VolumeSources(info=(row,), pod_volume_backups=())
    )
    download: KubeObject = {
        "kind": "DataDownload",
        "spec": {"targetVolume": {"pvc": "data", "namespace": "backup-test"}},
        "status": {"phase": "Completed", "progress": {"totalBytes": done, "bytesDone": done}},
    }
    (back,) = restored_volumes(order_of(volumes=(found,)), VolumeWork(data_downloads=(download,)))
    assert back.outcome == outcome


def test_the_open_question_shows_both_counts_and_what_settles_it() -> None:
    backup = saved(19)
    back = restored_volumes(order_of(volumes=(backup,)), filled("Completed", 6))
    records = records_of(inventory(volumes=(backup,)), {"production": "backup-test"}, back)
    (finding,) = volume_findings(records)
    assert finding.unanswered
    assert "6 bytes of 19" in finding.message
    assert "links" in finding.remedy
    assert "opt-out" not in finding.remedy


def test_only_a_volume_without_data_is_told_to_be_backed_up() -> None:
    none = replace(saved(5), has_data=False)
    records = records_of(inventory(volumes=(none,)), {"production": "backup-test"}, ())
    lost = replace(records[0], outcome="failed")
    without, damaged = volume_findings((records[0], lost))
    assert "opt-out" in without.remedy
    assert "opt-out" not in damaged.remedy


def filled(phase: str, done: int) -> VolumeWork:
    """Return a restore that filled the claim by a pod."""
    pod: KubeObject = {"namespace": "backup-test", "name": "ledger-0"}
    mover: KubeObject = {
        "spec": {"pod": pod, "volume": "data"},
        "status": {"phase": phase, "progress": {"totalBytes": done, "bytesDone": done}},
    }
    info: KubeObject = {
        "pvcName": "data",
        "pvcNamespace": "backup-test",
        "pvrInfo": {"podName": "ledger-0", "volumeName": "data"},
    }
    return VolumeWork(pod_volume_restores=(mover,), info=(info,))
