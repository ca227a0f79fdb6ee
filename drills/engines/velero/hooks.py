"""Restore hooks that the backed-up pods carry: Velero runs them in the sandbox too.

Annotations on a pod override whatever a Restore says (v1.18 `internal/hook`), so they cannot be
turned off from outside.
"""

from collections.abc import Iterable

from drills import objects
from drills.backups import BackedUpObject
from drills.engines.velero.remarks import note
from drills.findings import Finding

HOOK = "hook.restore.velero.io/"
SHOWN = 5


def hook_notes(found: Iterable[BackedUpObject], namespaces: Iterable[str]) -> tuple[Finding, ...]:
    """Return a note that names the pods in scope whose hooks will run."""
    scope = set(namespaces)
    hooked = [
        f"{obj.key.namespace}/{obj.key.name}"
        for obj in found
        if obj.key.resource == "pods"
        and obj.key.namespace in scope
        and any(HOOK in key for key in objects.mapping(obj.body, "metadata", "annotations"))
    ]
    if not hooked:
        return ()
    return (
        note(
            "restore-hooks-run",
            f"pods {', '.join(hooked[:SHOWN])}",
            "These pods carry restore hooks, which run in the sandbox as well.",
            "Make sure that the hooks may run on a copy.",
        ),
    )
