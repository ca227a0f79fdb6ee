"""What a request does: each verb and subresource to the storage, and its answer back.

In: parsed requests. Out: answers, or `ApiError`. Which verb a request is, counts for faults and
deny rules too, in the words of RBAC.
"""

from embedded.api_errors import ApiError, bad_request, invalid, no_such_resource
from embedded.asking import body_of, is_dry, object_in, propagation_of
from embedded.containers import Containers
from embedded.exec_stream import exec_in, logs_of
from embedded.faults import Faults
from embedded.http_wire import Answer, Request, Response, json_response
from embedded.json_objects import JsonObject, name_of, namespace_of, section
from embedded.listing import listed
from embedded.patching import APPLY
from embedded.port_forward import forward
from embedded.proxy import proxied
from embedded.resource_types import ResourceType
from embedded.reviews import review
from embedded.routes import Target
from embedded.storage import Storage
from embedded.subresources import bind, evict, finalize, scale_of, set_scale, success
from embedded.table import METADATA, TABLE, shape_of, shaped
from embedded.watching import watch

_STREAMS = frozenset({"exec", "portforward", "log", "proxy", "attach"})
_PLAIN_DOORS = frozenset({"", "status"})


_PATCH_OPTIONS = ResourceType(
    group="meta.k8s.io",
    version="v1",
    plural="",
    kind="PatchOptions",
    namespaced=False,
    has_status=False,
    singular="",
)


