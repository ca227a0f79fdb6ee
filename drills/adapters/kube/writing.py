"""Creating, patching and deleting, so that nothing is done twice and nothing that is not ours.

In: objects and names. Out: what the server made of them. A create whose answer was lost is looked
for by name: it is ours when it carries the same drill id. A delete always carries the uid it is
meant for, and a merge patch may be repeated as it is.
"""

from collections.abc import Mapping
from http import HTTPStatus

from drills import objects
from drills.adapters.kube.asking import Asker, Doubtful
from drills.adapters.kube.discovery import collection, single
from drills.adapters.kube.listing import read_one, stamped
from drills.adapters.kube.refusals import refusal
from drills.adapters.kube.wire import Answer, Request
from drills.cluster import ServedKind
from drills.errors import AlreadyExists, Conflicted, Missing
from drills.marks import DRILL_ID
from drills.objects import KubeObject

FIELD_MANAGER = ("fieldManager", "restore-drill-runner")
DRY_RUN = ("dryRun", "All")
ANSWERED = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED})


def create(asker: Asker, served: ServedKind, obj: KubeObject, *, dry_run: bool) -> KubeObject:
    """Create `obj`; raises AlreadyExists, Forbidden, OutsideRefused, Unreachable."""
    name = objects.name(obj) or objects.text(obj, "metadata", "generateName") + "..."
    request = Request(
        what=f"create {served.resource} {objects.namespace(obj)}/{name}".replace(" /", " "),
        method="POST",
        path=collection(served, objects.namespace(obj)),
        query=(FIELD_MANAGER, DRY_RUN) if dry_run else (FIELD_MANAGER,),
        body=obj,
    )
    if dry_run:
        return _accepted(request, asker.freely(request), served)
    attempts = asker.attempts()
    doubted = False
    while True:
        try:
            return _accepted(request, asker.carefully(request), served)
        except Doubtful as doubt:
            _check_findable(obj, doubt)
            doubted = True
            found = _ours(asker, served, obj)
            if found is not None:
                return found
            attempts.pause(doubt)
        except AlreadyExists:
            found = _ours(asker, served, obj) if doubted else None
            if found is None:
                raise
            return found


def patch(
    asker: Asker,
    served: ServedKind,
    namespace: str,
    name: str,
    change: KubeObject,
    *,
    dry_run: bool,
) -> KubeObject:
    """Merge-patch; raises Missing, Conflicted, Forbidden, OutsideRefused, Unreachable."""
    request = Request(
        what=f"patch {served.resource} {namespace}/{name}".replace(" /", " "),
        method="PATCH",
        path=single(served, namespace, name),
        query=(FIELD_MANAGER, DRY_RUN) if dry_run else (FIELD_MANAGER,),
        body=change,
        headers={"Content-Type": "application/merge-patch+json"},
    )
    return _accepted(request, asker.freely(request), served)


def delete(
    asker: Asker,
    served: ServedKind,
    namespace: str,
    name: str,
    *,
    preconditions: Mapping[str, str],
    propagation: str,
) -> None:
    """Delete the object of this uid (and version); raises Conflicted where it is another."""
    what = f"delete {served.resource} {namespace}/{name}".replace(" /", " ")
    if not preconditions.get("uid"):
        raise Conflicted(f"{what}: refused by ourselves, since no uid proves that it is ours")
    request = Request(
        what=what,
        method="DELETE",
        path=single(served, namespace, name),
        body={
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": dict(preconditions),
            "propagationPolicy": propagation,
        },
    )
    answer = asker.freely(request)
    if answer.status in ANSWERED:
        return
    error = refusal(what, answer)
    if not isinstance(error, Missing):
        raise error


def _accepted(request: Request, answer: Answer, served: ServedKind) -> KubeObject:
    if answer.status not in ANSWERED:
        raise refusal(request.what, answer)
    return stamped(answer.document(), served)


def _check_findable(obj: KubeObject, doubt: Doubtful) -> None:
    """Raise the doubt where nothing tells our object from another's."""
    if not objects.name(obj) or DRILL_ID not in objects.labels(obj):
        doubt.hint = "it may have been created: look for it before trying again"
        raise doubt


def _ours(asker: Asker, served: ServedKind, obj: KubeObject) -> KubeObject | None:
    """Return what stands under the name, if this same drill made it."""
    found = read_one(asker, served, objects.namespace(obj), objects.name(obj))
    if found is None:
        return None
    same = objects.labels(found).get(DRILL_ID) == objects.labels(obj)[DRILL_ID]
    return found if same else None
