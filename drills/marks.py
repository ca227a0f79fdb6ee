"""The marks on everything a drill makes: by these, and by uid, cleanup knows its own.

Touch nothing that does not carry both labels.
"""

from collections.abc import Mapping

from drills import objects
from drills.objects import KubeObject

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "restore-drill-runner"
DRILL_ID = "restore-drill/drill-id"
SCENARIO = "restore-drill/scenario"
ENGINE = "restore-drill/engine"
"""Which engine the drill used, for whoever cleans up after it."""
KEPT = "restore-drill/kept"
"""On a sandbox that its drill kept on purpose: `clean` takes it only when asked to."""
STILLED = "restore-drill/left-out"
"""Annotation on a restored object that should have stayed out: it can do nothing, and goes."""

LABEL_VALUE_LIMIT = 63


def marks(drill_id: str, scenario: str, engine: str = "") -> dict[str, str]:
    """Return the labels for everything made for this drill."""
    always = {
        MANAGED_BY: MANAGER,
        DRILL_ID: drill_id,
        SCENARIO: scenario[:LABEL_VALUE_LIMIT].rstrip("-_."),
    }
    return {**always, ENGINE: engine} if engine else always


def selector(drill_id: str | None = None) -> str:
    """Return the label selector for one drill's things, or for those of all drills."""
    ours = f"{MANAGED_BY}={MANAGER}"
    return f"{ours},{DRILL_ID}={drill_id}" if drill_id else f"{ours},{DRILL_ID}"


def drill_of(obj: KubeObject) -> str | None:
    """Return the id of the drill that made `obj`, None where it is not ours."""
    found: Mapping[str, str] = objects.labels(obj)
    return found.get(DRILL_ID) if found.get(MANAGED_BY) == MANAGER else None
