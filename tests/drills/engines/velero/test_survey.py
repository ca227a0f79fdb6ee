"""What is looked at before anything is restored."""

import pytest

from drills import objects
from drills.engine import EngineStatus
from drills.engines import engine_factory
from drills.engines.velero.kinds import DEPLOYMENT, LOCATION, RESTORE, SCHEDULE, STATUS_REQUEST
from drills.engines.velero.requests import Target
from drills.errors import Forbidden, Misconfigured, NotServed
from drills.findings import Finding, Severity
from tests.fakes.velero import MARKS, FakeVelero, location


def survey(velero: FakeVelero) -> EngineStatus:
    return engine_factory("velero")(velero.ports(), namespace=None, options={}).survey()


def only(velero: FakeVelero) -> Finding:
    (finding,) = survey(velero).findings
    return finding


def put(velero: FakeVelero, kind: str, name: str, **parts: object) -> None:
    metadata = {"name": name, "namespace": "velero", "labels": parts.pop("labels", {})}
    velero.cluster.put({"apiVersion": "velero.io/v1", "kind": kind, "metadata": metadata, **parts})


def test_a_healthy_velero_tells_its_version_and_nothing_is_left() -> None:
    velero = FakeVelero()
    status = survey(velero)
    assert status.versions == {"velero": "v1.18.3", "veleroPlugins": "velero.io/aws"}
    assert status.findings == ()
    assert velero.cluster.list(STATUS_REQUEST) == ()
    assert [line for line, _ in velero.journal.lines] == ["intend", "made", "gone"]


def test_a_request_carries_our_marks() -> None:
    velero = FakeVelero()
    seen: list[object] = []
    velero.cluster.react("create", STATUS_REQUEST, lambda o: seen.append(o["metadata"]))
    survey(velero)
    (metadata,) = seen
    assert isinstance(metadata, dict)
    assert metadata["labels"] == MARKS


def test_a_silent_server_is_unanswered_after_ten_seconds() -> None:
    velero = FakeVelero()
    velero.silent = True
    finding = only(velero)
    assert finding.code == "server-silent"
    assert finding.unanswered
    assert 10 <= velero.clock.monotonic() < 12
    assert velero.cluster.list(STATUS_REQUEST) == ()


def deployed(velero: FakeVelero, *, replicas: int = 1, ready: int = 0) -> None:
    velero.cluster.put(
        {
            "apiVersion": DEPLOYMENT.api_version,
            "kind": DEPLOYMENT.kind,
            "metadata": {"name": "velero", "namespace": "velero"},
            "spec": {"replicas": replicas},
            "status": {"readyReplicas": ready} if ready else {},
        }
    )


@pytest.mark.parametrize(
    ("replicas", "ready", "seconds", "words"),
    [
        (0, 0, 2, "within 2 s; Deployment velero is scaled to 0. A restore would never start"),
        (1, 0, 10, "within 10 s; Deployment velero has 0 ready. A restore would never start"),
        (1, 1, 10, "though Deployment velero has 1 ready: it hangs, or is slow"),
    ],
)
def test_what_a_silence_means(replicas: int, ready: int, seconds: int, words: str) -> None:
    """A location validated lately says nothing of a server that was stopped since."""
    velero = FakeVelero()
    velero.silent = True
    deployed(velero, replicas=replicas, ready=ready)
    if not ready:
        velero.cluster.put(location(lastValidationTime="2026-11-21T08:59:30Z"))
    status = survey(velero)
    (finding,) = status.findings
    assert (finding.code, finding.unanswered) == ("server-silent", True)
    assert words in finding.message
    assert seconds <= velero.clock.monotonic() < seconds + 1
    assert status.restores is bool(ready)


def test_a_server_that_comes_up_late_is_not_called_away() -> None:
    """It was scaled up a moment ago: none is ready, and the answer comes after nine seconds."""
    velero = FakeVelero()
    velero.silent = True
    deployed(velero)

    def answer() -> None:
        (request,) = velero.cluster.list(STATUS_REQUEST)
        status = {"phase": "Processed", "serverVersion": "v1.18.3"}
        velero.cluster.change(STATUS_REQUEST, "velero", objects.name(request), {"status": status})

    velero.clock.at(9, answer)
    status = survey(velero)
    assert (status.findings, status.versions) == ((), {"velero": "v1.18.3"})


