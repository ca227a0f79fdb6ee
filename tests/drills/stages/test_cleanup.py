"""Removing the sandbox: only what is ours, proven gone, and everything else said."""

from collections.abc import Callable, Mapping

import pytest

from drills import objects
from drills.errors import Conflicted, DrillError, Forbidden, Unreachable
from drills.objects import KubeObject
from drills.ports import Deadline
from drills.sandbox import NAMESPACE
from drills.stages.cleanup import (
    CLAIM,
    VOLUME,
    CleanupTools,
    Removal,
    remove_sandbox,
)
from tests.fakes.cluster import FakeCluster
from tests.fakes.drilling import DRILL, EARLIER, namespace
from tests.fakes.engine import manifest
from tests.fakes.listeners import MemoryJournal, MemoryListener

TARGET = "backup-test"
LATER, SAME, EARLY = "2026-11-21T09:00:30Z", "2026-11-21T09:00:10Z", "2026-11-20T00:00:00Z"


class Bench:
    """A cluster with a sandbox in it, and the tools to remove it."""

    def __init__(self, *present: KubeObject) -> None:
        self.cluster = FakeCluster(None, namespace(TARGET, DRILL), *present)
        self.journal, self.listener = MemoryJournal(), MemoryListener()
        self.stopped = False

    @property
    def uid(self) -> str:
        """Return the uid of the sandbox namespace."""
        return objects.uid(self.cluster.get(NAMESPACE, "", TARGET))

    def remove(
        self, uid: str = "", *, seconds: float = 60, meanwhile: Callable[[], None] = lambda: None
    ) -> Removal:
        """Remove the sandbox."""
        clock = self.cluster.clock
        tools = CleanupTools(
            cluster=self.cluster,
            journal=self.journal,
            listener=self.listener,
            deadline=Deadline(
                clock=clock, at=clock.monotonic() + seconds, cut=lambda: self.stopped
            ),
        )
        return remove_sandbox(tools, DRILL, {TARGET: uid or self.uid}, meanwhile=meanwhile)

    def hold(self, message: str = "") -> None:
        """Let a finalizer hold the namespace."""
        told = [{"type": "X", "status": "True", "message": message}]
        held = {"metadata": {"finalizers": ["kubernetes"]}, "status": {"conditions": told}}
        self.cluster.change(NAMESPACE, "", TARGET, held)

    @property
    def deleted(self) -> list[str]:
        """Return what was deleted, in order."""
        return [name for verb, _, _, name in self.cluster.calls if verb == "delete"]


def claim(made: str = SAME, uid: str = "claim-uid") -> KubeObject:
    meta = {"namespace": TARGET, "uid": uid, "creationTimestamp": made}
    return manifest("v1", "PersistentVolumeClaim", "data", metadata=meta)


def volume(
    name: str = "pvc-claim-uid", made: str = LATER, uid: str = "claim-uid", policy: str = "Retain"
) -> KubeObject:
    return manifest(
        "v1",
        "PersistentVolume",
        name,
        metadata={"creationTimestamp": made, "uid": f"uid-of-{name}"},
        spec={"claimRef": {"uid": uid}, "persistentVolumeReclaimPolicy": policy},
        status={"phase": "Released"},
    )


def policy_of(bench: Bench, name: str) -> str:
    found = bench.cluster.get(VOLUME, "", name)
    return objects.text(found, "spec", "persistentVolumeReclaimPolicy")


def reclaim(bench: Bench) -> None:
    """Play the volume controller: volumes to be deleted go with the namespace."""

    def go(_: KubeObject) -> None:
        for found in bench.cluster.list(VOLUME):
            if policy_of(bench, objects.name(found)) == "Delete":
                bench.cluster.drop(VOLUME, "", objects.name(found))

    bench.cluster.react("delete", NAMESPACE, go)


def test_the_sandbox_goes_and_is_proven_gone() -> None:
    bench = Bench()
    uid = bench.uid
    assert bench.remove() == Removal(removed=1, leftovers=())
    assert [(word, thing.name, thing.uid) for word, thing in bench.journal.lines] == [
        ("gone", TARGET, uid)
    ]
    assert [status for _, _, status, _ in bench.listener.actions] == ["accepted", "gone"]


def test_another_namespace_of_that_name_is_not_deleted() -> None:
    """The uid is the precondition: ours is gone, somebody made this one anew."""
    bench = Bench()
    assert bench.remove("uid-of-ours") == Removal(removed=0, leftovers=())
    assert bench.deleted == []
    assert bench.cluster.get(NAMESPACE, "", TARGET) is not None


