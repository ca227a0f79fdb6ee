"""Reading objects: one, or all pages of a kind.

In: a ServedKind with selectors. Out: objects that always say their apiVersion and kind (the API
server leaves these out of list items), and the resourceVersion from which a watch goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from drills import objects
from drills.adapters.kube.asking import Asker
from drills.adapters.kube.discovery import collection, single
from drills.adapters.kube.refusals import Expired, refusal
from drills.adapters.kube.wire import Request
from drills.cluster import ServedKind
from drills.errors import Missing
from drills.objects import KubeObject

PAGE = 500
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which objects of a kind: in one namespace or ('') all, by selectors."""

    served: ServedKind
    namespace: str = ""
    labels: str = ""
    fields: str = ""

    @property
    def path(self) -> str:
        """Return the path of the collection."""
        return collection(self.served, self.namespace)

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """Return the selectors as query parameters."""
        selectors = (("labelSelector", self.labels), ("fieldSelector", self.fields))
        return tuple(pair for pair in selectors if pair[1])

    def describe(self, verb: str) -> str:
        """Return `list pods in backup-test`."""
        inside = f" in {self.namespace}" if self.namespace and self.served.namespaced else ""
        return f"{verb} {self.served.resource}{inside}"


def read_one(asker: Asker, served: ServedKind, namespace: str, name: str) -> KubeObject | None:
    """Return the object, None where it is not there; raises as `Asker.freely`, or the refusal."""
    what = f"get {served.resource} {namespace}/{name}".replace(" /", " ")
    answer = asker.freely(Request(what=what, method="GET", path=single(served, namespace, name)))
    if answer.status == HTTPStatus.OK:
        return stamped(answer.document(), served)
    error = refusal(what, answer)
    if isinstance(error, Missing) or answer.status == HTTPStatus.NOT_FOUND:
        return None
    raise error


def read_all(
    asker: Asker, selection: Selection, *, metadata_only: bool = False
) -> tuple[Sequence[KubeObject], str]:
    """Return all objects and the list's resourceVersion.

    A continue token that expires between pages (410) starts the list anew, in one piece.
    """
    try:
        return _pages(asker, selection, METADATA_LIST if metadata_only else "", PAGE)
    except Expired:
        return _pages(asker, selection, METADATA_LIST if metadata_only else "", 0)


def stamped(item: object, served: ServedKind) -> KubeObject:
    """Return the object with apiVersion and kind."""
    found = objects.mapping(item)
    return {**found, "apiVersion": served.api_version, "kind": served.kind}


def _pages(
    asker: Asker, selection: Selection, accept: str, limit: int
) -> tuple[Sequence[KubeObject], str]:
    found: list[KubeObject] = []
    token = ""
    while True:
        page = _page(asker, selection, accept, limit, token)
        found.extend(stamped(item, selection.served) for item in objects.items(page, "items"))
        token = objects.text(page, "metadata", "continue")
        if not token:
            return found, objects.text(page, "metadata", "resourceVersion")


def _page(asker: Asker, selection: Selection, accept: str, limit: int, token: str) -> KubeObject:
    paging = (("limit", str(limit)) if limit else ("", ""), ("continue", token))
    request = Request(
        what=selection.describe("list"),
        method="GET",
        path=selection.path,
        query=selection.query + tuple(pair for pair in paging if pair[1]),
        headers={"Accept": accept} if accept else {},
    )
    answer = asker.freely(request)
    if answer.status != HTTPStatus.OK:
        raise refusal(request.what, answer)
    return answer.document()
