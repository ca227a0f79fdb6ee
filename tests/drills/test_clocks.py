"""Instants that cannot be: the clock is named, no limit is kept, and no backup is blamed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from drills.backups import Backup
from drills.clocks import backup_clocks, recovery_points, server_clocks
from drills.engine import EngineStatus
from drills.findings import Cause
from drills.policy.judging import Promise, judge_backups
from drills.record import DrillRecord, Verdict
from scenarios.model import BackupQuery, ObjectivesSpec
from tests.fakes.clock import START
from tests.fakes.drilling import World, scenario
from tests.fakes.engine import SHOP, backup, inventory

HOUR = timedelta(hours=1)


def begun(name: str, ago: timedelta, **more: object) -> Backup:
    at = START - ago
    plain = replace(backup(name), recovery_point=at, started_at=at, completed_at=at + HOUR / 60)
    return replace(plain, **more)  # type: ignore[arg-type]


def drilled(*backups: Backup, rpo: timedelta | None = None, **query: object) -> DrillRecord:
    world = World()
    world.engine.backups = backups
    world.engine.inventory = replace(inventory(*SHOP), recovery_point=None)
    wanted = scenario(
        backup=replace(BackupQuery(engine="fake"), **query),  # type: ignore[arg-type]
        objectives=ObjectivesSpec(rpo=rpo),
    )
    return world.drill(wanted)


def test_a_backup_from_the_future_meets_no_rpo() -> None:
    """Its age is unknown, so an RPO is neither met nor missed; the clock is named."""
    record = drilled(begun("ahead", -3 * HOUR), rpo=24 * HOUR)
    assert record.verdict is Verdict.INCONCLUSIVE
    assert (record.objectives.rpo.achieved_seconds, record.objectives.rpo.met) == (None, None)
    assert {reason.cause for reason in record.reasons} == {Cause.ENVIRONMENT}
    assert "3h after now by this machine's clock" in record.reasons[0].message
    assert "time server" in next(
        f.remedy for f in record.findings if f.code == "backup-from-future"
    )


def test_without_a_target_it_is_a_warning() -> None:
    record = drilled(begun("ahead", -3 * HOUR))
    assert record.verdict is Verdict.WARNED


@pytest.mark.parametrize("seconds", [0, 20, 60])
def test_clocks_are_never_quite_alike(seconds: int) -> None:
    """A minute says nothing: the backup began just now."""
    record = drilled(begun("now", timedelta(seconds=-seconds)), rpo=HOUR, max_age=HOUR)
    assert record.verdict is Verdict.PASSED
    assert record.objectives.rpo.achieved_seconds == 0.0


def test_max_age_is_not_satisfied_by_the_future() -> None:
    """The next backup is drilled, and the newer one's clock is the environment's matter."""
    record = drilled(begun("ahead", -3 * HOUR), begun("sound", HOUR), max_age=26 * HOUR)
    assert record.backup is not None
    assert record.backup.name == "sound"
    (newer,) = [f for f in record.findings if f.code == "newer-backup-unusable"]
    assert newer.cause is Cause.ENVIRONMENT
    assert "in the future" in newer.message or "after now" in newer.message


def test_nothing_but_the_future_leaves_the_question_open() -> None:
    record = drilled(begun("ahead", -3 * HOUR), max_age=26 * HOUR)
    assert record.verdict is Verdict.INCONCLUSIVE
    assert {reason.cause for reason in record.reasons} <= {Cause.ENVIRONMENT, Cause.RUNNER}
    (none,) = [f for f in record.findings if f.code == "no-usable-backup"]
    assert "time server" in none.remedy


def test_an_end_before_the_start() -> None:
    """The engine's clock was set back; the drill goes on and warns."""
    record = drilled(begun("odd", HOUR, completed_at=START - 2 * HOUR))
    assert record.verdict is Verdict.WARNED
    assert [r.code for r in record.reasons] == ["backup-ends-before-it-began"]


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(hours=2), "2h ahead of this machine's"),
        (timedelta(minutes=-5), "5m behind this machine's"),
        (timedelta(seconds=59), ""),
        (timedelta(0), ""),
    ],
)
def test_a_server_whose_clock_is_off(ahead: timedelta, words: str) -> None:
    """What its clock says is compared with ours, and told from a minute on."""
    found = list(server_clocks({"the API server": ahead}))
    assert [words in f.message for f in found] == ([True] if words else [])


def test_the_drill_tells_of_the_servers_clock() -> None:
    world = World()
    world.engine.status = EngineStatus(clocks={"the Velero server": -HOUR})
    record = world.drill()
    assert [r.code for r in record.reasons] == ["clocks-disagree"]


def test_points_to_come_are_no_recovery_points() -> None:
    backups = [begun("a", HOUR), begun("b", -HOUR), begun("c", timedelta(seconds=-30))]
    assert recovery_points(backups, START) == (START - HOUR, START)
    assert not list(backup_clocks(begun("a", HOUR), START))


def test_policy_names_the_clock_and_not_a_loss() -> None:
    """Backups that are all in the future are no sign that everything is lost."""
    backups = [begun("ahead", -3 * HOUR, schedule="daily")]
    found = {f.code: f for f in judge_backups(backups, {"daily": "0 * * * *"}, Promise(), START)}
    assert found["backup-from-future"].cause is Cause.ENVIRONMENT
    assert found["no-recovery-point"].unanswered
    assert "schedule-without-backup" not in found
