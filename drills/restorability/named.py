"""What a pod cannot start without: the objects that its spec names in its own namespace. Pure."""

from collections.abc import Iterator, Mapping

from drills import objects
from drills.objects import KubeObject

ENV: Mapping[str, tuple[str, str]] = {
    "secretKeyRef": ("secrets", "name"),
    "configMapKeyRef": ("configmaps", "name"),
    "secretRef": ("secrets", "name"),
    "configMapRef": ("configmaps", "name"),
}
VOLUMES: Mapping[str, tuple[str, str]] = {
    "secret": ("secrets", "secretName"),
    "configMap": ("configmaps", "name"),
    "persistentVolumeClaim": ("persistentvolumeclaims", "claimName"),
}
PROJECTED: Mapping[str, tuple[str, str]] = {
    "secret": ("secrets", "name"),
    "configMap": ("configmaps", "name"),
}


def named_by_pod(spec: KubeObject) -> Iterator[tuple[str, str]]:
    """Yield (plural, name) of Secrets, ConfigMaps, claims and the account, but optional ones."""
    account = objects.text(spec, "serviceAccountName") or objects.text(spec, "serviceAccount")
    if account:
        yield "serviceaccounts", account
    for pull in objects.items(spec, "imagePullSecrets"):
        if name := objects.text(pull, "name"):
            yield "secrets", name
    yield from needed_to_start(spec)


def needed_to_start(spec: KubeObject) -> Iterator[tuple[str, str]]:
    """Yield (plural, name) of what the kubelet starts no container without."""
    for volume in objects.items(spec, "volumes"):
        yield from _sources(volume, VOLUMES)
        for source in objects.items(volume, "projected", "sources"):
            yield from _sources(source, PROJECTED)
    for key in ("initContainers", "containers"):
        for container in objects.items(spec, key):
            for source in objects.items(container, "envFrom"):
                yield from _sources(source, ENV)
            for variable in objects.items(container, "env"):
                yield from _sources(objects.mapping(variable, "valueFrom"), ENV)


def _sources(holder: object, words: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for word, (resource, key) in words.items():
        source = objects.mapping(holder, word)
        name = objects.text(source, key)
        if name and objects.dig(source, "optional") is not True:
            yield resource, name