@pytest.mark.parametrize(
    ("replicas", "ready", "before", "words"),
    [
        (0, 0, 2, "no Velero server runs: Deployment velero is scaled to 0"),
        (1, 0, 10, "no Velero server runs: Deployment velero has 0 ready"),
        (1, 1, 20, "Velero handed out no download for BackupContents"),
    ],
)
def test_nobody_waits_for_downloads_that_nobody_hands_out(
    replicas: int, ready: int, before: int, words: str
) -> None:
    """Once the server is known to be away; one that is only silent still gets ten seconds."""
    velero = FakeVelero()
    velero.silent, velero.unanswered = True, set(Target)
    deployed(velero, replicas=replicas, ready=ready)
    engine = engine_factory("velero")(velero.ports(with_store=False), namespace=None, options={})
    engine.survey()
    (backup,) = engine.list_backups()
    inspection = engine.inspect(backup, {"production": "backup-test"})
    assert inspection.inventory is None
    assert before <= velero.clock.monotonic() < before + 2
    (finding,) = inspection.findings
    assert finding.unanswered
    assert words in finding.message


def test_a_server_that_validated_lately_is_alive_though_silent() -> None:
    velero = FakeVelero()
    velero.silent = True
    velero.cluster.put(location(lastValidationTime="2026-11-21T08:59:30Z"))
    finding = only(velero)
    assert finding.code == "server-version-unknown"
    assert not finding.unanswered


def test_a_right_that_is_missing_is_only_a_warning() -> None:
    velero = FakeVelero()
    velero.cluster.refuse("create", STATUS_REQUEST, Forbidden("may not"))
    finding = only(velero)
    assert (finding.code, finding.unanswered) == ("server-version-unknown", False)


def test_an_unavailable_location_is_the_environments() -> None:
    velero = FakeVelero()
    velero.cluster.put(location(phase="Unavailable", message="access denied"))
    finding = only(velero)
    assert finding.code == "location-unavailable"
    assert finding.unanswered
    assert "access denied" in finding.message


def test_one_of_two_locations_unavailable_is_a_warning() -> None:
    velero = FakeVelero()
    put(velero, LOCATION.kind, "other", status={"phase": "Unavailable"})
    assert not only(velero).unanswered


def test_no_location_at_all_is_unanswered() -> None:
    velero = FakeVelero()
    velero.cluster.drop(LOCATION, "velero", "default")
    assert only(velero).code == "no-storage-location"


@pytest.mark.parametrize(
    ("status", "code"),
    [({"lastSyncedTime": "2026-11-21T05:00:00Z"}, "location-sync-stale")],
)
def test_a_location_not_synced_lately_is_told(status: dict[str, object], code: str) -> None:
    velero = FakeVelero()
    velero.cluster.put(location(**status))
    assert only(velero).code == code


def test_a_read_only_location_is_told() -> None:
    velero = FakeVelero()
    velero.cluster.change(LOCATION, "velero", "default", {"spec": {"accessMode": "ReadOnly"}})
    assert only(velero).code == "location-read-only"


@pytest.mark.parametrize("phase", ["", "InProgress", "Finalizing", "Sideways"])
def test_somebody_elses_restore_under_way_is_told(phase: str) -> None:
    """A drill waits for it, so it is no reason for a warning."""
    velero = FakeVelero()
    put(velero, RESTORE.kind, "disaster", status={"phase": phase})
    finding = only(velero)
    assert finding.code == "restore-under-way"
    assert "disaster" in finding.subject
    assert finding.severity is Severity.INFO
    assert "waits for its end" in finding.remedy


def test_another_drills_restore_and_an_ended_one_weigh_nothing() -> None:
    velero = FakeVelero()
    put(velero, RESTORE.kind, "old", status={"phase": "Completed"})
    put(velero, RESTORE.kind, "drill-2", labels=MARKS, status={"phase": "InProgress"})
    assert only(velero).code == "drill-under-way"


@pytest.mark.parametrize("included", [None, ["*"], ["team-*"]])
def test_a_schedule_that_takes_every_namespace_is_told(included: object) -> None:
    velero = FakeVelero()
    put(velero, SCHEDULE.kind, "all", spec={"template": {"includedNamespaces": included}})
    put(velero, SCHEDULE.kind, "some", spec={"template": {"includedNamespaces": ["a"]}})
    finding = only(velero)
    assert finding.code == "schedule-takes-every-namespace"
    assert "some" not in finding.subject


@pytest.mark.parametrize("kind", [RESTORE, SCHEDULE])
def test_what_may_not_be_listed_is_told(kind: object) -> None:
    velero = FakeVelero()
    refused = next(k for k in (RESTORE, SCHEDULE) if k == kind)
    velero.cluster.refuse("list", refused, Forbidden("may not list"))
    assert only(velero).code == "not-looked-at"


def test_a_cluster_without_velero_is_a_wrong_scenario() -> None:
    velero = FakeVelero()
    velero.cluster.refuse("list", LOCATION, NotServed("no velero.io/v1"), times=2)
    engine = engine_factory("velero")(velero.ports(), namespace=None, options={})
    with pytest.raises(Misconfigured, match="no Velero"):
        engine.list_backups()
    with pytest.raises(Misconfigured, match="no Velero"):
        engine.survey()
