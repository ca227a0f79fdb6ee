"""Removing what a drill made in Velero's namespace, and nothing else."""

import pytest

from drills import objects
from drills.engine import Engine
from drills.engines import engine_factory
from drills.engines.velero.kinds import (
    CONFIG_MAP,
    DATA_DOWNLOAD,
    POD_VOLUME_RESTORE,
    RESTORE,
)
from drills.errors import Forbidden, Unreachable
from drills.objects import KubeObject
from drills.ports import Deadline, Kind
from tests.fakes.velero import FINALIZER, MARKS, FakeVelero


def engine_of(velero: FakeVelero) -> Engine:
    return engine_factory("velero")(velero.ports(), namespace=None, options={})


def put(velero: FakeVelero, kind: Kind, name: str, labels: object, **metadata: object) -> None:
    velero.cluster.put(
        {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": {"name": name, "namespace": "velero", "labels": labels, **metadata},
        }
    )


def names(velero: FakeVelero, kind: Kind) -> list[str]:
    return [objects.name(obj) for obj in velero.cluster.list(kind, "velero")]


def soon(velero: FakeVelero, seconds: float = 30) -> Deadline:
    return Deadline(clock=velero.clock, at=velero.clock.monotonic() + seconds)


def test_only_what_carries_both_marks_of_this_drill_goes() -> None:
    velero = FakeVelero()
    put(velero, CONFIG_MAP, "ours", MARKS)
    put(velero, CONFIG_MAP, "another-drills", {**MARKS, "restore-drill/drill-id": "d2"})
    put(velero, CONFIG_MAP, "half-marked", {"restore-drill/drill-id": "d1"})
    put(velero, CONFIG_MAP, "velero-config", {})
    put(velero, RESTORE, "disaster", {})
    assert engine_of(velero).remove("d1", soon(velero)) == ()
    assert names(velero, CONFIG_MAP) == ["another-drills", "half-marked", "velero-config"]
    assert names(velero, RESTORE) == ["disaster"]
    assert [line for line, _ in velero.journal.lines] == ["gone"]


def test_a_restore_is_waited_for_until_its_finalizer_lets_go() -> None:
    velero = FakeVelero()
    under_way(velero, "Completed")
    velero.clock.at(7, velero.release)
    assert engine_of(velero).remove("d1", soon(velero)) == ()
    assert 7 <= velero.clock.monotonic() < 9


def test_a_restore_that_hangs_is_returned_and_its_finalizer_kept() -> None:
    velero = FakeVelero()
    put(velero, RESTORE, "drill-d1", MARKS, finalizers=[FINALIZER])
    (left,) = engine_of(velero).remove("d1", soon(velero))
    assert left == "Restore velero/drill-d1 is still there"
    kept = velero.cluster.get(RESTORE, "velero", "drill-d1")
    assert objects.items(kept, "metadata", "finalizers") == [FINALIZER]
    assert velero.journal.lines == []


def test_one_that_hangs_does_not_make_the_others_look_left() -> None:
    """Seen on a real Velero: a running restore is deleted only when it has ended."""
    velero = FakeVelero()
    put(velero, RESTORE, "drill-d1", MARKS, finalizers=[FINALIZER])
    put(velero, CONFIG_MAP, "drill-d1", MARKS)
    (left,) = engine_of(velero).remove("d1", soon(velero))
    assert left == "Restore velero/drill-d1 is still there"
    assert [line for line, thing in velero.journal.lines if thing.kind == CONFIG_MAP] == ["gone"]


def test_a_namesake_made_meanwhile_is_not_ours_to_delete() -> None:
    """The uid is the precondition; the thing that was ours is gone."""
    velero = FakeVelero()
    under_way(velero, "Completed")

    def replaced() -> None:
        velero.cluster.drop(RESTORE, "velero", "drill-d1")
        put(velero, RESTORE, "drill-d1", {})

    velero.clock.at(2, replaced)
    assert engine_of(velero).remove("d1", soon(velero)) == ()
    assert names(velero, RESTORE) == ["drill-d1"]


def test_a_deletion_that_is_refused_shows_in_what_is_left() -> None:
    velero = FakeVelero()
    put(velero, CONFIG_MAP, "ours", MARKS)
    velero.cluster.refuse("delete", CONFIG_MAP, Forbidden("may not delete"))
    (left,) = engine_of(velero).remove("d1", soon(velero))
    assert left == "ConfigMap velero/ours is still there"


def test_a_stop_does_not_keep_us_from_cleaning_up() -> None:
    velero = FakeVelero()
    put(velero, CONFIG_MAP, "ours", MARKS)
    velero.stopped = True
    assert engine_of(velero).remove("d1", soon(velero)) == ()
    assert names(velero, CONFIG_MAP) == []


