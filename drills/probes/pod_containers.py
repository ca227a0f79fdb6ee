"""Which container of a pod is meant. Pure.

| the question names        | and                                  | container                     |
|---------------------------|--------------------------------------|-------------------------------|
| none                      | the pod's annotation names one of it | that one                      |
|                           | otherwise                            | the first                     |
| one of its containers     |                                      | it                            |
| a native sidecar          |                                      | it                            |
| an init container         | its log is wanted                    | it                            |
|                           | otherwise                            | cannot be asked: it has ended |
| none that the pod has     |                                      | cannot be asked               |

A pod whose spec is not known is asked as the scenario says.
"""

from collections.abc import Iterator, Mapping

from drills import objects
from drills.errors import CannotAsk
from drills.findings import Cause
from drills.objects import KubeObject

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
"""Annotation by which a pod names the container that is meant when none is named."""


def container_of(pod: KubeObject, wanted: str, *, log: bool = False) -> str:
    """Return the container to ask, '' for the first; raises CannotAsk (configuration)."""
    spec = objects.mapping(pod, "spec")
    if not wanted:
        named = objects.text(pod, "metadata", "annotations", DEFAULT_CONTAINER)
        return named if not spec or named in set(lasting(spec)) else ""
    trouble = trouble_with(spec, wanted, log=log) if spec else None
    if trouble is None:
        return wanted
    raise CannotAsk(
        f"pod {objects.name(pod)}: {trouble}",
        hint="correct `container` in the probe, or leave it out for the pod's default one",
        cause=Cause.CONFIGURATION,
    )


def trouble_with(spec: Mapping[str, object], wanted: str, *, log: bool = False) -> str | None:
    """Return why the container that the probe names cannot be asked, None where it can."""
    if wanted in set(lasting(spec)) or wanted in set(_names(spec, "ephemeralContainers")):
        return None
    if wanted in set(_names(spec, "initContainers")):
        return None if log else f"{wanted} is an init container, which has ended by now"
    return f"it has no container named {wanted}; it has {', '.join(lasting(spec)) or 'none'}"


def lasting(spec: Mapping[str, object]) -> Iterator[str]:
    """Yield the names of the containers that run as long as the pod does, native sidecars too."""
    yield from _names(spec, "containers")
    for each in objects.items(spec, "initContainers"):
        if objects.text(each, "restartPolicy") == "Always":
            yield objects.text(each, "name")


def _names(spec: Mapping[str, object], kind: str) -> Iterator[str]:
    for each in objects.items(spec, kind):
        yield objects.text(each, "name")
