"""What the terminal phase of a Restore itself says, apart from its results. Pure."""

import re
from collections.abc import Iterable, Iterator

from drills import objects
from drills.engines.velero.remarks import damage, unasked
from drills.engines.velero.waiting import phase
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject

DAMAGED = re.compile(
    r"gzip|flate|unzipping|checksum|invalid header|corrupt|\btar\b|NoSuchKey|key does not exist",
    re.IGNORECASE,
)
"""Words that only a broken archive calls forth; a bare EOF can also be the network's."""
OUTSIDE = re.compile(
    r"during the server starting|connection refused|timeout|timed out|AccessDenied|Forbidden|"
    r"RequestError|no such host|x509|SignatureDoesNotMatch|ExpiredToken|InvalidAccessKey|"
    r"Unavailable|server is currently unable",
    re.IGNORECASE,
)
CUT = re.compile(
    r"connection (refused|reset)|i/o timeout|TLS handshake|no such host|client connection lost|"
    r"unexpected EOF|etcdserver|service unavailable|server is currently unable",
    re.IGNORECASE,
)
"""Words of a connection that failed, whatever was asked for over it."""
OURS = re.compile(
    r"non-restorable resources|included/excluded|labelSelector|resource modifier|"
    r"ExistingResourcePolicy|must be specified as a source|invalid (hook|label selector)",
    re.IGNORECASE,
)
"""Words of a refusal that is about what the Restore itself asks for."""
LOCATION = re.compile(r"location|\bBSL\b", re.IGNORECASE)
BACKUP_GONE = re.compile(
    r"\bbackups?(\.velero\.io)? .*not found|no (completed )?backups",
    re.IGNORECASE,
)


def phase_findings(restore: KubeObject, readable_errors: int) -> Iterator[Finding]:
    """Yield what the phase means; `readable_errors` is how many messages could be read."""
    state, subject = phase(restore), f"restore {objects.name(restore)}"
    if state == "FailedValidation":
        yield _refused(restore, subject)
    elif state == "Failed":
        yield _failed(objects.text(restore, "status", "failureReason"), subject)
    elif state == "PartiallyFailed" and not readable_errors:
        yield unasked(
            "restore-errors-unknown",
            subject,
            "The phase says PartiallyFailed, yet no error could be read.",
            "Look into the restore's log with the Velero command line.",
        )


def broken_off(restore: KubeObject, errors: Iterable[str]) -> Cause | None:
    """Return whose trouble kept Velero from going through the backup, None where it did.

    An API server that is away for half a minute ends a restore PartiallyFailed, with a single
    error that names no object: `failed to get server groups: ... TLS handshake timeout` (seen
    with v1.18). What is not there then has not been tried.
    """
    if phase(restore) == "PartiallyFailed":
        return Cause.ENVIRONMENT if any(map(CUT.search, errors)) else None
    if phase(restore) not in {"Failed", "FailedValidation"}:
        return None
    said = tuple(phase_findings(restore, 0))
    return said[0].cause if said and all(f.unanswered for f in said) else None


def _refused(restore: KubeObject, subject: str) -> Finding:
    """Return what a refusal means; the words are those of v1.18 `restore_controller.go`.

    The backup was there and read when the drill chose it, so one that is not found any more is
    gone meanwhile; only what names the Restore's own fields is the scenario's trouble.
    """
    said = "; ".join(str(e) for e in objects.items(restore, "status", "validationErrors"))
    message = f"Velero refused the restore: {said or 'it does not say why'}."
    if OURS.search(said):
        return Finding(
            code="restore-refused",
            severity=Severity.WARNING,
            cause=Cause.CONFIGURATION,
            subject=subject,
            message=message,
            remedy="Mend what the message names; `plan` shows the Restore that is submitted.",
            unanswered=True,
        )
    if BACKUP_GONE.search(said):
        remedy = "See why the backup vanished meanwhile (it may have expired), then drill again."
    elif LOCATION.search(said):
        remedy = "Make the backup's storage location available again."
    else:
        remedy = "Mend what the message names, then drill again."
    return unasked("restore-refused", subject, message, remedy)


def _failed(reason: str, subject: str) -> Finding:
    """Return what a failure means: only words of a broken archive blame the backup."""
    message = f"The restore could not run: {reason or 'Velero does not say why'}."
    if DAMAGED.search(reason):
        return damage("restore-failed", subject, message)
    code = "server-restarted" if "server starting" in reason else "restore-failed"
    remedy = (
        "Mend what the message names, then drill again."
        if reason
        else "Look into the restore's log and the server's, then drill again."
    )
    return unasked(code, subject, message, remedy)
