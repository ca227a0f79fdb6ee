"""What keeps a kubelet from starting a pod's containers: mounts, images, references, Jobs.

In: a pod and the objects of its namespace. Out: a Hold, which names the container and the reason
as the kubelet of Kubernetes 1.34 does (`pkg/kubelet/kubelet_pods.go`, `images/image_manager.go`);
None where it would start. Mounts come before every container, init containers before the others.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from embedded.controllers.context import Context
from embedded.json_objects import JsonObject, items, namespace_of, section

_NAMES = {
    "configMapRef": "configmap",
    "configMapKeyRef": "configmap",
    "secretRef": "secret",
    "secretKeyRef": "secret",
}
_DOMAIN = (
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*"
    r"|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
)
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:{_DOMAIN}/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?"
    r"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,})?"
)
"""A reference by the grammar of distribution/reference."""
_WAITED_JOB = re.compile(r"\bjobs?(?:\.batch)?[/ ]([a-z0-9][a-z0-9.-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a container does not start; no container where no one of the pod's can."""

    reason: str
    message: str = ""
    container: str = ""


def absent_mount(context: Context, pod: JsonObject) -> Hold | None:
    """Return what is mounted and not there; the pod stays in ContainerCreating then."""
    for volume in items(pod, "spec", "volumes"):
        sources = [volume, *items(volume, "projected", "sources")]
        for kind, name in (found for source in sources for found in _mounted(source)):
            if context.objects.peek(f"{kind}s", namespace_of(pod), name) is None:
                return Hold(reason="ContainerCreating", message=f'{kind} "{name}" not found')
    return None


def _mounted(source: JsonObject) -> Iterator[tuple[str, str]]:
    for word, kind in (("secret", "secret"), ("configMap", "configmap")):
        named = section(source, word)
        name = named.get("secretName") or named.get("name")
        if name and not named.get("optional"):
            yield kind, str(name)


def held_back(context: Context, pod: JsonObject, kind: str) -> Hold | None:
    """Return what keeps one of the pod's containers (`initContainers`, `containers`) from going."""
    for container in items(pod, "spec", kind):
        found = _not_started(context, pod, container)
        if found is None and kind == "initContainers":
            found = _waiting_for_a_job(context, pod, container)
        if found is not None:
            return found
    return None


def _not_started(context: Context, pod: JsonObject, container: JsonObject) -> Hold | None:
    name, image = str(container.get("name")), str(container.get("image", ""))
    if not _IMAGE.fullmatch(image):
        why = (
            f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": '
            "invalid reference format"
        )
        return Hold(reason="InvalidImageName", message=why, container=name)
    absent = _absent_reference(context, pod, container)
    if absent:
        return Hold(reason="CreateContainerConfigError", message=absent, container=name)
    return None


def _absent_reference(context: Context, pod: JsonObject, container: JsonObject) -> str:
    place = namespace_of(pod)
    for source in [*items(container, "envFrom"), *_value_sources(container)]:
        for word, kind in _NAMES.items():
            named = source.get(word)
            if not isinstance(named, dict) or named.get("optional"):
                continue
            wanted = str(named.get("name"))
            there = context.objects.peek(f"{kind}s", place, wanted)
            if there is None:
                return f'{kind} "{wanted}" not found'
            key = named.get("key")
            held = {**section(there, "data"), **section(there, "binaryData")}
            if key is not None and key not in held:
                title = "Secret" if kind == "secret" else "ConfigMap"
                return f"couldn't find key {key} in {title} {place}/{wanted}"
    return ""


def _value_sources(container: JsonObject) -> list[JsonObject]:
    return [section(one, "valueFrom") for one in items(container, "env")]


def _waiting_for_a_job(context: Context, pod: JsonObject, container: JsonObject) -> Hold | None:
    """Return a hold where the container runs until a Job is complete, which it is not.

    Two ways are known: `kubectl wait ... job/NAME`, and k8s-wait-for with `job NAME`.
    """
    words = " ".join(str(word) for key in ("command", "args") for word in container.get(key) or ())
    known = "kubectl wait" in words or "wait-for" in f"{container.get('image')} {words}"
    for name in _WAITED_JOB.findall(words) if known else ():
        job = context.objects.peek("jobs.batch", namespace_of(pod), name)
        if job is None or not section(job, "status").get("completionTime"):
            return Hold(reason="", container=str(container.get("name")))
    return None
