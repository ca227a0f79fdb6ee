"""A restore's files are asked for while Velero still restores, and again where that did not do."""

import pytest

from drills import objects
from drills.engines.velero.early import GOOD_SECONDS, EarlyFiles
from drills.engines.velero.kinds import DOWNLOAD_REQUEST
from drills.engines.velero.requests import Target
from drills.engines.velero.restoring import run_restore
from drills.engines.velero.site import Site
from drills.errors import DeadlinePassed, Forbidden
from drills.objects import KubeObject
from drills.ports import Deadline
from tests.drills.engines.velero.test_restoring import Drill
from tests.fakes.velero import MARKS, FakeVelero

TARGETS = (Target.RESTORE_RESULTS, Target.RESTORE_RESOURCE_LIST, Target.RESTORE_VOLUME_INFO)
NAME = "drill-shop"
"""A restore whose files are in the sample."""


class Asked:
    """A Velero, the files of a restore to be, and how often they were asked for."""

    def __init__(self) -> None:
        self.velero = FakeVelero()
        self.targets: list[str] = []
        self.velero.cluster.react("create", DOWNLOAD_REQUEST, self._count)
        self.early = EarlyFiles(
            Site(ports=self.velero.ports(), namespace="velero"), TARGETS, dict(MARKS)
        )

    def _count(self, request: KubeObject) -> None:
        self.targets.append(objects.text(request, "spec", "target", "kind"))
        if len(self.targets) == len(TARGETS):
            self.velero.unanswered.clear()

    @property
    def times(self) -> float:
        """Return how often each file was asked for."""
        return len(self.targets) / len(TARGETS)

    def read(self) -> bytes:
        """Return the beginning of the results; all requests must be gone by then."""
        with self.early.files(NAME).open(Target.RESTORE_RESULTS) as body:
            assert self.velero.cluster.list(DOWNLOAD_REQUEST) == ()
            return body.read(2)


def test_what_was_asked_early_is_not_asked_again() -> None:
    asked = Asked()
    with asked.early as early:
        early.begin(NAME)
        early.begin(NAME)
        assert asked.read()
        assert asked.read()
    assert asked.times == 1


def test_without_an_early_moment_it_is_asked_for_in_the_end() -> None:
    asked = Asked()
    with asked.early:
        assert asked.read()
    assert asked.times == 1


def test_addresses_that_grew_old_are_asked_for_again() -> None:
    asked = Asked()
    with asked.early as early:
        early.begin(NAME)
        assert asked.read()
        asked.velero.clock.advance(GOOD_SECONDS)
        assert asked.read()
    assert asked.times == 2


def test_what_was_not_handed_out_is_asked_for_again() -> None:
    asked = Asked()
    asked.velero.unanswered = {"RestoreResults"}
    with asked.early as early:
        early.begin(NAME)
        assert asked.read()
    assert asked.times == 2


def test_a_refusal_is_not_final() -> None:
    asked = Asked()
    asked.velero.cluster.refuse("create", DOWNLOAD_REQUEST, Forbidden("not yet"))
    with asked.early as early:
        early.begin(NAME)
        assert asked.read()
    assert asked.velero.cluster.list(DOWNLOAD_REQUEST) == ()


def test_the_restore_tells_when_velero_has_begun() -> None:
    """Not earlier: until Velero knows the Restore, it would drop requests for its files."""
    drill, heard = Drill(), list[str]()
    velero, order = drill.velero, drill.order()

    def begin(restore: KubeObject) -> None:
        velero.clock.at(20, lambda: velero.move(restore, "InProgress"))
        velero.clock.at(25, lambda: velero.complete(restore))

    velero.on_restore = begin
    deadline = Deadline(clock=velero.clock, at=velero.clock.monotonic() + 600)
    site = Site(ports=velero.ports(), namespace="velero")
    run_restore(site, order, deadline, lambda name: heard.append(f"{name} {velero.clock.now():%S}"))
    assert heard[0] == "drill-d1 20"


def test_a_restore_that_hangs_leaves_no_request() -> None:
    drill = Drill()
    order = drill.order()
    drill.velero.on_restore = lambda restore: drill.velero.move(restore, "InProgress")
    drill.velero.unanswered = {str(target) for target in TARGETS}
    with pytest.raises(DeadlinePassed):
        drill.restore(order, within=120)
    assert drill.velero.cluster.list(DOWNLOAD_REQUEST) == ()