@pytest.mark.parametrize("labels", [{}, {"restore-drill/drill-id": EARLIER}])
def test_marks_that_were_removed_or_changed_protect(labels: dict[str, str]) -> None:
    bench = Bench()
    changed = {"restore-drill/drill-id": None, **labels}
    bench.cluster.change(NAMESPACE, "", TARGET, {"metadata": {"labels": changed}})
    found = bench.remove()
    assert found.leftovers == (
        "namespace backup-test no longer carries this drill's marks; left alone",
    )
    assert bench.deleted == []


def test_volumes_of_a_namespace_that_is_not_ours_are_not_touched() -> None:
    bench = Bench(claim(), volume())
    bench.cluster.change(
        NAMESPACE, "", TARGET, {"metadata": {"labels": {"restore-drill/drill-id": None}}}
    )
    bench.remove()
    assert policy_of(bench, "pvc-claim-uid") == "Retain"


def test_a_volume_provisioned_for_the_sandbox_goes_with_it() -> None:
    """Velero re-applies the source's Retain policy: it is set back before the namespace goes."""
    bench = Bench(claim(), volume())
    reclaim(bench)
    assert bench.remove() == Removal(removed=2, leftovers=())
    assert [verb for verb, *_ in bench.cluster.calls] == ["patch", "delete"]


MOVED = "velero.io/dynamic-pv-restore"
PROVISIONED = "pv.kubernetes.io/provisioned-by"


def moved_claim(told: str = f"{TARGET}.data.x7k2p") -> KubeObject:
    """A claim whose data Velero's data mover brings, with the selector that Velero gives it."""
    return {**claim(), "spec": {"selector": {"matchLabels": {MOVED: told}}}}


def moved_volume(
    labels: Mapping[str, str] | None = None, made: str = LATER, policy: str = "Retain"
) -> KubeObject:
    """Provisioned for a claim in Velero's namespace, filled there, then bound to ours."""
    found = volume("pvc-uid-of-the-movers-claim", made=made, policy=policy)
    meta = {"annotations": {PROVISIONED: "csi.example.com"}, "labels": dict(labels or {})}
    return {**found, "metadata": {**objects.mapping(found, "metadata"), **meta}}


@pytest.mark.parametrize("policy", ["Retain", "Delete"])
@pytest.mark.parametrize("labels", [{}, {MOVED: f"{TARGET}.data.x7k2p"}, {"disk": "fast"}])
def test_a_volume_that_a_data_mover_filled_goes_with_the_sandbox(
    labels: dict[str, str], policy: str
) -> None:
    """Its name has the uid of the mover's claim, and Velero may have taken its label off again."""
    bench = Bench(moved_claim(), moved_volume(labels, policy=policy))
    reclaim(bench)
    assert bench.remove() == Removal(removed=2, leftovers=())


def test_a_moved_volume_is_known_where_velero_cut_the_name_of_its_claim() -> None:
    """Label values have 63 characters: 57 of the name, and 6 of its digest."""
    name = "data-" + "of-a-database-with-a-very-long-name-" * 2
    told = f"{TARGET}.{name}.x7k2p"[:57] + "0a1b2c"
    long = {**moved_claim(told), "metadata": {**objects.mapping(claim(), "metadata"), "name": name}}
    bench = Bench(long, moved_volume())
    reclaim(bench)
    assert bench.remove() == Removal(removed=2, leftovers=())


SPARED_OF_MOVED = {
    "production's own, restored as it is": moved_volume({"velero.io/restore-name": "drill-1"}),
    "older than the claim": moved_volume(made=EARLY),
    "made by hand": {**moved_volume(), "metadata": {"name": "disk", "creationTimestamp": LATER}},
}


@pytest.mark.parametrize("spared", SPARED_OF_MOVED.values(), ids=SPARED_OF_MOVED)
def test_a_moved_claim_gives_no_right_to_other_volumes(spared: KubeObject) -> None:
    bench = Bench(moved_claim(), spared)
    bench.remove()
    assert policy_of(bench, objects.name(spared)) == "Retain"


def test_a_selector_from_production_says_nothing_of_the_sandbox() -> None:
    """Production's claim was once restored by data movement: its selector is in the backup."""
    bench = Bench(moved_claim("production.data.x7k2p"), moved_volume())
    bench.remove()
    assert policy_of(bench, objects.name(moved_volume())) == "Retain"