def test_when_nobody_can_tell_what_is_left_it_is_said() -> None:
    velero = FakeVelero()
    velero.cluster.refuse("list", RESTORE, Unreachable("no answer"))
    with pytest.raises(Unreachable):
        engine_of(velero).remove("d1", soon(velero))


def test_removing_twice_is_harmless() -> None:
    velero = FakeVelero()
    put(velero, CONFIG_MAP, "ours", MARKS)
    engine = engine_of(velero)
    assert engine.remove("d1", soon(velero)) == ()
    assert engine.remove("d1", soon(velero)) == ()


def under_way(velero: FakeVelero, state: str = "InProgress") -> KubeObject:
    """Return a Restore of ours that the server is working on."""
    put(velero, RESTORE, "drill-d1", MARKS, finalizers=[FINALIZER])
    (restore,) = velero.cluster.list(RESTORE, "velero")
    velero.move(restore, state)
    return restore


def doomed(velero: FakeVelero) -> bool:
    (restore,) = velero.cluster.list(RESTORE, "velero")
    return bool(objects.text(restore, "metadata", "deletionTimestamp"))


@pytest.mark.parametrize("state", ["InProgress", "WaitingForPluginOperations", "Finalizing", "?"])
def test_a_restore_under_way_is_left_to_end(state: str) -> None:
    """Deleted while it is being finalized, it would keep every other restore from ending."""
    velero = FakeVelero()
    restore = under_way(velero, state)
    velero.clock.at(4, lambda: velero.move(restore, "Completed"))
    assert engine_of(velero).quiesce("d1", soon(velero)) == ()
    assert 4 <= velero.clock.monotonic() < 6
    assert not doomed(velero)


def test_a_restore_that_goes_on_is_named_and_not_deleted() -> None:
    velero = FakeVelero()
    under_way(velero)
    (going_on,) = engine_of(velero).quiesce("d1", soon(velero))
    assert (going_on.kind, going_on.name) == (RESTORE, "drill-d1")
    assert velero.clock.monotonic() >= 30
    assert not doomed(velero)


def test_a_restore_that_never_began_is_deleted() -> None:
    velero = FakeVelero()
    put(velero, RESTORE, "drill-d1", MARKS)
    assert engine_of(velero).quiesce("d1", soon(velero)) == ()
    assert names(velero, RESTORE) == []


def test_a_restore_that_just_began_is_left_to_end() -> None:
    """Velero puts its finalizer on, then the phase: between the two it is at work already."""
    velero = FakeVelero()
    put(velero, RESTORE, "drill-d1", MARKS, finalizers=[FINALIZER])
    (restore,) = velero.cluster.list(RESTORE, "velero")
    velero.clock.at(4, lambda: velero.move(restore, "Completed"))
    assert engine_of(velero).quiesce("d1", soon(velero)) == ()
    assert not doomed(velero)


def test_a_restore_that_begins_while_we_ask_is_left_to_end() -> None:
    """The deletion names the version it means."""
    velero = FakeVelero()
    put(velero, RESTORE, "drill-d1", MARKS)
    real = velero.cluster.delete

    def begin_first(*args: object, **kwargs: object) -> None:
        (restore,) = velero.cluster.list(RESTORE, "velero")
        velero.move(restore, "InProgress")
        velero.clock.at(4, lambda: velero.move(restore, "Completed"))
        real(*args, **kwargs)  # type: ignore[arg-type]

    velero.cluster.delete = begin_first  # type: ignore[method-assign]
    assert engine_of(velero).quiesce("d1", soon(velero)) == ()
    assert not doomed(velero)


def test_a_restore_that_has_ended_is_left_for_remove() -> None:
    velero = FakeVelero()
    under_way(velero, "PartiallyFailed")
    assert engine_of(velero).quiesce("d1", soon(velero)) == ()
    assert not doomed(velero)


def test_a_restore_of_somebody_else_is_not_waited_for() -> None:
    velero = FakeVelero()
    put(velero, RESTORE, "disaster", {}, finalizers=[FINALIZER])
    assert engine_of(velero).quiesce("d1", soon(velero)) == ()
    assert velero.clock.monotonic() == 0
    assert not doomed(velero)


def test_removing_waits_for_a_restore_under_way_before_it_deletes_it() -> None:
    velero = FakeVelero()
    restore = under_way(velero)
    velero.clock.at(4, lambda: velero.move(restore, "Completed"))
    velero.clock.at(9, velero.release)
    assert engine_of(velero).remove("d1", soon(velero)) == ()
    assert 9 <= velero.clock.monotonic() < 11
    assert names(velero, RESTORE) == []


