"""Configuration that names hosts outside the sandbox: where a copy would go if nothing stopped it.

In: one object as archived. Out: which of its keys name a host. A Secret's values never leave here:
of them only the key is kept, and the namespace where it is a name inside the cluster. Pure.
"""

import re
from collections.abc import Iterator

from drills.addresses import SAYS_HOST
from drills.backups import ObjectKey, Reach
from drills.name_places import texts
from drills.objects import KubeObject

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
_IN_CLUSTER = re.compile(r"\.(svc|local|localhost|internal\.local)$", re.IGNORECASE)


def reaches(key: ObjectKey, obj: KubeObject) -> tuple[Reach, ...]:
    """Return what the object's settings name: hosts outside it, Services by full name."""
    found: dict[Reach, None] = {}
    if key.resource == "services":
        return ()  # An alias is led along or leads nowhere.
    for place, value in texts(key.resource, obj):
        for host in _hosts(place.key, value[:LONGEST]):
            found[_reach(key, place.key, host)] = None
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
    if SAYS_HOST.search(word) and (whole := _HOST.fullmatch(value.strip())):
        names.append(whole[1])
    yield from (name.lower() for name in names if not _IN_CLUSTER.search(name))
