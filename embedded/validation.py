"""What every object must be, whatever its type: its own kind, a valid name, its own namespace.

In: objects from clients. Out: the object with its metadata completed, or a refusal. Wordings
follow k8s.io/apimachinery/pkg/api/validation at v0.34.
"""

import random
import re
import string
from dataclasses import replace

from embedded.api_errors import ApiError, bad_request, invalid
from embedded.json_objects import JsonObject, copied_object, section, without_nulls
from embedded.resource_types import ResourceType

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
    f"regex used for validation is '{_LABEL}')"
)
_1035_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with "
    "an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
    f"'abc-123', regex used for validation is '{_1035}')"
)
_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' "
    "or '.', and must start and end with an alphanumeric character (e.g. 'example.com', "
    f"regex used for validation is '{_SUBDOMAIN}')"
)
_RULES = {
    "label": (re.compile(_LABEL), 63, _LABEL_TEXT),
    "1035": (re.compile(_1035), 63, _1035_TEXT),
    "subdomain": (re.compile(_SUBDOMAIN), 253, _SUBDOMAIN_TEXT),
    "segment": (re.compile(r"(?!\.{1,2}$)[^/%]+"), 253, "may not contain '/' or '%'"),
}
_GROUPS_OF_SEGMENTS = frozenset({"rbac.authorization.k8s.io"})
_UNSET_VERSIONS = (None, "", "0")
_SUFFIX = string.digits + string.ascii_lowercase
_NAMES = random.Random()  # noqa: S311  # names, no secrets


def name_rule(t: ResourceType) -> str:
    """Return which rule names of this type follow."""
    if t.group in _GROUPS_OF_SEGMENTS:
        return "segment"
    return {"namespaces": "label", "services": "1035"}.get(t.group_resource, "subdomain")


def check_name(t: ResourceType, name: str) -> None:
    """Refuse a name that is not allowed for the type.

    Raises:
        ApiError: 422 Invalid.
    """
    pattern, longest, text = _RULES[name_rule(t)]
    causes = []
    if not pattern.fullmatch(name):
        causes.append(_bad_name(name, text))
    if len(name) > longest:
        causes.append(_bad_name(name, f"must be no more than {longest} characters"))
    if causes:
        raise invalid(t, name, *causes)


def _bad_name(name: str, text: str) -> tuple[str, str, str]:
    return "metadata.name", "FieldValueInvalid", f'Invalid value: "{name}": {text}'


def check_kind(t: ResourceType, obj: JsonObject) -> None:
    """Refuse an object of another type than the path says.

    Raises:
        ApiError: 400 for built-in types and other versions, 422 for custom ones.
    """
    api_version, kind = obj.get("apiVersion"), obj.get("kind")
    if t.custom and not kind:
        raise bad_request("Object 'Kind' is missing in the object provided")
    if api_version not in {None, "", t.api_version}:
        if t.custom:
            raise bad_request(
                f"the API version in the data ({api_version}) does not match the expected API "
                f"version ({t.api_version})"
            )
        raise bad_request(
            f'{kind} in version "{api_version}" cannot be handled as a {t.kind}: no kind "{kind}" '
            f'is registered for version "{api_version}" in scheme "pkg/runtime/scheme.go:110"'
        )
    if kind in {None, "", t.kind}:
        return
    if t.custom:
        text = f'Invalid value: "{kind}": must be {t.kind}'
        name = str(section(obj, "metadata").get("name"))
        told = replace(t, kind=str(kind))
        raise invalid(told, name, ("kind", "FieldValueInvalid", text))
    raise bad_request(
        f'{kind} in version "{t.version}" cannot be handled as a {t.kind}: converting '
        f"({api_version}.{kind}) to ({t.group or 'core'}.{t.kind}): unknown conversion"
    )


def new_body(t: ResourceType, obj: JsonObject, namespace: str | None) -> JsonObject:
    """Return a copy of a new object with its kind, name and namespace settled.

    Raises:
        ApiError: 400 or 422 when they contradict each other or are not allowed.
    """
    check_kind(t, obj)
    body = copied_object(obj) if t.untyped else dict(without_nulls(obj))
    body["apiVersion"], body["kind"] = t.api_version, t.kind
    metadata = body["metadata"] = dict(section(body, "metadata"))
    _settle_namespace(t, metadata, namespace)
    if metadata.get("resourceVersion") not in _UNSET_VERSIONS:
        raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
    _settle_name(t, metadata)
    for owned_by_server in ("selfLink", "managedFields", "deletionTimestamp", "resourceVersion"):
        metadata.pop(owned_by_server, None)
    metadata.pop("deletionGracePeriodSeconds", None)
    return body


def _settle_namespace(t: ResourceType, metadata: JsonObject, namespace: str | None) -> None:
    if not t.namespaced:
        metadata.pop("namespace", None)
        return
    told = metadata.get("namespace")
    if told and namespace and told != namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    metadata["namespace"] = namespace or told
    if not metadata["namespace"]:
        raise bad_request("an empty namespace may not be set during creation")


def _settle_name(t: ResourceType, metadata: JsonObject) -> None:
    if not metadata.get("name") and metadata.get("generateName"):
        ending = "".join(_NAMES.choices(_SUFFIX, k=5))
        metadata["name"] = f"{metadata['generateName']}{ending}"
    if not metadata.get("name"):
        text = "Required value: name or generateName is required"
        raise invalid(t, "", ("metadata.name", "FieldValueRequired", text))
    check_name(t, metadata["name"])