SPARED = {
    "older than the claim": volume(made=EARLY),
    "bound to another claim": volume(uid="production-claim"),
    "made by hand, as young": volume("nfs-archive", made=LATER),
    "restored as it is, in the same second": volume("pvc-0f3a-production", made=SAME),
    "without a claim": volume(uid=""),
}


@pytest.mark.parametrize("spared", SPARED.values(), ids=SPARED)
def test_volumes_that_were_not_made_for_us_keep_their_policy(spared: KubeObject) -> None:
    """They may lead to production's storage: deleting them would delete its data."""
    bench = Bench(claim(), spared)
    bench.remove()
    assert policy_of(bench, objects.name(spared)) == "Retain"
    assert bench.deleted == [TARGET]


def test_a_volume_that_stays_is_said() -> None:
    bench = Bench(claim(), volume())
    found = bench.remove(seconds=5)
    assert found == Removal(
        removed=1,
        leftovers=(
            "persistentvolume pvc-claim-uid is still there (Released) with restored data on it",
        ),
    )


def test_a_volume_whose_policy_cannot_be_changed_is_said() -> None:
    bench = Bench(claim(), volume())
    bench.cluster.refuse("patch", VOLUME, Forbidden("may not patch volumes"))
    found = bench.remove(seconds=5)
    assert "keeps its Retain policy: may not patch volumes" in found.leftovers[0]
    assert bench.deleted == [TARGET]


def test_what_holds_the_namespace_is_named() -> None:
    """In the namespace controller's own words."""
    bench = Bench()
    bench.hold("Some resources are remaining: pods. has 1")
    found = bench.remove()
    assert found.leftovers == (
        "namespace backup-test is still going away: Some resources are remaining: pods. has 1",
    )
    assert found.removed == 0
    assert bench.journal.lines == []


def test_a_namespace_that_goes_in_time_is_gone() -> None:
    bench = Bench()
    bench.hold()
    bench.cluster.clock.at(30, lambda: bench.cluster.drop(NAMESPACE, "", TARGET))
    assert bench.remove(seconds=60) == Removal(removed=1, leftovers=())
    assert 30 <= bench.cluster.clock.monotonic() < 35


def test_the_deadline_ends_the_wait() -> None:
    bench = Bench()
    bench.hold()
    assert bench.remove(seconds=40).leftovers
    assert 40 <= bench.cluster.clock.monotonic() < 45


def test_a_second_wish_to_stop_ends_the_wait() -> None:
    """The deletion is asked for all the same; what is left is said."""
    bench = Bench()
    bench.hold()
    bench.stopped = True
    found = bench.remove(seconds=600)
    assert bench.deleted == [TARGET]
    assert len(found.leftovers) == 1
    assert bench.cluster.clock.monotonic() < 5


def test_the_engines_things_go_meanwhile() -> None:
    """After the deletion was asked for, before it is waited for."""
    bench = Bench()
    bench.hold()
    order: list[str] = []
    bench.cluster.react("delete", NAMESPACE, lambda _: order.append("delete"))

    def meanwhile() -> None:
        order.append("engine")
        bench.cluster.drop(NAMESPACE, "", TARGET)

    assert bench.remove(meanwhile=meanwhile).leftovers == ()
    assert order == ["delete", "engine"]


REFUSED: dict[str, tuple[str, DrillError, str]] = {
    "deleting is forbidden": ("delete", Forbidden("may not"), "could not be deleted: may not"),
    "nobody answers": ("get", Unreachable("no answer"), "may still be there: no answer"),
    "the wait breaks": ("watch", Unreachable("no answer"), "may still be there: no answer"),
}


@pytest.mark.parametrize(("verb", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_known_is_left(verb: str, error: DrillError, words: str) -> None:
    bench = Bench()
    bench.hold()
    uid = bench.uid
    bench.cluster.refuse(verb, NAMESPACE, error)
    found = bench.remove(uid)
    assert found.leftovers == (f"namespace backup-test {words}",)
    assert bench.journal.lines == []


def test_a_conflict_in_deleting_is_looked_into() -> None:
    """The answer may have been for another: only the look afterwards says that ours is gone."""
    bench = Bench()
    bench.cluster.refuse("delete", NAMESPACE, Conflicted("another uid"))
    found = bench.remove(seconds=5)
    assert "is still going away" in found.leftovers[0]


def test_volumes_that_cannot_be_listed_do_not_keep_the_namespace() -> None:
    bench = Bench()
    bench.cluster.refuse("list", CLAIM, Forbidden("may not list claims"))
    found = bench.remove()
    assert found == Removal(
        removed=1, leftovers=("volumes of the sandbox may stay behind: may not list claims",)
    )