def test_removing_leaves_a_restore_that_goes_on_and_takes_the_rest() -> None:
    velero = FakeVelero()
    under_way(velero)
    put(velero, CONFIG_MAP, "ours", MARKS)
    (left,) = engine_of(velero).remove("d1", soon(velero))
    assert left == "Restore velero/drill-d1 is still there"
    assert not doomed(velero)
    assert names(velero, CONFIG_MAP) == []


@pytest.mark.parametrize("kind", [POD_VOLUME_RESTORE, DATA_DOWNLOAD])
def test_what_moves_data_for_a_restore_that_is_gone_is_waited_for(kind: Kind) -> None:
    """Seen on a real node: Velero cancels it only after five minutes, and its pod has the data."""
    velero = FakeVelero()
    put(velero, kind, "drill-d1-x", {"velero.io/restore-name": "drill-d1"})
    velero.clock.at(9, lambda: velero.cluster.drop(kind, "velero", "drill-d1-x"))
    assert engine_of(velero).remove("d1", soon(velero)) == ()
    assert 9 <= velero.clock.monotonic() < 11


def test_what_moves_data_and_does_not_go_is_named_and_not_touched() -> None:
    velero = FakeVelero()
    put(velero, POD_VOLUME_RESTORE, "drill-d1-x", {"velero.io/restore-name": "drill-d1"})
    put(velero, POD_VOLUME_RESTORE, "disaster-x", {"velero.io/restore-name": "disaster"})
    velero.clock.at(
        3,
        lambda: velero.cluster.change(
            POD_VOLUME_RESTORE, "velero", "drill-d1-x", {"status": {"phase": "Accepted"}}
        ),
    )
    (left,) = engine_of(velero).remove("d1", soon(velero))
    assert left.startswith("PodVolumeRestore velero/drill-d1-x (Accepted) waits for")
    assert sorted(names(velero, POD_VOLUME_RESTORE)) == ["disaster-x", "drill-d1-x"]
    assert velero.clock.monotonic() >= 30


def test_what_moved_data_stays_as_long_as_its_restore() -> None:
    """A Restore that is left keeps what belongs to it: only the Restore is named."""
    velero = FakeVelero()
    under_way(velero, "Completed")
    put(velero, POD_VOLUME_RESTORE, "drill-d1-x", {"velero.io/restore-name": "drill-d1"})
    assert engine_of(velero).remove("d1", soon(velero)) == (
        "Restore velero/drill-d1 is still there",
    )


def test_whether_data_is_moved_may_not_be_known() -> None:
    velero = FakeVelero()
    under_way(velero, "Completed")
    velero.clock.at(2, velero.release)
    velero.cluster.refuse("list", POD_VOLUME_RESTORE, Forbidden("may not list"))
    (left,) = engine_of(velero).remove("d1", soon(velero))
    assert left == "whether Velero still moves volume data for d1 is unknown: may not list"


def test_where_nothing_was_restored_nobody_asks_for_more_rights() -> None:
    """Reading a backup needs no right to list what moves data."""
    velero = FakeVelero()
    velero.cluster.refuse("list", POD_VOLUME_RESTORE, Forbidden("may not list"))
    assert engine_of(velero).remove("d1", soon(velero)) == ()


NOTE = {"velero.io/restore-uid": "uid-of-ours", "velero.io/resource-usage": "DataUpload"}


def notes_of(velero: FakeVelero, phase: str) -> None:
    """A Restore of the drill in `phase`, and what a server noted of data to move for two."""
    restore = {"name": "drill-d1", "namespace": "velero", "labels": MARKS, "uid": "uid-of-ours"}
    velero.cluster.put(
        {
            "apiVersion": RESTORE.api_version,
            "kind": RESTORE.kind,
            "metadata": restore,
            "status": {"phase": phase},
        }
    )
    put(velero, CONFIG_MAP, "du-1-x7k2p", NOTE)
    put(velero, CONFIG_MAP, "of-another-restore", {**NOTE, "velero.io/restore-uid": "other"})
    put(velero, CONFIG_MAP, "of-another-use", {"velero.io/restore-uid": "uid-of-ours"})


def test_what_a_stopped_server_noted_of_moved_data_goes_with_the_restore() -> None:
    """Velero deletes its notes when it has gone through the backup, and not after a restart."""
    velero = FakeVelero()
    notes_of(velero, "Failed")
    assert engine_of(velero).remove("d1", soon(velero)) == ()
    assert names(velero, CONFIG_MAP) == ["of-another-restore", "of-another-use"]


def test_notes_that_may_not_be_deleted_are_told_of() -> None:
    velero = FakeVelero()
    notes_of(velero, "PartiallyFailed")
    velero.cluster.refuse("delete", CONFIG_MAP, Forbidden("may not delete"))
    left = engine_of(velero).remove("d1", soon(velero))
    assert left == ("ConfigMap velero/du-1-x7k2p is still there",)
