"""Errors and warnings of a restore: whose trouble each one is."""

import gzip
import json
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drills.engines.velero.ending import phase_findings
from drills.engines.velero.meanings import MEANINGS, meaning_of
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
    ("message", "code"),
    [
        ("pod volume restore failed: data corrupted", "volume-data-damaged"),
        ('error decoding "resources/x.json": unexpected end of JSON input', "archive-unreadable"),
        ("VS velero-data-x doesn't have bound VSC", "snapshot-not-in-backup"),
        ("no DataUpload result cm found with labels velero.io/x=y", "data-upload-not-in-backup"),
        ("multiple DataUpload result cms found with labels a=b", "data-upload-not-in-backup"),
    ],
)
def test_what_fails_wherever_it_is_restored_blames_the_backup(message: str, code: str) -> None:
    (finding,) = error_findings((message,), "restore r")
    assert (finding.code, finding.cause) == (code, Cause.BACKUP)
    assert finding.severity is Severity.CRITICAL
    assert not finding.unanswered


@given(st.text(alphabet=string.ascii_lowercase + " ", min_size=1, max_size=40))
def test_an_unknown_error_is_an_open_question_in_full_and_blames_nobody(words: str) -> None:
    message = f"zq {words} qz"
    assume(meaning_of(message) is None)
    (finding,) = error_findings((message,), "restore r")
    assert (finding.code, finding.cause) == ("restore-error", Cause.ENVIRONMENT)
    assert finding.unanswered
    assert message in finding.message


@pytest.mark.parametrize("message", ["something new", "rpc error: code = Unknown desc = odd"])
def test_an_unknown_warning_is_a_note(message: str) -> None:
    (finding,) = warning_findings((message,), "restore r")
    assert finding.severity is Severity.INFO
    assert not finding.unanswered
    assert message in finding.message


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (
            'error executing PVAction for pvs/p: VolumeSnapshotLocation "a" not found',
            "snapshot-location-missing",
        ),
        (
            "error executing PVAction for persistentvolumes/pvc-1: rpc error: snapshot gone",
            "snapshot-not-restored",
        ),
        ("unable to locate VolumeSnapshotter plugin named example.com/x", "plugin-missing"),
        (
            "No CSI VolumeSnapshotClass found with name fast for driver d for backup b",
            "snapshot-class-missing",
        ),
        ('storageclasses.storage.k8s.io "gp2" not found', "storage-class-missing"),
        (
            'error getting updated resource client: no matches for kind "A" in version "b/v1beta1"',
            "kind-not-served",
        ),
        (
            "error restoring cronjobs.batch/x/y: the server could not find the requested resource",
            "kind-not-served",
        ),
        ("hook a in container b failed to execute, err: exit 1", "restore-hook-failed"),
        (
            "daemonset pod not found in running state in node n-1",
            "node-agent-down",
        ),
        ("error to connect backup repo: invalid repository password", "repository-password"),
        (
            'x: error restoring deployments.apps/x/y: Deployment.apps "y" is invalid: spec.a: no',
            "object-invalid-here",
        ),
    ],
)
def test_errors_and_warnings_are_judged_by_one_table(message: str, code: str) -> None:
    for judge in (error_findings, warning_findings):
        (finding,) = judge((message,), "restore r")
        assert (finding.code, finding.unanswered) == (code, True)
        assert finding.cause is not Cause.BACKUP
        assert message in finding.message


def test_every_row_says_where_its_words_come_from() -> None:
    assert all(row.source and row.remedy for row in MEANINGS)


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
    ],
)
def test_normal_warnings_weigh_nothing(warning: str) -> None:
    assert warning_findings((warning,), "restore r") == ()


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
            Cause.ENVIRONMENT,
            True,
        ),
        ({"phase": "Failed"}, "restore-failed", Cause.ENVIRONMENT, True),
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
            Cause.ENVIRONMENT,
            True,
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
        (
            {"phase": "FailedValidation", "validationErrors": ["what nobody has seen yet"]},
            "restore-refused",
            Cause.ENVIRONMENT,
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
