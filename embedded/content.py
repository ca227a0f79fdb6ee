"""Checks of what objects hold, where a wrong value would surprise on a real cluster.

In: whole objects. Out: nothing, or a refusal. Labels, annotations, finalizers and the keys and size
of ConfigMaps and Secrets are checked; the schemas of specifications are not. Wordings follow
k8s.io/apimachinery/pkg/util/validation at v0.34.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from embedded.api_errors import bad_request, invalid
from embedded.json_objects import JsonObject, items, name_of, section
from embedded.resource_types import ResourceType

Cause = tuple[str, str, str]

_VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_NAME = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_KEY = r"[-._a-zA-Z0-9]+"
_LONGEST = 63
_LARGEST = 1024 * 1024
_ANNOTATIONS = 256 * 1024
_STANDARD_FINALIZERS = frozenset({"orphan", "foregroundDeletion", "kubernetes"})
_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
    f"'12345', regex used for validation is '{_VALUE}')"
)
_NAME_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    f"validation is '{_NAME}')"
)
_KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name', "
    f" or 'KEY_NAME',  or 'key-name', regex used for validation is '{_KEY}')"
)


def check_content(t: ResourceType, body: JsonObject) -> None:
    """Refuse an object whose labels, annotations, finalizers or data are not allowed.

    Raises:
        ApiError: 400 for values that are no strings, 422 for strings that are not allowed.
    """
    for field in ("labels", "annotations"):
        _fill_nulls(section(body, "metadata", field))
        _require_strings(t, field, section(body, "metadata", field))
    causes = [*_labels(body), *_annotations(body), *_finalizers(body)]
    if t.group_resource in {"configmaps", "secrets"}:
        for field in ("data", "binaryData"):
            _fill_nulls(section(body, field))
        _require_strings(t, "data", section(body, "data"))
        _require_base64(t, body)
        causes += _data(body)
    if causes:
        raise invalid(t, name_of(body), *causes)


def _require_strings(t: ResourceType, field: str, values: JsonObject) -> None:
    place = "data" if field == "data" else f"metadata.{field}"
    owner = t.kind if field == "data" else "ObjectMeta"
    for value in values.values():
        if not isinstance(value, str):
            word = {bool: "bool", int: "number", float: "number", list: "array"}.get(
                type(value), "object"
            )
            raise bad_request(
                f'{t.kind} in version "{t.version}" cannot be handled as a {t.kind}: json: cannot '
                f"unmarshal {word} into Go struct field {owner}.{place} of type string"
            )


def _fill_nulls(values: JsonObject) -> None:
    """Put an empty text in the place of null, as Go reads a null in a map of strings."""
    for key in [key for key, value in values.items() if value is None]:
        values[key] = ""


def _require_base64(t: ResourceType, body: JsonObject) -> None:
    fields = ("data",) if t.group_resource == "secrets" else ("binaryData",)
    for value in (text for field in fields for text in section(body, field).values()):
        if _decoded_size(value) is None:
            raise bad_request(
                f'{t.kind} in version "{t.version}" cannot be handled as a {t.kind}: illegal '
                "base64 data at input byte 0"
            )


def _decoded_size(value: object) -> int | None:
    """Return how many bytes base64 text stands for, None where it is none; ends of lines pass."""
    text = str(value).replace("\n", "").replace("\r", "")
    try:
        return len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return None


def _bad(field: str, value: str, text: str) -> Cause:
    return field, "FieldValueInvalid", f'Invalid value: "{value}": {text}'


def _labels(body: JsonObject) -> Iterator[Cause]:
    for key, value in section(body, "metadata", "labels").items():
        yield from _qualified("metadata.labels", key)
        if len(value) > _LONGEST:
            yield _bad("metadata.labels", value, "must be no more than 63 bytes")
        if not re.fullmatch(_VALUE, value):
            yield _bad("metadata.labels", value, _VALUE_TEXT)


def _annotations(body: JsonObject) -> Iterator[Cause]:
    annotations = section(body, "metadata", "annotations")
    for key in annotations:
        yield from _qualified("metadata.annotations", key.lower())
    held = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if held > _ANNOTATIONS:
        text = f"Too long: may not be more than {_ANNOTATIONS} bytes"
        yield "metadata.annotations", "FieldValueTooLong", text


def _qualified(field: str, key: str) -> Iterator[Cause]:
    prefix, slash, name = key.rpartition("/")
    if len(name) > _LONGEST:
        yield _bad(field, key, "name part must be no more than 63 bytes")
    if not re.fullmatch(_NAME, name):
        yield _bad(field, key, _NAME_TEXT)
    if slash and not _PREFIX.fullmatch(prefix):
        yield _bad(
            field,
            key,
            "prefix part a lowercase RFC 1123 subdomain must consist of lower "
            "case alphanumeric characters, '-' or '.'",
        )


def _finalizers(body: JsonObject) -> Iterator[Cause]:
    for one in items(body, "metadata", "finalizers"):
        yield from _qualified("metadata.finalizers", one)
        if "/" not in one and one not in _STANDARD_FINALIZERS:
            text = "name is neither a standard finalizer name nor is it fully qualified"
            yield _bad("metadata.finalizers", one, text)


def _data(body: JsonObject) -> Iterator[Cause]:
    for field in ("data", "binaryData"):
        for key in section(body, field):
            if not re.fullmatch(_KEY, key):
                yield _bad(f"{field}[{key}]", key, _KEY_TEXT)
    for key in section(body, "data").keys() & section(body, "binaryData").keys():
        yield _bad(f"data[{key}]", key, "duplicate of key present in binaryData")
    is_map = body["kind"] == "ConfigMap"
    if _held(body, encoded=("binaryData",) if is_map else ("data",)) > _LARGEST:
        where = "[]" if is_map else "data"
        text = f"Too long: may not be more than {_LARGEST} bytes"
        yield where, "FieldValueTooLong", text


def _held(body: JsonObject, *, encoded: tuple[str, ...]) -> int:
    """Return how many bytes the values are that readers get: of base64 those that it stands for."""
    sizes = (
        _decoded_size(value) or 0 if field in encoded else len(str(value).encode())
        for field in ("data", "binaryData")
        for value in section(body, field).values()
    )
    return sum(sizes)
