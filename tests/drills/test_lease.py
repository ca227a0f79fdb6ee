"""One drill for one sandbox: who holds it, for how long, and how it is given back."""

import threading
from collections.abc import Callable, Iterator

import pytest

from drills import lease as leases
from drills import objects
from drills.errors import Forbidden, Interrupted, SandboxTaken, Unreachable
from drills.lease import DURATION, SandboxLease, lease_name, timestamp
from drills.marks import marks
from drills.objects import KubeObject
from drills.sandbox import LEASE
from tests.fakes.cluster import FakeCluster
from tests.fakes.engine import manifest
from tests.fakes.listeners import MemoryJournal

HOME, SANDBOX = "velero", "backup-test"
Make = Callable[..., SandboxLease]


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def make(cluster: FakeCluster) -> Iterator[Make]:
    """Return a maker of Leases whose renewal ends with the test."""
    made: list[SandboxLease] = []

    def new(holder: str = "mine", journal: MemoryJournal | None = None) -> SandboxLease:
        made.append(
            SandboxLease(
                cluster=cluster,
                clock=cluster.clock,
                journal=journal or MemoryJournal(),
                namespace=HOME,
                sandbox=SANDBOX,
                holder=holder,
                labels=marks(holder, "weekly"),
            )
        )
        return made[-1]

    yield new
    for each in made:
        each.release()


def held(
    cluster: FakeCluster, holder: str = "other", *, marked: bool = True, age: float = 0.0
) -> KubeObject:
    """Put the Lease of another holder, renewed `age` seconds ago by its own clock."""
    cluster.clock.advance(age)
    renewed = timestamp(cluster.clock.now())
    cluster.clock.advance(age)
    return cluster.put(
        manifest(
            LEASE.api_version,
            LEASE.kind,
            lease_name(SANDBOX),
            metadata={"namespace": HOME, "labels": marks(holder, "w") if marked else {}},
            spec={"holderIdentity": holder, "leaseDurationSeconds": 30, "renewTime": renewed},
        )
    )


def holder(cluster: FakeCluster) -> str:
    return objects.text(cluster.get(LEASE, HOME, lease_name(SANDBOX)), "spec", "holderIdentity")


def renewing(cluster: FakeCluster, every: float, times: int) -> None:
    """Let the other holder renew on the fake clock."""

    def renew() -> None:
        now = timestamp(cluster.clock.now())
        cluster.change(LEASE, HOME, lease_name(SANDBOX), {"spec": {"renewTime": now}})

    for turn in range(1, times + 1):
        cluster.clock.at(every * turn, renew)


def test_it_is_in_the_journal_before_it_is_made(cluster: FakeCluster, make: Make) -> None:
    journal = MemoryJournal()
    make(journal=journal).acquire(patience=0)
    assert [word for word, _ in journal.lines] == ["intend", "made"]
    assert journal.lines[1][1].uid
    assert holder(cluster) == "mine"


def test_released_it_is_gone(cluster: FakeCluster, make: Make) -> None:
    journal = MemoryJournal()
    mine = make(journal=journal)
    mine.acquire(patience=0)
    mine.release()
    assert cluster.list(LEASE) == ()
    assert journal.lines[-1][0] == "gone"


def test_the_second_drill_is_refused_while_the_first_renews(
    cluster: FakeCluster, make: Make
) -> None:
    make("first").acquire(patience=0)
    with pytest.raises(SandboxTaken, match="held by first"):
        make("second").acquire(patience=0)
    assert holder(cluster) == "first"


def test_the_second_drill_waits_for_the_first(cluster: FakeCluster, make: Make) -> None:
    first, second = make("first"), make("second")
    first.acquire(patience=0)
    renewing(cluster, 8, 20)
    cluster.clock.at(40, first.release)
    second.acquire(patience=100)
    assert holder(cluster) == "second"
    assert 40 <= cluster.clock.monotonic() < 45


def test_patience_ends(cluster: FakeCluster, make: Make) -> None:
    make("first").acquire(patience=0)
    renewing(cluster, 8, 50)
    with pytest.raises(SandboxTaken):
        make("second").acquire(patience=60)
    assert 60 <= cluster.clock.monotonic() < 65


def test_a_holder_that_stopped_renewing_loses_the_sandbox(cluster: FakeCluster, make: Make) -> None:
    """Only after its renewTime stood still for its whole duration on our clock."""
    held(cluster)
    make().acquire(patience=100)
    assert holder(cluster) == "mine"
    assert DURATION < cluster.clock.monotonic() < DURATION + 3


def test_a_drill_killed_elsewhere_does_not_lock_the_sandbox_for_good(
    cluster: FakeCluster, make: Make
) -> None:
    """Its renewTime is a week old: even without patience it is watched until that is sure."""
    held(cluster, age=7 * 86400)
    before = cluster.clock.monotonic()
    make().acquire(patience=0)
    assert holder(cluster) == "mine"
    assert cluster.clock.monotonic() - before > DURATION


def test_a_holder_whose_clock_is_wrong_keeps_the_sandbox(cluster: FakeCluster, make: Make) -> None:
    """Its renewTime looks old, but moves: it lives."""
    held(cluster, age=3600)

    def behind(turn: int) -> Callable[[], None]:
        spec = {"renewTime": f"2026-11-21T09:00:{turn:02d}.000000Z"}
        return lambda: cluster.change(LEASE, HOME, lease_name(SANDBOX), {"spec": spec})

    for turn in range(1, 20):
        cluster.clock.at(8.0 * turn, behind(turn))
    with pytest.raises(SandboxTaken):
        make().acquire(patience=0)
    assert holder(cluster) == "other"


