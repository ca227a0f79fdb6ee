"""Why an API server would refuse an object, as a class. Pure.

In: the error that a dry-run creation raised. Out: its class. Reasons and wordings are those of the
admission plug-ins of Kubernetes 1.34; what fits no class stays a question that was not answered.
"""

from dataclasses import dataclass
from enum import StrEnum

from drills.errors import AlreadyExists, DrillError, Forbidden, Missing, NotServed
from drills.findings import Cause, Severity


class RefusalClass(StrEnum):
    """Whose no it is."""

    NOT_SERVED = "not-served"
    SCHEMA = "schema"
    REFERENCE = "reference"
    QUOTA = "quota"
    WEBHOOK = "webhook"
    POLICY = "policy"
    RIGHTS = "rights"
    EXISTS = "exists"
    NOT_ASKABLE = "not-askable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What a class of refusals means for the verdict."""

    severity: Severity
    cause: Cause
    unanswered: bool
    remedy: str


def _fails(remedy: str) -> Weight:
    return Weight(
        severity=Severity.CRITICAL, cause=Cause.ENVIRONMENT, unanswered=False, remedy=remedy
    )


def _opens(cause: Cause, remedy: str) -> Weight:
    """Return the weight of a no that blames neither backup nor cluster: nobody knows."""
    return Weight(severity=Severity.WARNING, cause=cause, unanswered=True, remedy=remedy)


WEIGHTS: dict[RefusalClass, Weight] = {
    RefusalClass.NOT_SERVED: _fails(
        "Install the CustomResourceDefinition or the API version that the backup needs."
    ),
    RefusalClass.SCHEMA: _fails(
        "This cluster's API does not take the object as the backup holds it: correct the source "
        "and take a new backup, or restore into a cluster of the source's version."
    ),
    RefusalClass.REFERENCE: _fails("Create what the message names in this cluster first."),
    RefusalClass.QUOTA: _opens(
        Cause.CAPACITY, "Raise the ResourceQuota that the message names, or restore less."
    ),
    RefusalClass.WEBHOOK: _opens(
        Cause.ENVIRONMENT,
        "Let the webhook pass drill namespaces (namespaceSelector), or mend its Service; a "
        "restore after a disaster would meet it too.",
    ),
    RefusalClass.POLICY: _opens(
        Cause.ENVIRONMENT,
        "Allow such objects in drill namespaces: Pod Security level, LimitRange or admission "
        "policy; a restore after a disaster would meet it too.",
    ),
    RefusalClass.RIGHTS: _opens(
        Cause.CONFIGURATION,
        "Give the account this runs as the right to create the kind inside the sandbox "
        "(deploy/rbac.yaml); the restoring engine has rights of its own.",
    ),
    RefusalClass.EXISTS: Weight(
        severity=Severity.WARNING,
        cause=Cause.ENVIRONMENT,
        unanswered=False,
        remedy="The sandbox has one of that name already, so this one would not be restored.",
    ),
    RefusalClass.NOT_ASKABLE: _opens(
        Cause.ENVIRONMENT,
        "Declare sideEffects: None on the webhook, so that it answers dry runs; until then only "
        "a drill tells.",
    ),
    RefusalClass.UNKNOWN: _opens(Cause.ENVIRONMENT, "Mend what the message names, then ask again."),
}

_BY_WORDS: tuple[tuple[RefusalClass, tuple[str, ...]], ...] = (
    (RefusalClass.NOT_ASKABLE, ("does not support dry run",)),
    (RefusalClass.QUOTA, ("exceeded quota", "failed quota")),
    (RefusalClass.POLICY, ("violates PodSecurity", "ValidatingAdmissionPolicy")),
    (RefusalClass.WEBHOOK, ("admission webhook", "failed calling webhook")),
    (
        RefusalClass.REFERENCE,
        ("error looking up service account", "no PriorityClass with name", "RuntimeClass"),
    ),
    (RefusalClass.POLICY, ("denied the request", "usage per ", "must specify limits")),
    (
        RefusalClass.RIGHTS,
        ("cannot create resource", "attempting to grant RBAC permissions", "(401"),
    ),
    (RefusalClass.SCHEMA, ("(422", "(400", " is invalid:")),
)
_BY_ERROR: tuple[tuple[type[DrillError], RefusalClass], ...] = (
    (NotServed, RefusalClass.NOT_SERVED),
    (AlreadyExists, RefusalClass.EXISTS),
)


def class_of(error: DrillError) -> RefusalClass:
    """Return the class of a refusal."""
    words = str(error)
    for kind, found in _BY_ERROR:
        if isinstance(error, kind):
            return found
    for found, signs in _BY_WORDS:
        if any(sign in words for sign in signs):
            return found
    if error.cause is Cause.CAPACITY:
        return RefusalClass.QUOTA
    if isinstance(error, Forbidden):
        return RefusalClass.RIGHTS
    return RefusalClass.REFERENCE if isinstance(error, Missing) else RefusalClass.UNKNOWN


def misses_account(error: DrillError) -> bool:
    """Return whether a pod was refused for its service account alone."""
    return "error looking up service account" in str(error)
