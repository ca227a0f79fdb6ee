"""A drill that asks for what is not there blames the scenario, and only where that is sure."""

from dataclasses import replace

import pytest

from drills.backups import Backup
from drills.engine import EngineStatus, Inspection
from drills.engines.velero.namespace_patterns import matches
from drills.errors import Misconfigured
from drills.findings import Cause, Severity
from drills.record import DrillRecord, Verdict
from scenarios.model import BackupQuery, RestoreSpec
from tests.fakes.clock import START
from tests.fakes.drilling import World, namespace, scenario
from tests.fakes.engine import SHOP, SOURCE, backup, inventory
from tests.fakes.probing import SANDBOX

KNOWN = EngineStatus(schedules=("daily", "hourly"), locations=("default", "offsite"))


def made(**more: object) -> Backup:
    plain = replace(backup(), schedule="daily", location="default", included_namespaces=(SOURCE,))
    return replace(plain, **more)  # type: ignore[arg-type]


def asked(world: World, status: EngineStatus = KNOWN, **query: object) -> DrillRecord:
    world.engine.status = status
    plain = BackupQuery(engine="fake")
    return world.drill(scenario(backup=replace(plain, **query)))  # type: ignore[arg-type]


def told(record: DrillRecord) -> dict[str, tuple[Cause, bool]]:
    return {f.code: (f.cause, f.unanswered) for f in record.findings}


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ({"schedule": "dialy"}, "unknown-schedule", "Did you mean 'daily'?"),
        ({"schedule": "weekly"}, "unknown-schedule", "There are: daily, hourly."),
        ({"name": "daily-2"}, "unknown-backup", "daily-1"),
        ({"schedule": "daily", "location": "ofsite"}, "unknown-location", "'offsite'"),
    ],
)
def test_a_name_that_the_engine_does_not_know(
    query: dict[str, object], code: str, words: str
) -> None:
    """The drill is inconclusive, says what there is, and touches nothing."""
    world = World()
    world.engine.backups = (made(),)
    record = asked(world, **query)
    assert record.verdict is Verdict.INCONCLUSIVE
    assert told(record) == {code: (Cause.CONFIGURATION, True)}
    assert words in record.findings[0].message
    assert record.backup is None
    assert world.journal.lines == []


@pytest.mark.parametrize(
    ("backups", "status"),
    [
        ((), EngineStatus(schedules=(), locations=("default",))),
        ((), EngineStatus(schedules=("daily",), locations=("default",))),
        ((), EngineStatus()),
    ],
    ids=["nothing at all", "a schedule that never ran", "nothing could be listed"],
)
def test_no_backup_at_all_fails(backups: tuple[Backup, ...], status: EngineStatus) -> None:
    """Where the engine knows no other name, nothing is backed up: that is bad news."""
    world = World()
    world.engine.backups = backups
    assert asked(world, status, schedule="daily").verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("here", "status", "verdict"),
    [
        (True, KNOWN, Verdict.PASSED),
        (True, EngineStatus(schedules=("hourly",)), Verdict.WARNED),
        (False, EngineStatus(schedules=("hourly",)), Verdict.PASSED),
        (True, EngineStatus(schedules=None), Verdict.PASSED),
    ],
    ids=["there", "gone", "gone, but made elsewhere", "not listed"],
)
def test_a_schedule_that_is_gone(here: bool, status: EngineStatus, verdict: Verdict) -> None:
    """Its backups are drilled, and that no new one will come is told."""
    world = World()
    world.engine.backups = (made(made_here=here),)
    record = asked(world, status, schedule="daily")
    assert record.verdict is verdict
    gone = [f for f in record.findings if f.code == "schedule-gone"]
    assert bool(gone) is (verdict is Verdict.WARNED)


def lacking(world: World, wanted: str, *, here: bool = True, **more: object) -> DrillRecord:
    world.engine.backups = (made(made_here=here, included_namespaces=(), **more),)
    return world.drill(
        scenario(
            backup=BackupQuery(engine="fake", schedule="daily"),
            restore=replace(scenario().restore, namespaces={wanted: SANDBOX}),
        )
    )


def test_a_namespace_that_nobody_knows() -> None:
    """The source lacks it too, so the scenario is wrong; the backup holds others."""
    record = lacking(World(), "staging")
    assert record.verdict is Verdict.INCONCLUSIVE
    assert told(record)["unknown-namespace"] == (Cause.CONFIGURATION, True)


def test_a_namespace_that_the_source_has() -> None:
    """It lives and the backup lacks it: the backup fails."""
    record = lacking(World(namespace("staging")), "staging")
    assert record.verdict is Verdict.FAILED
    assert told(record)["namespace-not-in-backup"][0] is Cause.BACKUP


