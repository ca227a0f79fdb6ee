"""What in the backup's configuration leads out of the sandbox. Pure: reaches in, findings out.

Short names stay inside, since DNS completes them with the pod's own namespace. What is told here
stands even where the network is closed: only an enforced policy keeps the copy from going there.
"""

from collections.abc import Iterable, Mapping

from drills.backups import Reach
from drills.findings import Cause, Finding, Severity

SHOWN = 5
REMEDY = (
    "Use short Service names, which stay in the sandbox, or rewrite full ones "
    "(restore.rewriteNames); see that NetworkPolicies are enforced, and that credentials "
    "in a copy can do no harm."
)
CLUSTER_ENDS = frozenset({"kube-system", "default"})
"""Namespaces whose Services every pod may use: DNS, the API server."""


def outward_findings(
    reaches: Iterable[Reach], namespaces: Iterable[str], present: Iterable[str], *, closed: bool
) -> tuple[Finding, ...]:
    """Return one finding for Services of live namespaces and one for hosts outside.

    Args:
        reaches: What the backup's objects name.
        namespaces: The source namespaces that are restored.
        present: Every namespace of the backup: what makes `db.production` a Service's name.
        closed: Whether the sandbox gets a policy that denies; if so the findings weigh nothing.
    """
    scope, known = frozenset(namespaces), frozenset(present) | frozenset(namespaces)
    inside: dict[str, None] = {}
    outside: dict[str, None] = {}
    for reach in reaches:
        if reach.source.namespace not in scope or reach.namespace in CLUSTER_ENDS:
            continue
        live = reach.service or reach.namespace in known
        (inside if live else outside)[_words(reach)] = None
    severity = Severity.INFO if closed else Severity.WARNING
    kinds: Mapping[str, tuple[dict[str, None], str]] = {
        "points-at-production": (inside, "Services of namespaces that are not the sandbox"),
        "points-outside": (outside, "hosts outside the cluster"),
    }
    return tuple(
        names_it(code, severity, tuple(found), what, REMEDY)
        for code, (found, what) in kinds.items()
        if found
    )


def _words(reach: Reach) -> str:
    return f"{reach.source} key {reach.key}{f' ({reach.host})' if reach.host else ''}"


def names_it(
    code: str, severity: Severity, found: tuple[str, ...], what: str, remedy: str
) -> Finding:
    """Return that settings in the backup name something the copy must not reach."""
    more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return Finding(
        code=code,
        severity=severity,
        cause=Cause.ISOLATION,
        subject="configuration in the backup",
        message=f"It names {what}: {', '.join(found[:SHOWN])}{more}. The copy would go there.",
        remedy=remedy,
    )
