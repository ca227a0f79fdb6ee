"""What every engine promises, asked of each in the same words."""

import pytest

from drills import objects
from drills.backups import Backup
from drills.engine import EngineAudit, SandboxShape
from drills.errors import DeadlinePassed, Interrupted, Unreachable
from drills.findings import Cause, Severity
from drills.ports import Deadline
from tests.drills.engines.benches import BENCHES, NAMESPACES, Bench, order_for


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest) -> Bench:
    """Return a fresh bench for each engine."""
    return BENCHES[str(request.param)]()


def usable(bench: Bench) -> Backup:
    return next(b for b in bench.engine.list_backups() if b.unusable is None)


def within(bench: Bench, seconds: float) -> Deadline:
    return Deadline(clock=bench.clock, at=bench.clock.monotonic() + seconds)


def test_it_says_what_it_is(bench: Bench) -> None:
    assert bench.engine.name
    assert bench.engine.sandbox_shape in SandboxShape


def test_looking_around_leaves_nothing(bench: Bench) -> None:
    before = list(bench.made())
    status = bench.engine.survey()
    bench.engine.list_backups()
    assert status.versions
    assert bench.made() == before


def test_every_backup_is_listed_with_its_recovery_point(bench: Bench) -> None:
    found = bench.engine.list_backups()
    assert found
    assert {backup.engine for backup in found} == {bench.engine.name}
    for backup in found:
        assert backup.recovery_point is not None
        assert backup.recovery_point.utcoffset() is not None
        assert backup.unusable is None or backup.unusable.strip()


def test_a_sound_backup_has_an_inventory_and_nothing_wrong(bench: Bench) -> None:
    inspection = bench.engine.inspect(usable(bench), NAMESPACES)
    assert inspection.inventory is not None
    assert inspection.inventory.objects
    assert inspection.inventory.bytes > 0
    assert not [f for f in inspection.findings if f.severity is not Severity.INFO]


@pytest.mark.parametrize("spoil", ["damage", "lose"])
def test_damage_is_a_critical_finding_that_blames_the_backup(bench: Bench, spoil: str) -> None:
    backup = usable(bench)
    bench.damage() if spoil == "damage" else bench.lose()
    inspection = bench.engine.inspect(backup, NAMESPACES)
    critical = [f for f in inspection.findings if f.severity is Severity.CRITICAL]
    assert critical
    assert all(f.cause is Cause.BACKUP and not f.unanswered for f in critical)
    assert all(f.remedy and f.message for f in critical)


def test_what_cannot_be_read_is_unanswered_and_not_the_backups_fault(bench: Bench) -> None:
    backup = usable(bench)
    bench.shut(Unreachable("no answer"))
    inspection = bench.engine.inspect(backup, NAMESPACES)
    assert inspection.inventory is None
    assert [f.unanswered for f in inspection.findings] == [True]
    assert inspection.findings[0].cause is not Cause.BACKUP


def test_describing_touches_nothing(bench: Bench) -> None:
    order = order_for(bench)
    lines = list(bench.journal.lines)
    assert bench.engine.describe(order)
    assert bench.made() == []
    assert bench.journal.lines == lines


def test_a_preview_touches_nothing_and_stays_inside_the_sandbox(bench: Bench) -> None:
    """What would be created lies in the sandbox; an engine with a sandbox of its own has none."""
    order = order_for(bench)
    lines = list(bench.journal.lines)
    found = list(bench.engine.preview(order))
    assert bool(found) is (bench.engine.sandbox_shape is SandboxShape.NAMESPACES)
    assert {objects.namespace(obj) for obj in found} <= set(order.namespaces.values())
    assert all(objects.name(obj) and objects.text(obj, "kind") for obj in found)
    assert bench.made() == []
    assert bench.journal.lines == lines


def test_an_audit_creates_nothing(bench: Bench) -> None:
    assert isinstance(bench.engine.audit(), EngineAudit)
    assert bench.made() == []


def test_a_restore_is_journaled_before_it_is_made_and_accounted_for(bench: Bench) -> None:
    restored = bench.engine.restore(order_for(bench), within(bench, 600))
    assert restored.name in bench.made()
    assert restored.phase
    assert restored.requested_at.utcoffset() is not None
    assert restored.completed_at is not None
    assert restored.requested_at <= restored.completed_at
    lines = [line for line, thing in bench.journal.lines if thing.name == restored.name]
    assert lines[:2] == ["intend", "made"]


def test_our_own_deadline_holds(bench: Bench) -> None:
    bench.hang()
    with pytest.raises(DeadlinePassed):
        bench.engine.restore(order_for(bench), within(bench, 60))


def test_a_stop_is_heeded(bench: Bench) -> None:
    order = order_for(bench)
    bench.stop()
    with pytest.raises(Interrupted):
        bench.engine.restore(order, within(bench, 600))


@pytest.mark.parametrize("hanging", [False, True])
def test_removing_leaves_nothing_and_may_be_done_twice(bench: Bench, *, hanging: bool) -> None:
    if hanging:
        bench.hang()
        with pytest.raises(DeadlinePassed):
            bench.engine.restore(order_for(bench), within(bench, 60))
    else:
        bench.engine.restore(order_for(bench), within(bench, 600))
    left = bench.engine.remove("d1", within(bench, 60))
    if hanging and left:
        # An engine that cannot cancel keeps what it still works on, and says so.
        assert all(any(name in words for name in bench.made()) for words in left)
        return
    assert left == ()
    assert bench.engine.remove("d1", within(bench, 60)) == ()
    assert bench.made() == []
    assert bench.journal.lines[-1][0] == "gone"


def test_another_drills_things_are_left_alone(bench: Bench) -> None:
    bench.engine.restore(order_for(bench, "d2"), within(bench, 600))
    before = list(bench.made())
    assert bench.engine.remove("d1", within(bench, 60)) == ()
    assert bench.made() == before


def test_what_cannot_be_removed_is_returned(bench: Bench) -> None:
    restored = bench.engine.restore(order_for(bench), within(bench, 600))
    bench.clog()
    (left,) = bench.engine.remove("d1", within(bench, 60))
    assert left.endswith(f"{restored.name} is still there")
