"""The `resource` probe: are the objects there, and do they look right?

Asks the Kubernetes API for one object by name, or for all that carry the labels. Objects being
deleted do not count. Values of Secrets are compared but never shown.
"""

from collections.abc import Iterator, Mapping, Sequence

from drills import objects
from drills.expectations import Mismatch, check, show
from drills.jsonpath import find
from drills.objects import KubeObject
from drills.ports import Kind
from drills.probes.comparing import about, at_path, kept, path
from drills.probes.contract import Answer, ProbeContext
from scenarios.model import ProbeSpec

HIDDEN = "(a Secret's value is not shown)"


class ResourceProbe:
    """Keeps `Probe`."""

    kind = "resource"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:  # noqa: ARG002 - the port bounds its reads itself
        """Look once; raises NotServed, Forbidden, Unreachable, CannotAsk."""
        question = spec.question
        kind = Kind(objects.text(question, "apiVersion"), objects.text(question, "kind"))
        served = context.cluster.served(kind)
        namespace = context.sandbox(question) if served.namespaced else ""
        found = [
            obj
            for obj in _look(context, kind, namespace, question)
            if not objects.text(obj, "metadata", "deletionTimestamp")
        ]
        secret = served.resource == "secrets"
        absent = kept(_presence(spec.expect, len(found)))
        bad = kept(_state(spec.expect, found, secret=secret))
        return Answer(
            observed=_observed(spec.expect, found, secret=secret),
            mismatches=(*absent, *bad),
            explicable=served.resource == "pods" or (not absent and _is_status(spec.expect)),
        )


def _look(
    context: ProbeContext, kind: Kind, namespace: str, question: Mapping[str, object]
) -> Sequence[KubeObject]:
    name = objects.text(question, "name")
    if name:
        one = context.cluster.get(kind, namespace, name)
        return [] if one is None else [one]
    labels = ",".join(f"{k}={v}" for k, v in objects.mapping(question, "labels").items())
    return context.cluster.list(kind, namespace, labels=labels)


def _presence(expect: Mapping[str, object], count: int) -> Iterator[Mismatch | None]:
    if "exists" in expect or "count" not in expect:
        yield about("exists", check(expect.get("exists", True), count > 0))
    if "count" in expect:
        yield about("count", check(expect["count"], count))


def _state(
    expect: Mapping[str, object], found: Sequence[KubeObject], *, secret: bool
) -> Iterator[Mismatch | None]:
    if "jsonPath" in expect:
        value = _value(expect, found)
        yield Mismatch("the value expected", HIDDEN) if value and secret else value
    if "condition" in expect:
        yield _condition(expect["condition"], found)


def _value(expect: Mapping[str, object], found: Sequence[KubeObject]) -> Mismatch | None:
    """Compare the field of every object; without any object there is nothing to compare."""
    where = path(expect["jsonPath"])
    wrong = kept(at_path(where, expect.get("value"), obj) for obj in found)
    if found:
        return wrong[0] if wrong else None
    return about(where.text, Mismatch("in an object", "no object"))


def _condition(wanted: object, found: Sequence[KubeObject]) -> Mismatch | None:
    kind, status = objects.text(wanted, "type"), objects.text(wanted, "status") or "True"
    for seen in (_status(obj, kind) for obj in found) if found else (None,):
        if seen != status:
            return about(f"condition {kind}", Mismatch(status, seen or "absent"))
    return None


def _status(obj: KubeObject, kind: str) -> str | None:
    for condition in objects.items(obj, "status", "conditions"):
        if objects.text(condition, "type") == kind:
            return objects.text(condition, "status")
    return None


def _observed(
    expect: Mapping[str, object], found: Sequence[KubeObject], *, secret: bool
) -> Mapping[str, object]:
    observed: dict[str, object] = {"count": len(found)}
    if "jsonPath" in expect:
        values = [each for obj in found for each in find(path(expect["jsonPath"]), obj)]
        observed["value"] = HIDDEN if secret else show(values[0] if len(values) == 1 else values)
    if "condition" in expect:
        kind = objects.text(expect["condition"], "type")
        observed["condition"] = [_status(obj, kind) for obj in found]
    return observed


def _is_status(expect: Mapping[str, object]) -> bool:
    """Return whether a status is asked for: trouble of the environment explains a bad one."""
    return "condition" in expect or ".status" in str(expect.get("jsonPath", ""))


PROBE = ResourceProbe()
