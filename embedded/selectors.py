"""Label and field selectors as the API server reads them from a query.

In: selector strings. Out: a predicate over objects. Bad selectors raise `ApiError` 400.
Grammar: k8s.io/apimachinery/pkg/labels (equality, set and existence terms joined by commas).
"""

import re
from collections.abc import Callable, Mapping

from embedded.api_errors import bad_request
from embedded.json_objects import JsonObject, section
from embedded.resource_types import ResourceType

Predicate = Callable[[JsonObject], bool]

_SET = re.compile(r"^([^\s,!=()]+)\s+(in|notin)\s*\(([^)]*)\)$")
_EQUAL = re.compile(r"^([^\s,!=()]+)\s*(==|=|!=)\s*([^\s,!=()]*)$")
_EXISTS = re.compile(r"^(!?)\s*([^\s,!=()]+)$")
_TERMS = re.compile(r",(?![^(]*\))")


_EVERYWHERE = frozenset({"metadata.name", "metadata.namespace"})
_OF_EVENTS = frozenset(
    {
        "reason",
        "type",
        "source",
        "reportingComponent",
        *(
            f"involvedObject.{field}"
            for field in (
                "kind",
                "namespace",
                "name",
                "uid",
                "apiVersion",
                "resourceVersion",
                "fieldPath",
            )
        ),
    }
)
_FIELDS: Mapping[str, frozenset[str]] = {
    "pods": frozenset(
        {
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        }
    ),
    "events": _OF_EVENTS,
    "events.events.k8s.io": _OF_EVENTS,
    "namespaces": frozenset({"status.phase"}),
    "nodes": frozenset({"spec.unschedulable"}),
    "secrets": frozenset({"type"}),
    "services": frozenset({"spec.clusterIP", "spec.type"}),
    "jobs.batch": frozenset({"status.successful"}),
    "replicasets.apps": frozenset({"status.replicas"}),
    "replicationcontrollers": frozenset({"status.replicas"}),
}


def selector(labels: str = "", fields: str = "", t: ResourceType | None = None) -> Predicate | None:
    """Return what decides whether an object is selected; None selects everything.

    With a type, only the fields that the real server indexes for it may be named.

    Raises:
        ApiError: 400 when a selector cannot be read.
    """
    label_terms = [_label_term(term) for term in _split(labels)]
    field_terms = [_field_term(term, t) for term in _split(fields)]
    if not label_terms and not field_terms:
        return None

    def selects(obj: JsonObject) -> bool:
        own = section(obj, "metadata", "labels")
        return all(term(own) for term in label_terms) and all(term(obj) for term in field_terms)

    return selects


def equal_pairs(labels: str) -> list[tuple[str, str]]:
    """Return the labels that a selector wants to have exactly these values."""
    found = (_EQUAL.match(term) for term in _split(labels))
    return [(one[1], one[3]) for one in found if one is not None and one[2] != "!="]


def _split(text: str) -> list[str]:
    return [term.strip() for term in _TERMS.split(text) if term.strip()]


def _label_term(term: str) -> Callable[[Mapping[str, object]], bool]:
    if found := _SET.match(term):
        key, word, values = found.groups()
        wanted = {value.strip() for value in values.split(",")}
        if word == "in":
            return lambda own: own.get(key) in wanted
        return lambda own: own.get(key) not in wanted
    if found := _EQUAL.match(term):
        key, sign, value = found.groups()
        if sign == "!=":
            return lambda own: own.get(key) != value
        return lambda own: own.get(key) == value
    if found := _EXISTS.match(term):
        bang, key = found.groups()
        return lambda own: (key in own) != bool(bang)
    raise bad_request(f"unable to parse requirement: found {term!r}")


def _field_term(term: str, t: ResourceType | None) -> Predicate:
    found = _EQUAL.match(term)
    if not found:
        raise bad_request(f"invalid selector: {term!r}; can't understand {term!r}")
    path, sign, value = found.groups()
    own = _FIELDS.get(t.group_resource) if t is not None else None
    if t is not None and own is None and path not in _EVERYWHERE:
        raise bad_request(
            f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'
        )
    if t is not None and path not in _EVERYWHERE | (own or frozenset()):
        raise bad_request(f"field label not supported: {path}")
    steps = path.split(".")

    def selects(obj: JsonObject) -> bool:
        actual = section(obj, *steps[:-1]).get(steps[-1])
        return (str(actual if actual is not None else "") == value) == (sign != "!=")

    return selects


def matches_labels(wanted: Mapping[str, object], obj: JsonObject) -> bool:
    """Return whether the object carries all of these labels; no labels match nothing."""
    own = section(obj, "metadata", "labels")
    return bool(wanted) and all(own.get(key) == value for key, value in wanted.items())
