"""What the server says about itself: versions, groups, resources, OpenAPI.

In: the registry of types. Out: discovery documents as clients read them before anything else. The
OpenAPI documents name the kinds and leave their schemas open, since nothing is checked against
them here.
"""

from collections.abc import Iterable

from embedded.api_errors import no_such_resource
from embedded.http_wire import Response, json_response
from embedded.json_objects import JsonObject
from embedded.resource_types import ResourceType, TypeRegistry

VERSION: JsonObject = {
    "major": "1",
    "minor": "34",
    "gitVersion": "v1.34.4+embedded",
    "gitCommit": "embedded",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "embedded",
}
_VERBS = (
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
)
_HEALTH = frozenset({"healthz", "livez", "readyz"})
_EXTRA: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "pods": (
        ("attach", "PodAttachOptions", ("create", "get")),
        ("binding", "Binding", ("create",)),
        ("eviction", "Eviction", ("create",)),
        ("exec", "PodExecOptions", ("create", "get")),
        ("log", "Pod", ("get",)),
        ("portforward", "PodPortForwardOptions", ("create", "get")),
        ("proxy", "PodProxyOptions", ("create", "delete", "get", "patch", "update")),
    ),
    "services": (("proxy", "ServiceProxyOptions", ("create", "delete", "get", "patch", "update")),),
    "namespaces": (("finalize", "Namespace", ("update",)),),
}


def discover(types: TypeRegistry, segments: tuple[str, ...]) -> Response | None:
    """Return the document at this path, or None when the path is about a resource.

    Raises:
        ApiError: 404 for a group or version that is not served.
    """
    if not segments:
        return json_response({"paths": ["/api", "/apis", "/healthz", "/openapi/v2", "/version"]})
    if segments == ("version",):
        return json_response(VERSION)
    if segments[0] in _HEALTH:
        return Response(body=b"ok", content_type="text/plain; charset=utf-8")
    if segments[0] == "openapi":
        return json_response(_openapi(types, segments[1:]))
    if segments[0] == "api":
        return _core(types, segments)
    if segments[0] == "apis":
        return _groups(types, segments)
    raise no_such_resource()


def _core(types: TypeRegistry, segments: tuple[str, ...]) -> Response | None:
    if len(segments) == 1:
        return json_response({"kind": "APIVersions", "versions": ["v1"]})
    if segments == ("api", "v1"):
        return json_response(_resources(types, "", "v1"))
    return None


def _groups(types: TypeRegistry, segments: tuple[str, ...]) -> Response | None:
    groups = _versions(types.all())
    if len(segments) == 1:
        listed = [_group(name, versions) for name, versions in groups.items()]
        return json_response({"kind": "APIGroupList", "apiVersion": "v1", "groups": listed})
    if segments[1] not in groups:
        return Response(status=404, body=b"404 page not found\n", content_type="text/plain")
    if len(segments) == 2:  # noqa: PLR2004  # apis/GROUP
        head = {"kind": "APIGroup", "apiVersion": "v1"}
        return json_response(head | _group(segments[1], groups[segments[1]]))
    if segments[2] not in groups[segments[1]]:
        return Response(status=404, body=b"404 page not found\n", content_type="text/plain")
    if len(segments) == 3:  # noqa: PLR2004  # apis/GROUP/VERSION
        return json_response(_resources(types, segments[1], segments[2]))
    return None


def _versions(all_types: Iterable[ResourceType]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for one in all_types:
        if one.group and one.version not in groups.setdefault(one.group, []):
            groups[one.group].append(one.version)
    return groups


def _group(name: str, versions: list[str]) -> JsonObject:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _resources(types: TypeRegistry, group: str, version: str) -> JsonObject:
    rows = [
        row
        for one in types.all()
        if (one.group, one.version) == (group, version)
        for row in _rows(one)
    ]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": rows,
    }


def _rows(t: ResourceType) -> list[JsonObject]:
    main: JsonObject = {
        "name": t.plural,
        "singularName": t.singular,
        "namespaced": t.namespaced,
        "kind": t.kind,
        "verbs": _verbs(t),
    }
    if t.short_names:
        main["shortNames"] = list(t.short_names)
    if t.group in {"", "apps", "batch", "autoscaling"} and t.has_status and t.namespaced:
        main["categories"] = ["all"]
    rows = [main]
    if t.has_status:
        rows.append(_sub(t, "status", t.kind, ("get", "patch", "update")))
    if t.has_scale:
        scale = _sub(t, "scale", "Scale", ("get", "patch", "update"))
        rows.append(scale | {"group": "autoscaling", "version": "v1"})
    rows += [_sub(t, *extra) for extra in _EXTRA.get(t.group_resource, ())]
    return rows


def _verbs(t: ResourceType) -> list[str]:
    if not t.stored:
        return ["create"]
    return [one for one in _VERBS if (t.plural, one) != ("namespaces", "deletecollection")]


def _sub(t: ResourceType, name: str, kind: str, verbs: tuple[str, ...]) -> JsonObject:
    return {
        "name": f"{t.plural}/{name}",
        "singularName": "",
        "namespaced": t.namespaced,
        "kind": kind,
        "verbs": list(verbs),
    }


def _openapi(types: TypeRegistry, rest: tuple[str, ...]) -> JsonObject:
    info = {"title": "Kubernetes", "version": "v1.34.4+embedded"}
    schemas = {f"{t.group or 'core'}.{t.version}.{t.kind}": _schema(t) for t in types.all()}
    if rest == ("v2",):
        return {"swagger": "2.0", "info": info, "paths": {}, "definitions": schemas}
    if rest == ("v3",):
        paths = {_root(t): {"serverRelativeURL": f"/openapi/v3/{_root(t)}"} for t in types.all()}
        return {"paths": paths}
    own = [t for t in types.all() if _root(t) == "/".join(rest[1:])]
    if rest[:1] != ("v3",) or not own:
        raise no_such_resource()
    schemas = {f"{t.group or 'core'}.{t.version}.{t.kind}": _schema(t) for t in own}
    paths = {_path(t): _operations(t) for t in own if t.stored}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _path(t: ResourceType) -> str:
    place = "/namespaces/{namespace}" if t.namespaced else ""
    return f"/{_root(t)}{place}/{t.plural}/{{name}}"


def _operations(t: ResourceType) -> JsonObject:
    """Say that writes take fieldValidation, so that kubectl leaves validation to the server."""
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string"}}
        for name in ("dryRun", "fieldManager", "fieldValidation")
    ]
    return {"patch": {"parameters": parameters, "x-kubernetes-group-version-kind": _kind(t)}}


def _kind(t: ResourceType) -> JsonObject:
    return {"group": t.group, "version": t.version, "kind": t.kind}


def _root(t: ResourceType) -> str:
    return f"apis/{t.group}/{t.version}" if t.group else f"api/{t.version}"


def _schema(t: ResourceType) -> JsonObject:
    return {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "x-kubernetes-group-version-kind": [_kind(t)],
    }