def test_a_holder_known_to_be_dead_loses_at_once(cluster: FakeCluster, make: Make) -> None:
    held(cluster)
    make().acquire(patience=0, dead=lambda name: name == "other")
    assert holder(cluster) == "mine"
    assert cluster.clock.monotonic() == 0.0


@pytest.mark.parametrize("age", [0.0, 86400.0])
def test_a_lease_that_is_not_ours_is_never_touched(
    cluster: FakeCluster, make: Make, age: float
) -> None:
    """However old it is, and whatever is said of its holder."""
    foreign = held(cluster, marked=False, age=age)
    with pytest.raises(SandboxTaken):
        make().acquire(patience=100, dead=lambda _: True)
    assert cluster.get(LEASE, HOME, lease_name(SANDBOX)) == foreign
    assert cluster.calls == []


def test_a_lease_that_cannot_be_evicted_is_not_fought_over(
    cluster: FakeCluster, make: Make
) -> None:
    """A finalizer holds it: the wait ends, without hammering the API server."""
    held(cluster)
    finalizer = {"metadata": {"finalizers": ["example.com/hold"]}}
    cluster.change(LEASE, HOME, lease_name(SANDBOX), finalizer)
    with pytest.raises(SandboxTaken):
        make().acquire(patience=5, dead=lambda _: True)
    assert [verb for verb, *_ in cluster.calls] == ["delete"]


def test_a_wish_to_stop_ends_the_wait(cluster: FakeCluster, make: Make) -> None:
    held(cluster)
    cluster.clock.interrupted = True
    with pytest.raises(Interrupted):
        make().acquire(patience=100)


def test_released_without_having_been_held_it_touches_nothing(
    cluster: FakeCluster, make: Make
) -> None:
    held(cluster)
    mine = make()
    with pytest.raises(SandboxTaken):
        mine.acquire(patience=0)
    mine.release()
    assert (holder(cluster), cluster.calls) == ("other", [])


def test_a_lease_whose_creation_was_never_confirmed_is_removed(
    cluster: FakeCluster, make: Make
) -> None:
    """The API server made it, and was gone before it could say so."""
    mine = make()
    cluster.refuse("create", LEASE, Unreachable("no answer"))
    with pytest.raises(Unreachable):
        mine.acquire(patience=0)
    held(cluster, "mine")
    mine.release()
    assert cluster.list(LEASE) == ()


def test_a_successors_lease_is_left_alone(cluster: FakeCluster, make: Make) -> None:
    mine = make()
    mine.acquire(patience=0)
    cluster.drop(LEASE, HOME, lease_name(SANDBOX))
    held(cluster, "successor")
    mine.release()
    assert holder(cluster) == "successor"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the renewal come round at once."""
    monkeypatch.setattr(leases, "RENEW_EVERY", 0.001)


@pytest.mark.usefixtures("quick")
def test_it_is_renewed_while_held(cluster: FakeCluster, make: Make) -> None:
    renewed = threading.Event()
    cluster.react("patch", LEASE, lambda _: renewed.set())
    make().acquire(patience=0)
    assert renewed.wait(10)


@pytest.mark.usefixtures("quick")
def test_an_api_server_that_is_away_for_a_while_is_borne(cluster: FakeCluster, make: Make) -> None:
    renewed = threading.Event()
    cluster.refuse("patch", LEASE, Unreachable("no answer"), times=3)
    cluster.react("patch", LEASE, lambda _: renewed.set())
    mine = make()
    mine.acquire(patience=0)
    assert renewed.wait(10)
    assert not mine.lost.is_set()


@pytest.mark.usefixtures("quick")
def test_a_lease_taken_over_is_lost(cluster: FakeCluster, make: Make) -> None:
    """Another drill judged us dead: ours has another uid, and we notice."""
    mine = make()
    mine.acquire(patience=0)
    cluster.drop(LEASE, HOME, lease_name(SANDBOX))
    held(cluster, "successor")
    assert mine.lost.wait(10)
    mine.release()
    assert holder(cluster) == "successor"


@pytest.mark.usefixtures("quick")
def test_a_right_taken_away_counts_as_lost(cluster: FakeCluster, make: Make) -> None:
    cluster.refuse("patch", LEASE, Forbidden("may not patch leases"))
    mine = make()
    mine.acquire(patience=0)
    assert mine.lost.wait(10)


@pytest.mark.usefixtures("quick")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_whatever_ends_the_renewal_counts_as_lost(cluster: FakeCluster, make: Make) -> None:
    """Even a bug: a Lease that nobody renews is not ours for long."""

    def broken(_: KubeObject) -> None:
        raise ZeroDivisionError

    cluster.react("patch", LEASE, broken)
    mine = make()
    mine.acquire(patience=0)
    assert mine.lost.wait(10)


@pytest.mark.usefixtures("quick")
def test_released_it_is_renewed_no_more(make: Make) -> None:
    """The renewal ends with the Lease, and that is no loss."""
    mine = make()
    mine.acquire(patience=0)
    mine.release()
    assert not any(thread.name == "lease" for thread in threading.enumerate())
    assert not mine.lost.is_set()
