"""Where an object may name Services: settings that are read by the application, nothing else.

In: one object as archived or as it stands in a cluster. Out: its texts with their places, or the
object with these texts changed. Images, labels and annotations are no settings. Pure.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from drills import objects
from drills.objects import KubeObject
from drills.pod_specs import POD_SPECS

PLAIN_TYPES = frozenset({"", "Opaque", "kubernetes.io/basic-auth"})
"""Types of Secrets that hold settings; certificates, tokens and Helm releases hold none."""
REVISIONS = "controllerrevisions.apps"
"""Hold the pod's template of a StatefulSet or DaemonSet a second time; where the two differ, the
controller takes the restored pods for old ones and replaces them."""
REVISED_SPEC = ("data", "spec", "template", "spec")
"""The path to the pod's spec in a revision."""
ALIAS = "externalName"
_PLACES: Mapping[str, tuple[str, ...]] = {
    **POD_SPECS,
    REVISIONS: REVISED_SPEC,
}
_CONTAINERS = ("initContainers", "containers")
_LISTS = ("command", "args")
_TREES = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle")
_CNAME_ENDS = (".svc.cluster.local", ".svc.cluster.local.")
"""A DNS alias is not completed from the pod's search list, so it must be whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in an object a text stands."""

    key: str
    """The data's key, the variable's name, else the field's."""
    container: str = ""

    def __str__(self) -> str:
        """Return it as a report says it."""
        return f"{self.key} of container {self.container}" if self.container else self.key


Change = Callable[[Place, str], str]


def texts(resource: str, obj: KubeObject) -> Iterator[tuple[Place, str]]:
    """Yield every text in which a Service may be named; a Secret's decoded."""
    found: list[tuple[Place, str]] = []

    def note(place: Place, text: str) -> str:
        found.append((place, text))
        return text

    changed(resource, obj, note)
    yield from found


def changed(resource: str, obj: KubeObject, change: Change) -> KubeObject:
    """Return `obj` with every such text changed; everything else is left as it is."""
    if resource == "configmaps":
        return _with_data(obj, lambda key, text: change(Place(key=key), text))
    if resource == "secrets":
        plain = objects.text(obj, "type") in PLAIN_TYPES
        return _with_data(obj, lambda key, text: _secret(key, text, change)) if plain else obj
    if resource == "services":
        return _service(obj, change)
    path = _PLACES.get(resource)
    return _below(obj, path, lambda spec: _pod(spec, change)) if path else obj


def _with_data(obj: KubeObject, change: Callable[[str, str], str]) -> KubeObject:
    data = {
        key: change(key, value) if isinstance(value, str) else value
        for key, value in objects.mapping(obj, "data").items()
    }
    return {**obj, "data": data} if data else obj


def _secret(key: str, value: str, change: Change) -> str:
    try:
        plain = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return value
    new = change(Place(key=key), plain)
    return value if new == plain else base64.b64encode(new.encode()).decode()


def _service(obj: KubeObject, change: Change) -> KubeObject:
    spec = objects.mapping(obj, "spec")
    name = objects.text(spec, ALIAS)
    if objects.text(spec, "type") != "ExternalName" or not name.lower().endswith(_CNAME_ENDS):
        return obj
    return {**obj, "spec": {**spec, ALIAS: change(Place(key=ALIAS), name)}}


def _below(
    obj: KubeObject, path: tuple[str, ...], change: Callable[[KubeObject], KubeObject]
) -> KubeObject:
    if not path:
        return change(obj)
    part = objects.mapping(obj, path[0])
    return {**obj, path[0]: _below(part, path[1:], change)} if part else obj


def _pod(spec: KubeObject, change: Change) -> KubeObject:
    result = dict(spec)
    for kind in _CONTAINERS:
        if containers := objects.items(spec, kind):
            result[kind] = [
                _container(one, change) if isinstance(one, Mapping) else one for one in containers
            ]
    return result


def _container(container: KubeObject, change: Change) -> KubeObject:
    name, result = objects.text(container, "name"), dict(container)
    if variables := objects.items(container, "env"):
        result["env"] = [_variable(one, name, change) for one in variables]
    for key in (*_LISTS, *_TREES):
        if key in container:
            result[key] = _tree(container[key], partial(change, Place(key=key, container=name)))
    return result


def _variable(variable: object, container: str, change: Change) -> object:
    if not isinstance(variable, Mapping) or not isinstance(variable.get("value"), str):
        return variable
    place = Place(key=objects.text(variable, "name"), container=container)
    return {**variable, "value": change(place, variable["value"])}


def _tree(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _tree(below, change) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_tree(below, change) for below in value]
    return value
