"""Restore hooks that the backed-up pods carry: told, and turned off where the scenario says so.

Annotations on a pod override whatever a Restore says (v1.18 `internal/hook`), so they are taken
out of the pod itself. A command after the start is read from the pod as it was created, after the
resource modifier (`pkg/restore/restore.go`, groupHooks of createdObj): without its annotations
there is none. An init container is put in before the modifier sees the pod (the item action
`velero.io/init-restore-hook`), so the modifier takes it out again: it stands first, or second
behind `restore-wait`, which waits for the volumes' data (`internal/hook/item_hook_handler.go`).
Pure.
"""

from collections.abc import Iterable, Iterator

from drills import objects
from drills.backups import BackedUpObject
from drills.engine import RestoreOrder
from drills.engines.velero.remarks import note
from drills.engines.velero.rule import Rule, json_rule, merge_rule
from drills.findings import Cause, Finding, warning
from drills.objects import KubeObject

HOOK = "hook.restore.velero.io/"
INIT_IMAGE = "init.hook.restore.velero.io/container-image"
RESTORE_WAIT = "restore-wait"
FIRST, SECOND = "/spec/initContainers/0", "/spec/initContainers/1"
SHOWN = 5


def hooked_pods(
    found: Iterable[BackedUpObject], namespaces: Iterable[str]
) -> tuple[BackedUpObject, ...]:
    """Return the pods of `namespaces` that carry restore hooks."""
    scope = set(namespaces)
    return tuple(
        obj
        for obj in found
        if obj.key.resource == "pods" and obj.key.namespace in scope and _hooks(obj)
    )


def hook_notes(found: Iterable[BackedUpObject], namespaces: Iterable[str]) -> tuple[Finding, ...]:
    """Return a note that names the pods in scope that carry hooks."""
    hooked = [f"{o.key.namespace}/{o.key.name}" for o in hooked_pods(found, namespaces)]
    if not hooked:
        return ()
    return (
        note(
            "restore-hooks-run",
            f"pods {', '.join(hooked[:SHOWN])}",
            "These pods carry restore hooks, which run in the sandbox as well unless the scenario "
            "says restore.hooks: skip.",
            "Make sure that the hooks may run on a copy, or skip them.",
        ),
    )


def hook_rules(order: RestoreOrder) -> Iterator[Rule]:
    """Yield what takes the hooks out of the pods, where the order skips them."""
    if order.runs_hooks:
        return
    hooked = hooked_pods(order.inventory.objects, order.namespaces)
    spaces = {obj.key.namespace for obj in hooked}
    if gone := dict.fromkeys(key for obj in hooked for key in _hooks(obj)):
        yield merge_rule("pods", spaces, {"metadata": {"annotations": gone}})
    images: dict[tuple[str, str], list[str]] = {}
    for obj in hooked:
        if image := init_image(obj):
            images.setdefault((obj.key.namespace, image), []).append(obj.key.name)
    for (namespace, image), names in images.items():
        # Conditions see the pod as it was before any rule: only one of these two can apply.
        where, first = ("pods", (namespace,)), {f"{FIRST}/image": image}
        yield json_rule(*where, [("remove", FIRST)], names=names, matches=first)
        second = {f"{FIRST}/name": RESTORE_WAIT, f"{SECOND}/image": image}
        yield json_rule(*where, [("remove", SECOND)], names=names, matches=second)


def init_image(obj: BackedUpObject) -> str:
    """Return the image of the init container that a hook would put in, or ''."""
    return objects.text(obj.body, "metadata", "annotations", INIT_IMAGE)


def hook_left(obj: BackedUpObject, live: KubeObject) -> bool:
    """Return whether the restored pod still has the hook's init container."""
    image = init_image(obj)
    before, now = (
        sum(objects.text(c, "image") == image for c in objects.items(pod, "spec", "initContainers"))
        for pod in (obj.body, live)
    )
    return bool(image) and now > before


def hooks_ran(subject: str, what: str) -> Finding:
    """Return the warning that hooks ran although the scenario skips them."""
    return warning(
        "restore-hooks-ran",
        subject,
        f"The scenario skips restore hooks, and yet {what}.",
        "Look at what the hook did; see the Restore's resource modifier for why it did not apply.",
        cause=Cause.CONFIGURATION,
    )


def _hooks(obj: BackedUpObject) -> tuple[str, ...]:
    return tuple(key for key in objects.mapping(obj.body, "metadata", "annotations") if HOOK in key)
