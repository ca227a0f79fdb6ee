"""Errors and warnings of a restore: whose trouble each one is."""

import gzip
import json

import pytest

from drills.engines.velero.ending import phase_findings
from drills.engines.velero.results import error_findings, messages, warning_findings
from drills.findings import Cause, Severity
from tests.fakes.velero import SAMPLE

REAL = json.loads(
    gzip.decompress((SAMPLE / "restores/drill-shop/restore-drill-shop-results.gz").read_bytes())
)


def test_a_real_results_file_is_read() -> None:
    (error,) = messages(REAL, "errors")
    (warning,) = messages(REAL, "warnings")
    assert error.startswith("backup-test: error restoring services/backup-test/shop-nodeport")
    assert "kube-root-ca.crt" in warning


@pytest.mark.parametrize("document", [None, {}, {"errors": None}, {"errors": {"velero": None}}, []])
def test_an_empty_results_file_says_nothing(document: object) -> None:
    assert messages(document, "errors") == ()


@pytest.mark.parametrize(
    ("message", "code", "cause"),
    [
        (messages(REAL, "errors")[0], "node-port-taken", Cause.ENVIRONMENT),
        (
            'pods "x" is forbidden: exceeded quota: drill, requested: pods=1',
            "quota-exceeded",
            Cause.CAPACITY,
        ),
        ('admission webhook "v.example.org" denied the request', "webhook-denied", None),
        ('no matches for kind "Widget" in version "example.org/v1"', "kind-not-served", None),
        ("PVC data not bound in 10m", "claim-not-bound", Cause.CAPACITY),
        ("dial tcp 10.0.0.1:443: connect: connection refused", "cluster-trouble", None),
        ('deployments.apps "velero" not found', "velero-misinstalled", None),
        ("timed out waiting for all PodVolumeRestores to complete", "cluster-trouble", None),
    ],
)
def test_trouble_outside_is_not_blamed_on_the_backup(
    message: str, code: str, cause: Cause | None
) -> None:
    (finding,) = error_findings((message,), "restore r")
    assert (finding.code, finding.cause) == (code, cause or Cause.ENVIRONMENT)
    assert finding.unanswered


@pytest.mark.parametrize(
    "message",
    ["pod volume restore failed: data corrupted", "error decoding x.json", "something new"],
)
def test_only_what_nobody_can_explain_blames_the_backup(message: str) -> None:
    (finding,) = error_findings((message,), "restore r")
    assert (finding.code, finding.cause) == ("restore-error", Cause.BACKUP)
    assert finding.severity is Severity.CRITICAL
    assert not finding.unanswered


def test_many_errors_of_one_sort_are_one_finding() -> None:
    (finding,) = error_findings((f"odd thing {n}" for n in range(500)), "restore r")
    assert "500 error(s)" in finding.message
    assert "497 more" in finding.message


@pytest.mark.parametrize(
    "warning",
    [
        messages(REAL, "warnings")[0],
        'could not restore, ConfigMap "kube-root-ca.crt" already exists.',
        "could not restore, Endpoints:shop already exists",
        'could not restore, RoleBinding "system:image-pullers" already exists.',
        "something else worth a warning",
    ],
)
def test_normal_warnings_weigh_nothing(warning: str) -> None:
    assert list(warning_findings((warning,), "restore r")) == []


def test_an_object_that_stood_in_the_way_is_a_warning() -> None:
    (finding,) = warning_findings(("could not restore, Secret:db already exists",), "restore r")
    assert (finding.code, finding.severity) == ("already-exists", Severity.WARNING)


def test_an_empty_restore_is_critical_though_velero_only_warns() -> None:
    (finding,) = warning_findings(("zero items to be restored",), "restore r")
    assert finding.severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("status", "code", "cause", "unanswered"),
    [
        ({"phase": "Completed"}, None, None, None),
        ({"phase": "PartiallyFailed"}, "restore-errors-unknown", Cause.ENVIRONMENT, True),
        (
            {
                "phase": "Failed",
                "failureReason": 'found a restore with status "InProgress" during the server '
                'starting, mark it as "Failed"',
            },
            "server-restarted",
            Cause.ENVIRONMENT,
            True,
        ),
        (
            {"phase": "Failed", "failureReason": "error unzipping: gzip: invalid checksum"},
            "restore-failed",
            Cause.BACKUP,
            False,
        ),
        (
            {"phase": "Failed", "failureReason": "NoSuchKey: the key does not exist"},
            "restore-failed",
            Cause.BACKUP,
            False,
        ),
        (
            {"phase": "Failed", "failureReason": "RequestError: dial tcp: i/o timeout"},
            "restore-failed",
            Cause.ENVIRONMENT,
            True,
        ),
        (
            {"phase": "Failed", "failureReason": "RequestError: send request failed: EOF"},
            "restore-failed",
            Cause.ENVIRONMENT,
            True,
        ),
        (
            {"phase": "Failed", "failureReason": "error reading archive: unexpected EOF"},
            "restore-failed",
            Cause.BACKUP,
            False,
        ),
        ({"phase": "Failed"}, "restore-failed", Cause.BACKUP, False),
        (
            {
                "phase": "FailedValidation",
                "validationErrors": ["The BSL default is unavailable, cannot"],
            },
            "restore-refused",
            Cause.ENVIRONMENT,
            True,
        ),
        (
            {
                "phase": "FailedValidation",
                "validationErrors": ['Error retrieving backup: backups.velero.io "x" not found'],
            },
            "restore-refused",
            Cause.BACKUP,
            False,
        ),
        (
            {
                "phase": "FailedValidation",
                "validationErrors": [
                    'Error retrieving backup: backupstoragelocations.velero.io "x" not found'
                ],
            },
            "restore-refused",
            Cause.ENVIRONMENT,
            True,
        ),
        (
            {"phase": "FailedValidation", "validationErrors": ["invalid resource modifier"]},
            "restore-refused",
            Cause.CONFIGURATION,
            True,
        ),
    ],
)
def test_each_end_of_a_restore_is_judged(
    status: dict[str, object],
    code: str | None,
    cause: Cause | None,
    unanswered: bool | None,
) -> None:
    found = list(phase_findings({"metadata": {"name": "r"}, "status": status}, 0))
    rows = [(f.code, f.cause, f.unanswered) for f in found]
    assert rows == ([] if code is None else [(code, cause, unanswered)])