@pytest.mark.parametrize(
    ("wanted", "verdict"), [("prodution", Verdict.INCONCLUSIVE), ("staging", Verdict.FAILED)]
)
def test_a_namespace_of_another_cluster(wanted: str, verdict: Verdict) -> None:
    """Where the source cannot be asked, only a slip of the keyboard is excused."""
    assert lacking(World(), wanted, here=False).verdict is verdict


def test_an_order_that_lacks_the_namespace_fails() -> None:
    """The schedule does not take what the scenario wants."""
    world = World(namespace("staging"))
    world.engine.backups = (made(made_here=True),)
    record = world.drill(
        scenario(
            backup=BackupQuery(engine="fake", schedule="daily"),
            restore=replace(scenario().restore, namespaces={"staging": SANDBOX}),
        )
    )
    assert record.verdict is Verdict.FAILED
    assert told(record)["no-usable-backup"][0] is Cause.BACKUP


def test_plan_and_verify_refuse_the_scenario() -> None:
    """A rehearsal ends as a wrong scenario does, with what to correct."""
    world = World()
    world.engine.status, world.engine.backups = KNOWN, (made(),)
    with pytest.raises(Misconfigured, match="Did you mean 'daily'") as refused:
        world.rehearsal(scenario(backup=BackupQuery(engine="fake", schedule="dialy")))
    assert "backup.schedule" in refused.value.hint


def by_namespace(world: World, *names: str) -> DrillRecord:
    query = BackupQuery(engine="fake", namespaces=(SOURCE,))
    world.engine.backups = tuple(
        made(name=name, recovery_point=backup(hours=hours).recovery_point, included_namespaces=())
        for hours, name in enumerate(names, 1)
    )
    whole = Inspection(inventory=inventory(*SHOP))
    other = Inspection(
        inventory=replace(inventory(), namespaces=frozenset({"elsewhere"}), objects=())
    )
    world.engine.on_inspect = lambda b: whole if b.name.startswith("whole") else other
    return world.drill(scenario(backup=query))


def test_a_backup_of_something_else_is_passed_over() -> None:
    """Chosen by namespaces, the next one that holds them is drilled, and nobody is alarmed."""
    record = by_namespace(World(), "other-1", "other-2", "whole-1", "whole-2")
    assert record.verdict is Verdict.PASSED
    assert record.backup is not None
    assert record.backup.name == "whole-1"
    assert {f.severity for f in record.findings} == {Severity.INFO}
    reasons = {over.name: over.reason for over in record.passed_over}
    assert reasons["other-1"] == f"holds nothing of namespace {SOURCE}"
    assert reasons["whole-2"] == "is older than whole-1"


def test_no_backup_holds_the_namespace() -> None:
    """Where all of them are of something else, there is no backup of it."""
    record = by_namespace(World(), "other-1", "other-2")
    assert record.verdict is Verdict.FAILED
    assert set(told(record)) == {"no-usable-backup"}


def test_a_newer_backup_by_schedule_that_lacks_it_fails() -> None:
    """A schedule promises the namespace: its newest backup lacks it, and that is the answer."""
    world = World(namespace(SOURCE))
    world.engine.backups = (
        made(name="new", recovery_point=START, included_namespaces=(), made_here=True),
        made(name="old", included_namespaces=(), made_here=True),
    )
    world.engine.on_inspect = lambda b: Inspection(
        inventory=replace(
            inventory(*SHOP), namespaces=frozenset({"x" if b.name == "new" else SOURCE})
        )
    )
    record = asked(world, schedule="daily")
    assert record.verdict is Verdict.FAILED
    assert record.backup is not None
    assert record.backup.name == "new"


def test_the_mapping_alone_chooses_nothing() -> None:
    """Every namespace that is restored must be there, beside those that choose."""
    restore = RestoreSpec(namespaces={SOURCE: SANDBOX, "billing": "billing-test"})
    world = World(namespace("billing"))
    world.engine.backups = (made(made_here=True),)
    query = BackupQuery(engine="fake", namespaces=(SOURCE,))
    assert world.drill(scenario(backup=query, restore=restore)).verdict is Verdict.FAILED


def test_a_pattern_that_the_order_trusted_in() -> None:
    """The order means the namespace by a pattern, and the archive lacks it: the words say so."""
    world = World(namespace("staging"))
    world.engine.backups = (made(made_here=True, included_namespaces=("stag*",), means=matches),)
    record = world.drill(
        scenario(
            backup=BackupQuery(engine="fake", schedule="daily"),
            restore=replace(scenario().restore, namespaces={"staging": SANDBOX}),
        )
    )
    assert record.verdict is Verdict.FAILED
    (found,) = [f for f in record.findings if f.code == "namespace-not-in-backup"]
    assert "stag*" in found.remedy
