"""Backup objects and the reasons against picking them."""

import pytest

from drills.backups import Backup
from drills.engines.velero.candidates import backup_of
from drills.objects import KubeObject
from tests.fakes.clock import START
from tests.fakes.velero import location

SOUND: dict[str, object] = {
    "phase": "Completed",
    "startTimestamp": "2026-11-21T02:00:00Z",
    "completionTimestamp": "2026-11-21T05:00:00Z",
    "expiration": "2026-12-21T02:00:00Z",
}


def backup(
    status: dict[str, object] | None = None,
    *,
    spec: dict[str, object] | None = None,
    metadata: dict[str, object] | None = None,
    place: KubeObject | None = None,
) -> Backup:
    obj = {
        "metadata": {"name": "b", **(metadata or {})},
        "spec": {"storageLocation": "default", **(spec or {})},
        "status": {**SOUND, **(status or {})},
    }
    return backup_of(obj, {"default": place or location()}, START)


def test_a_sound_backup_is_usable_and_dates_from_its_start() -> None:
    found = backup()
    assert found.unusable is None
    assert found.recovery_point == found.started_at
    assert str(found.recovery_point) == "2026-11-21 02:00:00+00:00"
    assert not found.partially_failed


def test_a_partially_failed_backup_is_the_scenarios_to_decide() -> None:
    found = backup({"phase": "PartiallyFailed"})
    assert found.partially_failed
    assert found.unusable is None


@pytest.mark.parametrize(
    ("phase", "in_progress"),
    [
        ("", True),
        ("New", True),
        ("Queued", True),
        ("ReadyToStart", True),
        ("InProgress", True),
        ("WaitingForPluginOperations", True),
        ("WaitingForPluginOperationsPartiallyFailed", True),
        ("Finalizing", True),
        ("FinalizingPartiallyFailed", True),
        ("FailedValidation", False),
        ("Failed", False),
        ("Deleting", False),
        ("Sideways", False),
    ],
)
def test_every_other_phase_is_unusable(phase: str, *, in_progress: bool) -> None:
    found = backup({"phase": phase})
    assert found.unusable is not None
    assert (phase or "New") in found.unusable
    assert not found.unusable_is_environment
    assert found.in_progress is in_progress


def test_the_engines_own_reason_is_told() -> None:
    found = backup({"phase": "FailedValidation", "validationErrors": ["no such location"]})
    assert "no such location" in (found.unusable or "")


def test_an_expired_backup_is_unusable() -> None:
    assert "expired" in (backup({"expiration": "2026-11-21T08:59:59Z"}).unusable or "")


def test_a_backup_being_deleted_is_unusable() -> None:
    found = backup(metadata={"deletionTimestamp": "2026-11-21T08:00:00Z"})
    assert "deleted" in (found.unusable or "")


def test_a_backup_without_a_start_has_no_recovery_point() -> None:
    found = backup({"startTimestamp": None})
    assert found.recovery_point is None
    assert found.unusable is not None


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        ({}, location(phase="Unavailable", message="access denied")),
        ({}, location(phase=None)),
        ({"storageLocation": "elsewhere"}, location()),
        ({"storageLocation": None}, location()),
    ],
)
def test_trouble_with_the_location_is_not_blamed_on_the_backup(
    spec: dict[str, object], place: KubeObject
) -> None:
    found = backup(spec=spec, place=place)
    assert found.unusable is not None
    assert found.unusable_is_environment


def test_namespaces_with_a_star_mean_all() -> None:
    assert backup(spec={"includedNamespaces": ["*"]}).included_namespaces == ()
    assert backup(spec={"includedNamespaces": ["a"]}).included_namespaces == ("a",)


def test_a_start_that_is_yet_to_come_does_not_say_who_asked_for_the_backup() -> None:
    """A wrong clock would make a copied bucket look like this cluster's own, its schedule gone."""
    asked: dict[str, object] = {"creationTimestamp": "2026-11-20T10:00:00Z"}
    assert backup(metadata=asked).made_here
    assert not backup({"startTimestamp": "2027-06-01T00:00:00Z"}, metadata=asked).made_here