class Handlers:
    """Answers requests that are about resources."""

    def __init__(self, storage: Storage, containers: Containers, faults: Faults) -> None:
        self._storage = storage
        self._containers = containers
        self._faults = faults

    def answer(self, target: Target, request: Request, verb: str) -> Answer:
        """Return the answer to one request.

        Raises:
            ApiError: when the request is refused.
        """
        if not target.type.stored:
            return self._ask(target, request)
        if target.subresource not in _PLAIN_DOORS:
            return self._through(target, request)
        if target.subresource == "status" and not target.type.has_status:
            raise no_such_resource()
        if verb == "watch":
            return watch(self._storage, self._faults, target, request)
        if verb == "list":
            return listed(self._storage, target, request)
        return self._plain(target, request, verb)

    def _plain(self, target: Target, request: Request, verb: str) -> Response:
        if verb == "get":
            entry = self._storage.entry(target.type, target.namespace, target.name)
            return self._shown(request, target, entry.as_json(target.type), entry.body)
        if (
            verb == "create"
            and not target.name
            and bool(target.namespace) == target.type.namespaced
        ):
            return self._create(target, request)
        if verb == "update" and target.name:
            return self._update(target, request)
        if verb == "patch" and target.name:
            return self._patch(target, request)
        if verb == "delete":
            return self._delete(target, request)
        if verb == "deletecollection" and target.type.group_resource != "namespaces":
            return self._delete_collection(target, request)
        message = "the server does not allow this method on the requested resource"
        raise ApiError(405, "MethodNotAllowed", message)

    def _ask(self, target: Target, request: Request) -> Response:
        if request.method != "POST":
            message = "the server does not allow this method on the requested resource"
            raise ApiError(405, "MethodNotAllowed", message)
        return review(self._faults, target.type, object_in(request))

    def _through(self, target: Target, request: Request) -> Answer:
        """Answer what goes through a subresource of its own."""
        door, kind = target.subresource, target.type.group_resource
        if door == "scale" and target.type.has_scale:
            return self._scale(target, request)
        if door == "proxy" and kind in {"pods", "services"}:
            return proxied(self._storage, self._containers, target, request)
        if kind == "pods" and door in _STREAMS:
            return self._stream(target, request)
        if kind == "pods" and door == "eviction":
            return evict(self._storage, target, object_in(request))
        if kind == "pods" and door == "binding":
            return bind(self._storage, target, object_in(request))
        if kind == "namespaces" and door == "finalize":
            return finalize(self._storage, target, object_in(request))
        raise no_such_resource()

    def _stream(self, target: Target, request: Request) -> Answer:
        pod = self._storage.get(target.type, target.namespace, target.name)
        if target.subresource != "log" and not section(pod, "spec").get("nodeName"):
            raise bad_request(f"pod {target.name} does not have a host assigned")
        if target.subresource == "log":
            return logs_of(self._containers, pod, request)
        if target.subresource == "exec":
            return exec_in(self._containers, pod, request)
        if target.subresource == "portforward":
            return forward(self._containers, pod, request)
        raise no_such_resource()

    def _scale(self, target: Target, request: Request) -> Response:
        if request.method == "GET":
            return json_response(
                scale_of(self._storage.get(target.type, target.namespace, target.name))
            )
        is_patch = request.method == "PATCH"
        return set_scale(self._storage, target, body_of(request), is_patch=is_patch)

    def _create(self, target: Target, request: Request) -> Response:
        created = self._storage.create(
            target.type,
            object_in(request),
            namespace=target.namespace or None,
            dry_run=is_dry(request),
        )
        return json_response(created, 201)

    def _update(self, target: Target, request: Request) -> Response:
        body = object_in(request)
        metadata = body["metadata"] = dict(section(body, "metadata"))
        if metadata.setdefault("name", target.name) != target.name:
            raise bad_request(
                f"the name of the object ({name_of(body)}) does not match the name on the URL "
                f"({target.name})"
            )
        if (
            target.namespace
            and metadata.setdefault("namespace", target.namespace) != target.namespace
        ):
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on the "
                "request"
            )
        changed = self._storage.update(
            target.type, body, subresource=target.subresource, dry_run=is_dry(request)
        )
        return json_response(changed)

    def _patch(self, target: Target, request: Request) -> Response:
        content_type = request.content_type
        if content_type == APPLY and not request.param("fieldManager"):
            text = "Required value: is required for apply patch"
            raise invalid(_PATCH_OPTIONS, "", ("fieldManager", "FieldValueRequired", text))
        place = (target.type, target.namespace, target.name)
        existed = self._storage.find(*place) is not None
        if content_type == APPLY and not target.subresource:
            changed = self._storage.apply(
                *place,
                body_of(request),
                manager=request.param("fieldManager"),
                force=request.flag("force"),
                dry_run=is_dry(request),
            )
        else:
            changed = self._storage.patch(
                *place,
                body_of(request),
                content_type=content_type,
                subresource=target.subresource,
                dry_run=is_dry(request),
            )
        return json_response(changed, 200 if existed else 201)

    def _delete(self, target: Target, request: Request) -> Response:
        options = object_in(request) if request.body else {}
        conditions = section(options, "preconditions")
        last = self._storage.delete(
            target.type,
            target.namespace,
            target.name,
            uid=conditions.get("uid"),
            resource_version=conditions.get("resourceVersion"),
            propagation=propagation_of(options, request),
            dry_run=is_dry(request) or "All" in (options.get("dryRun") or ()),
        )
        return json_response(_deletion_answer(target, last))

    def _delete_collection(self, target: Target, request: Request) -> Response:
        options = object_in(request) if request.body else {}
        entries, _ = self._storage.entries(
            target.type,
            target.namespace or None,
            labels=request.param("labelSelector"),
            fields=request.param("fieldSelector"),
        )
        deleted = [
            self._storage.delete(
                target.type,
                namespace_of(one.body),
                name_of(one.body),
                uid=one.body["metadata"]["uid"],
                propagation=propagation_of(options, request),
                dry_run=is_dry(request),
            )
            for one in entries
            if self._storage.find(target.type, namespace_of(one.body), name_of(one.body))
        ]
        t, version = target.type, str(self._storage.version)
        return json_response(
            {
                "kind": f"{t.kind}List",
                "apiVersion": t.api_version,
                "metadata": {"resourceVersion": version},
                "items": deleted,
            }
        )

    @staticmethod
    def _shown(request: Request, target: Target, whole: bytes, body: JsonObject) -> Response:
        shape = shape_of(request.headers.get("accept", ""))
        if shape in {METADATA, TABLE}:
            return json_response(shaped(shape, {**body, "apiVersion": target.type.api_version}))
        return Response(body=whole)


def _deletion_answer(target: Target, last: JsonObject) -> JsonObject:
    """Return the object where its deletion takes time, else a Status, as the real server does."""
    metadata = last["metadata"]
    t = target.type
    if metadata.get("finalizers") or t.group_resource in {"namespaces", "pods"}:
        return last
    details: JsonObject = {"name": metadata["name"], "kind": t.plural, "uid": metadata["uid"]}
    if t.group:
        details["group"] = t.group
    return success(details)
