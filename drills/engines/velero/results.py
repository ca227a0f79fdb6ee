"""What a Velero results file says, and whose trouble each message is. Pure.

In: `{"errors": {"velero": [], "cluster": [], "namespaces": {ns: []}}, "warnings": {...}}` (keys
left out when empty). Out: messages and findings. Wording differs between runs of one version, so
only single words are looked for.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from drills import objects
from drills.findings import Cause, Finding, Severity

MOST_EXAMPLES = 3


def messages(document: object, word: str) -> tuple[str, ...]:
    """Return the `errors` or `warnings`, each with its namespace where it has one."""
    part = objects.mapping(document, word)
    general = (str(m) for place in ("velero", "cluster") for m in objects.items(part, place))
    spaces = objects.mapping(part, "namespaces")
    inside = (f"{ns}: {message}" for ns in sorted(spaces) for message in objects.items(spaces, ns))
    return (*general, *inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """How messages that match are judged."""

    pattern: re.Pattern[str]
    code: str
    cause: Cause
    remedy: str
    unanswered: bool = True


def _meaning(pattern: str, code: str, cause: Cause, remedy: str) -> Meaning:
    return Meaning(
        pattern=re.compile(pattern, re.IGNORECASE), code=code, cause=cause, remedy=remedy
    )


ERRORS: tuple[Meaning, ...] = (
    _meaning(
        r"provided port is already allocated|spec\.ports\[\d+\]\.nodePort",
        "node-port-taken",
        Cause.ENVIRONMENT,
        "Production holds the port; see why the rewrite of this Service did not apply.",
    ),
    _meaning(
        r"exceeded quota|quota exceeded|insufficient quota|failed quota",
        "quota-exceeded",
        Cause.CAPACITY,
        "Raise the quota of the sandbox, or leave out what the drill does not need.",
    ),
    _meaning(
        r"admission webhook|failed calling webhook|denied the request",
        "webhook-denied",
        Cause.ENVIRONMENT,
        "Let the webhook of that name pass objects into the sandbox namespace.",
    ),
    _meaning(
        r"violates PodSecurity",
        "pod-security-denied",
        Cause.ENVIRONMENT,
        "The sandbox's Pod Security level is stricter than the source namespace's.",
    ),
    _meaning(
        r"no matches for kind|not discoverable|could not find the requested resource",
        "kind-not-served",
        Cause.ENVIRONMENT,
        "Install the CustomResourceDefinition that the backup's objects need.",
    ),
    _meaning(
        r"(pvc|persistentvolumeclaim|volume).*(not bound|unbound|wait.*bound)|patch dynamic",
        "claim-not-bound",
        Cause.CAPACITY,
        "See why the claim's StorageClass gave no volume within Velero's time.",
    ),
    _meaning(
        r"(persistentvolume|pvc|volume).*not provided by|storageclass.*not found",
        "storage-class-missing",
        Cause.ENVIRONMENT,
        "Create the StorageClass in this cluster, or map it to one that is there "
        "(restore.storageClasses).",
    ),
    _meaning(
        r"is forbidden: User",
        "velero-forbidden",
        Cause.ENVIRONMENT,
        "Velero's own service account lacks this right in the target cluster.",
    ),
    _meaning(
        r"connection refused|i/o timeout|TLS handshake|deadline exceeded|etcdserver|"
        r"too many requests|service unavailable|no such host|timed out|cancell?ed|"
        r"is being terminated|namespaces? .*not found|during the server starting",
        "cluster-trouble",
        Cause.ENVIRONMENT,
        "The cluster or the store did not answer Velero in time; drill again.",
    ),
    _meaning(
        r"deployments\.apps .?velero.? not found",
        "velero-misinstalled",
        Cause.ENVIRONMENT,
        "Velero from 1.16 on needs a Deployment named velero in its namespace.",
    ),
)

ALREADY = re.compile(r"already exists", re.IGNORECASE)
HARMLESS = re.compile(
    r"kube-root-ca\.crt|openshift-service-ca\.crt|istio-ca-root-cert|endpoint(s|slice)"
    r"|system:(image-pullers|image-builders|deployers)",
    re.IGNORECASE,
)
NOTHING = re.compile(r"zero items to be restored", re.IGNORECASE)


def error_findings(errors: Iterable[str], restore: str) -> tuple[Finding, ...]:
    """Return a finding for each sort of error; only unclassified ones blame the backup."""
    sorts: dict[str, list[str]] = {}
    meanings: dict[str, Meaning | None] = {}
    for message in errors:
        meaning = next((m for m in ERRORS if m.pattern.search(message)), None)
        code = meaning.code if meaning else _unclassified(message)
        meanings[code] = meaning
        sorts.setdefault(code, []).append(message)
    return tuple(
        _finding(code, meanings[code], group, restore) for code, group in sorts.items() if code
    )


def warning_findings(warnings: Iterable[str], restore: str) -> Iterator[Finding]:
    """Yield what warnings hide: an object that stood in the way, or an empty archive."""
    warnings = tuple(warnings)
    if nothing := [w for w in warnings if NOTHING.search(w)]:
        yield Finding(
            code="nothing-restored",
            severity=Severity.CRITICAL,
            cause=Cause.BACKUP,
            subject=restore,
            message=f"Velero found nothing to restore: {nothing[0]}.",
            remedy="Look at the backup's log; take a new backup.",
        )
    taken = [w for w in warnings if ALREADY.search(w) and not HARMLESS.search(w)]
    if taken:
        yield _already(taken, restore)


def _unclassified(message: str) -> str:
    if not ALREADY.search(message):
        return "restore-error"
    return "" if HARMLESS.search(message) else "already-exists"


def _finding(code: str, meaning: Meaning | None, group: list[str], restore: str) -> Finding:
    if code == "already-exists":
        return _already(group, restore)
    return Finding(
        code=code,
        severity=Severity.CRITICAL,
        cause=meaning.cause if meaning else Cause.BACKUP,
        subject=restore,
        message=f"Velero reports {len(group)} error(s): {_examples(group)}.",
        remedy=meaning.remedy if meaning else "Look into the restore's log for these objects.",
        unanswered=meaning is not None,
    )


def _already(group: list[str], restore: str) -> Finding:
    return Finding(
        code="already-exists",
        severity=Severity.WARNING,
        cause=Cause.ENVIRONMENT,
        subject=restore,
        message=f"{len(group)} object(s) stood in the sandbox already: {_examples(group)}.",
        remedy="See what creates them in a new namespace; the backup's version was not restored.",
    )


def _examples(group: list[str]) -> str:
    more = f" (and {len(group) - MOST_EXAMPLES} more)" if len(group) > MOST_EXAMPLES else ""
    return "; ".join(group[:MOST_EXAMPLES]).rstrip(".") + more
