"""Which backup is drilled, and why each other one is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.backups import Backup
from drills.findings import Severity
from drills.stages.select import Selection, choose
from scenarios.model import BackupQuery, Pick, PickMode

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def backup(name: str, hours: float, **more: object) -> Backup:
    plain = Backup(
        name=name,
        engine="velero",
        phase="Completed",
        recovery_point=NOW - timedelta(hours=hours),
        schedule="daily",
        location="default",
        included_namespaces=("production",),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def select(backups: list[Backup], **query: object) -> Selection:
    asked = BackupQuery(engine="velero", schedule="daily")
    return choose(
        replace(asked, **query),  # type: ignore[arg-type]
        backups,
        namespaces=["production"],
        now=NOW,
        fresh_seed=7,
    )


def test_latest_by_recovery_point() -> None:
    """The newest recovery point wins, whatever the order or the names."""
    found = select([backup("a", 30), backup("b", 6), backup("c", 54)])
    assert found.backup is not None
    assert found.backup.name == "b"
    assert {over.name: over.reason for over in found.passed_over} == {
        "a": "is older than b",
        "c": "is older than b",
    }


@pytest.mark.parametrize(
    ("more", "query", "words"),
    [
        ({"unusable": "is FailedValidation"}, {}, "FailedValidation"),
        ({"unusable": "is being deleted"}, {}, "deleted"),
        ({"unusable": "expired on 2026-11-01"}, {}, "expired"),
        ({"partially_failed": True, "phase": "PartiallyFailed"}, {}, "PartiallyFailed"),
        ({"location": "other"}, {"location": "default"}, "in location other"),
        ({"included_namespaces": ("staging",)}, {}, "does not contain namespace production"),
        ({"excluded_namespaces": ("production",)}, {}, "does not contain namespace production"),
        ({"recovery_point": None}, {}, "no start time"),
        ({}, {"max_age": timedelta(hours=1)}, "too old"),
        ({}, {"namespaces": ("database",)}, "does not contain namespace database"),
    ],
)
def test_reasons(more: dict[str, object], query: dict[str, object], words: str) -> None:
    """Each reason against a candidate is named, and alone it leaves nothing to drill."""
    found = select([backup("a", 6, **more)], **query)
    assert found.backup is None
    assert words in found.passed_over[0].reason
    assert [f.code for f in found.findings] == ["no-usable-backup"]
    assert found.findings[0].severity is Severity.CRITICAL


def test_partially_failed_accepted() -> None:
    """A scenario may accept a partially failed backup."""
    spoiled = backup("a", 6, partially_failed=True, phase="PartiallyFailed")
    assert select([spoiled], accept_partially_failed=True).backup == spoiled


def test_location_trouble_is_not_the_backups() -> None:
    """When only the location keeps backups from being used, the answer is inconclusive."""
    away = backup("a", 6, unusable="location is Unavailable", unusable_is_environment=True)
    found = select([away])
    assert found.findings[0].unanswered
    assert found.findings[0].severity is Severity.WARNING


def test_newer_failed_backup_warns() -> None:
    """Drilling an older backup because the newest is bad is said loudly."""
    bad = backup("new", 1, unusable="is Failed")
    running = backup("now", 0, unusable="is InProgress", in_progress=True)
    found = select([backup("old", 25), bad, running])
    assert found.backup is not None
    assert found.backup.name == "old"
    assert [f.subject for f in found.findings] == ["backup new"]


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("the backup failed (phase Failed)", "drilled: the backup failed (phase Failed)."),
        ("its storage location eu does not exist", "drilled: its storage location eu does not"),
        ("is Failed", "drilled: it is Failed."),
    ],
)
def test_why_a_backup_cannot_be_drilled_reads_as_a_sentence(why: str, said: str) -> None:
    newer = select([backup("old", 25), backup("new", 1, unusable=why)])
    assert said in newer.findings[0].message
    none = select([backup("new", 1, unusable=why)])
    assert said.removeprefix("drilled: ") in none.findings[0].message


def test_other_schedules_are_no_candidates() -> None:
    """What was not asked for is not listed as passed over."""
    found = select([backup("a", 6), backup("b", 1, schedule="weekly")])
    assert found.backup is not None
    assert found.passed_over == ()


def test_oldest() -> None:
    """The oldest usable one can be asked for."""
    found = select([backup("a", 6), backup("b", 90)], pick=Pick(mode=PickMode.OLDEST))
    assert found.backup is not None
    assert found.backup.name == "b"


@given(seed=st.integers(min_value=0, max_value=2**31))
def test_random_pick_repeats(seed: int) -> None:
    """A recorded seed picks the same backup again, always within the window."""
    backups = [backup(f"b{hour}", hour) for hour in range(1, 100, 5)]
    pick = Pick(mode=PickMode.RANDOM, window=timedelta(hours=48), seed=seed)
    first, again = select(backups, pick=pick), select(backups[::-1], pick=pick)
    assert first.backup == again.backup
    assert first.seed == seed
    assert first.backup is not None
    assert first.backup.recovery_point is not None
    assert NOW - first.backup.recovery_point <= timedelta(hours=48)
