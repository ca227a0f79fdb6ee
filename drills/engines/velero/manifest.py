"""What a restore submits: the Restore and the ConfigMap with its resource modifier. Pure.

In: the order. Out: complete objects; nothing is left to a server's default. Why each setting:
the facts of Velero v1.18 `pkg/restore/restore.go` are named beside it.
"""

import hashlib
import re
from fnmatch import fnmatchcase

from drills.engine import RestoreOrder
from drills.engines.velero.kinds import CONFIG_MAP, LABEL_LIMIT, RESTORE, V1
from drills.engines.velero.modifier import rules
from drills.engines.velero.owned_selection import label_selector
from drills.engines.velero.rule import rendered
from drills.errors import TooMuchToRewrite
from drills.objects import KubeObject

DATA_KEY = "rules.yaml"
POD_VOLUME_TIMEOUT = "velero.io/pod-volume-timeout"
"""Overrides the server's --fs-backup-timeout (4 h) for this Restore."""
ROOM = 1_048_576
"""Bytes of a ConfigMap's values (core/v1 validation, MaxSecretSize): more is refused."""
_DIGEST = 6
LEAST_TIMEOUT = 60
"""Seconds; Velero takes 0 for its own default of four hours."""


def restore_name(drill_id: str) -> str:
    """Return `drill-<id>` as a valid object name that also fits a label value (63)."""
    name = re.sub(r"[^a-z0-9.-]+", "-", f"drill-{drill_id}".lower()).strip("-.")
    if len(name) <= LABEL_LIMIT:
        return name
    digest = hashlib.sha256(drill_id.encode()).hexdigest()[:_DIGEST]
    return f"{name[: LABEL_LIMIT - _DIGEST - 1].rstrip('-.')}-{digest}"


def timeout_of(seconds: float) -> str:
    """Return the Go duration after which Velero gives up on volumes and operations."""
    return f"{max(int(seconds), LEAST_TIMEOUT)}s"


def modifier_map(order: RestoreOrder, namespace: str, *, veil: bool = False) -> KubeObject | None:
    """Return the ConfigMap with exactly one key, None where nothing needs rewriting.

    With `veil` it is for people: the application's settings are left out.

    Raises TooMuchToRewrite where the rules do not fit into a ConfigMap.
    """
    found = rules(order)
    if not found:
        return None
    text = rendered(found)
    _check_room(text, len(found))
    if veil and order.names is not None:
        text = rendered(rules(order, veil=True))
    return {
        "apiVersion": "v1",
        "kind": CONFIG_MAP.kind,
        "metadata": _metadata(order, namespace),
        "data": {DATA_KEY: text},
    }


def _check_room(text: str, count: int) -> None:
    size = len(text.encode())
    if size > ROOM:
        raise TooMuchToRewrite(
            f"the {count} rules that make the copy harmless are {size:,} bytes long, and the "
            f"ConfigMap that Velero reads them from holds {ROOM:,}",
            hint="Restore fewer namespaces in one drill, or set restore.rewriteNames to false: "
            "the names of Services take most of the room.",
        )


def restore_object(
    order: RestoreOrder, namespace: str, *, timeout: str, modifier: KubeObject | None
) -> KubeObject:
    """Return the Restore. `timeout` is a Go duration, after which Velero gives up on volumes.

    A Restore has no status subresource, so a status sent along would be believed: none is.
    """
    name = restore_name(order.drill_id)
    reference = {"resourceModifier": {"apiGroup": "", "kind": "ConfigMap", "name": name}}
    return {
        "apiVersion": V1,
        "kind": RESTORE.kind,
        "metadata": {
            **_metadata(order, namespace),
            "annotations": {POD_VOLUME_TIMEOUT: timeout},
        },
        "spec": {
            "backupName": order.backup.name,
            "includedNamespaces": sorted(order.namespaces),
            "namespaceMapping": dict(sorted(order.namespaces.items())),
            "includedResources": ["*"],
            "excludedResources": list(excluded(order)),
            "existingResourcePolicy": "none",
            "restorePVs": True,
            "preserveNodePorts": False,
            "itemOperationTimeout": timeout,
            "hooks": {},
            **_cluster_resources(order),
            **label_selector(order),
            **(reference if modifier is not None else {}),
        },
    }


def excluded(order: RestoreOrder) -> tuple[str, ...]:
    """Return the kinds to leave out; `*.group` is written out, which Velero does not understand."""
    present = {obj.key.resource for obj in order.inventory.objects}
    found: dict[str, None] = {}
    for rule in order.left_out:
        if "*" in rule.resource:
            found |= dict.fromkeys(sorted(r for r in present if fnmatchcase(r, rule.resource)))
        else:
            found[rule.resource] = None
    return tuple(found)


def _cluster_resources(order: RestoreOrder) -> dict[str, object]:
    """Return `includeClusterResources`, which is a trap both ways.

    False keeps volumes from being handled at all, so claims keep production's volumeName; left
    unset with a list of namespaces, only what restored objects need comes along.
    """
    claims = any(
        obj.key.resource == "persistentvolumeclaims" and obj.key.namespace in order.namespaces
        for obj in order.inventory.objects
    )
    return {} if claims else {"includeClusterResources": False}


def _metadata(order: RestoreOrder, namespace: str) -> dict[str, object]:
    return {
        "name": restore_name(order.drill_id),
        "namespace": namespace,
        "labels": dict(order.labels),
    }
