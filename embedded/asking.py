"""What a request says, before anything is done about it.

In: parsed requests. Out: the verb in the words of RBAC, the decoded body, the options of writes.
"""

from typing import Any

import yaml

from embedded.api_errors import ApiError, bad_request
from embedded.faults import Asked
from embedded.http_wire import Request, decoded_json
from embedded.json_objects import JsonObject
from embedded.patching import APPLY
from embedded.routes import Target

_YAML = frozenset({"application/yaml", APPLY})
_UNREADABLE = frozenset({"application/vnd.kubernetes.protobuf", "application/cbor"})
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


def asked_for(target: Target, request: Request) -> Asked:
    """Return the request in the words of RBAC."""
    verb = _VERBS.get(request.method, "")
    if request.method in {"GET", "HEAD"}:
        verb = "get" if target.name else "watch" if request.flag("watch") else "list"
    elif request.method == "DELETE":
        verb = "delete" if target.name else "deletecollection"
    plural, sub = target.type.plural, target.subresource
    return Asked(
        verb=verb or request.method.lower(),
        group=target.type.group,
        resource=f"{plural}/{sub}" if sub else plural,
        namespace=target.namespace,
        name=target.name,
    )


def body_of(request: Request) -> Any:  # noqa: ANN401  # whatever JSON the client sent
    """Return the decoded body.

    Raises:
        ApiError: 400 when it cannot be read, 415 for an encoding that is not served.
    """
    if request.content_type in _UNREADABLE:
        raise ApiError(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml",
        )
    if request.content_type not in _YAML:
        return decoded_json(request.body)
    try:
        return yaml.safe_load(request.body)
    except yaml.YAMLError as problem:
        raise bad_request(f"the request body is no YAML: {problem}") from problem


def object_in(request: Request) -> JsonObject:
    """Return the decoded body, which must be an object.

    Raises:
        ApiError: 400 for anything else.
    """
    body = body_of(request)
    if not isinstance(body, dict):
        raise bad_request("the request body is no object")
    return body


def is_dry(request: Request) -> bool:
    """Return whether the request only asks what would happen.

    Raises:
        ApiError: 400 for a word other than `All`.
    """
    asked = request.param("dryRun")
    if asked not in {"", "All"}:
        raise bad_request(f'Invalid value: "{asked}": dryRun must be All')
    return asked == "All"


def propagation_of(options: JsonObject, request: Request) -> str:
    """Return what a deletion means for dependents: Background, Foreground or Orphan.

    Raises:
        ApiError: 400 for another word.
    """
    asked = options.get("propagationPolicy") or request.param("propagationPolicy")
    if not asked and options.get("orphanDependents") is True:
        return "Orphan"
    if asked and asked not in {"Background", "Foreground", "Orphan"}:
        raise bad_request(f'invalid propagationPolicy: "{asked}"')
    return str(asked or "Background")
