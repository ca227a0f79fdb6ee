"""Configuration that names hosts outside the sandbox: where a copy would go if nothing stopped it.

In: one object as archived. Out: which of its keys name a host. A Secret's values never leave here:
of them only the key is kept, and the namespace where it is a name inside the cluster. Pure.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from drills import objects
from drills.backups import ObjectKey, Reach
from drills.name_places import PLAIN_TYPES
from drills.objects import KubeObject
from drills.pod_specs import pod_spec

LONGEST = 65_536
"""Characters of a value that are looked at; what is longer is a file, no setting."""
MOST = 20
"""Reaches kept of one object, so that memory stays bounded."""
_SERVICE_LABELS = 2

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SERVICE = re.compile(
    rf"(?<![\w.-])(?:{_LABEL}\.)?({_LABEL})\.({_LABEL})\.svc(?![\w-])", re.IGNORECASE
)
_URL = re.compile(
    rf"://(?:[^\s/@]{{1,200}}@)?((?:{_LABEL}\.){{1,8}}[a-z]{{2,24}})(?![\w-])", re.IGNORECASE
)
_HOST = re.compile(rf"((?:{_LABEL}\.){{1,8}}[a-z]{{2,24}})(?::\d{{1,5}})?", re.IGNORECASE)
_SAYS_HOST = re.compile(r"host|addr|endpoint|server|broker|url|uri|dsn", re.IGNORECASE)
_IN_CLUSTER = re.compile(r"\.(svc|local|localhost|internal\.local)$", re.IGNORECASE)


def reaches(key: ObjectKey, obj: KubeObject) -> tuple[Reach, ...]:
    """Return what the object's settings name: hosts outside it, Services by full name."""
    found: dict[Reach, None] = {}
    for word, value in _settings(key.resource, obj):
        for host in _hosts(word, value[:LONGEST]):
            found[_reach(key, word, host)] = None
            if len(found) >= MOST:
                return tuple(found)
    return tuple(found)


def _reach(key: ObjectKey, word: str, host: str) -> Reach:
    """Return the reach; `db.production` is how pods may shorten `db.production.svc`."""
    service = host.endswith(".svc")
    labels = host.removesuffix(".svc").split(".")
    named = len(labels) == _SERVICE_LABELS
    return Reach(
        source=key,
        key=word,
        host="" if key.resource == "secrets" else host,
        namespace=labels[1] if named else "",
        service=service,
        name=labels[0] if named else "",
    )


def _hosts(word: str, value: str) -> Iterator[str]:
    if ".svc" in value:
        for service in _SERVICE.finditer(value):
            yield f"{service[1]}.{service[2]}.svc".lower()
    names = [match[1] for match in _URL.finditer(value)]
    if _SAYS_HOST.search(word) and (whole := _HOST.fullmatch(value.strip())):
        names.append(whole[1])
    yield from (name.lower() for name in names if not _IN_CLUSTER.search(name))


def _settings(resource: str, obj: KubeObject) -> Iterator[tuple[str, str]]:
    if resource == "configmaps":
        yield from _texts(objects.mapping(obj, "data"))
    elif resource == "secrets" and objects.text(obj, "type") in PLAIN_TYPES:
        for word, value in _texts(objects.mapping(obj, "data")):
            yield word, _decoded(value)
    else:
        yield from _environment(pod_spec(resource, obj))


def _environment(spec: KubeObject) -> Iterator[tuple[str, str]]:
    for kind in ("initContainers", "containers"):
        for container in objects.items(spec, kind):
            for variable in objects.items(container, "env"):
                yield objects.text(variable, "name"), objects.text(variable, "value")


def _texts(data: KubeObject) -> Iterator[tuple[str, str]]:
    return ((word, value) for word, value in data.items() if isinstance(value, str))


def _decoded(value: str) -> str:
    if len(value) > LONGEST:
        return ""
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
