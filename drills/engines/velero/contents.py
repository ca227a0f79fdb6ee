"""What an archive holds: its entries become objects, one at a time, so memory stays bounded.

In: an open archive. Out: the inventory's objects and findings for what is damaged. The layout is
that of Velero v1.18 `pkg/backup`, `pkg/archive`: `resources/<plural>[.<group>]/cluster/NAME.json`
or `.../namespaces/NS/NAME.json`, and a duplicate of each below a version folder, which is skipped.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from drills import objects
from drills.addresses import address_uses, addresses_of
from drills.backups import (
    AddressUse,
    BackedUpObject,
    ClusterBinding,
    FoundName,
    ObjectKey,
    Operated,
    Reach,
)
from drills.cluster_rights import binding_of
from drills.engines.velero.archive import Counted, Entry, entries
from drills.engines.velero.judgement import backed_up, with_data
from drills.engines.velero.reaches import reaches
from drills.engines.velero.remarks import damage
from drills.errors import BackupUnreadable
from drills.findings import Finding
from drills.objects import KubeObject
from drills.operated import operated_of
from drills.rewriting import named_in

VERSION_FILE = "metadata/version"
KNOWN_FORMATS = frozenset({"1", "1.1.0"})
"""Format versions that Velero has written so far; 1.14 to 1.18 write 1.1.0."""

SCOPES = frozenset({"cluster", "namespaces"})
PREFERRED = "-preferredversion"
"""Ends the folder of the version that the source preferred (`pkg/apis/velero/v1`)."""

_CLUSTER_DEPTH = 4
_NAMESPACED_DEPTH = 5


@dataclass(slots=True)
class Contents:
    """What was found, filled while the archive is read."""

    found: dict[ObjectKey, BackedUpObject] = field(default_factory=dict)
    damaged: list[Finding] = field(default_factory=list)
    reaches: list[Reach] = field(default_factory=list)
    named: list[FoundName] = field(default_factory=list)
    address_uses: list[AddressUse] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    bindings: list[ClusterBinding] = field(default_factory=list)
    operated: list[Operated] = field(default_factory=list)
    versions: dict[str, set[str]] = field(default_factory=dict)
    """apiVersions in which the archive holds each resource."""
    format: str | None = None
    bytes: int = 0


def read_contents(
    source: BinaryIO, pause: Callable[[], None], namespaces: Collection[str] = ()
) -> Contents:
    """Read the archive to its end; raises BackupUnreadable, and what `pause` raises.

    `pause` is called between entries, so that a long reading can be interrupted. In `namespaces`
    names are looked for that may be those of Services there.
    """
    counted, contents = Counted(source), Contents()
    resources = False
    for entry in entries(counted, lambda path: _noted(contents, path)):
        pause()
        if entry.path == VERSION_FILE:
            contents.format = entry.body.decode(errors="replace").strip()
            continue
        resources = True
        _take(contents, entry, namespaces)
    contents.bytes = counted.bytes
    if not resources:
        raise BackupUnreadable(
            "the archive holds no resources at all; Velero would call its restore Completed"
        )
    _check_format(contents)
    return contents


def key_of(path: str) -> ObjectKey | None:
    """Return which object a path names, None for a version folder's duplicate and the rest."""
    parts = path.split("/")
    if parts[0] != "resources" or not path.endswith(".json"):
        return None
    if len(parts) == _CLUSTER_DEPTH and parts[2] == "cluster":
        return ObjectKey(resource=parts[1], namespace="", name=parts[3].removesuffix(".json"))
    if len(parts) == _NAMESPACED_DEPTH and parts[2] == "namespaces":
        name = parts[4].removesuffix(".json")
        return ObjectKey(resource=parts[1], namespace=parts[3], name=name)
    return None


def _noted(contents: Contents, path: str) -> bool:
    """Return whether the entry is wanted; take note of the version that a duplicate is in."""
    parts = path.split("/")
    if len(parts) > _CLUSTER_DEPTH and parts[0] == "resources" and parts[2] not in SCOPES:
        group = parts[1].partition(".")[2]
        version = parts[2].removesuffix(PREFERRED)
        named = f"{group}/{version}" if group else version
        contents.versions.setdefault(parts[1], set()).add(named)
    return _wanted(path)


def _wanted(path: str) -> bool:
    return path == VERSION_FILE or key_of(path) is not None


def _take(contents: Contents, entry: Entry, namespaces: Collection[str]) -> None:
    key = key_of(entry.path)
    if key is None:
        return
    try:
        obj = _parsed(entry.body)
    except ValueError as error:
        why = f"{entry.path} in the archive cannot be read: {error}."
        contents.damaged.append(damage("object-unreadable", str(key), why))
        return
    if (objects.name(obj), objects.namespace(obj)) != (key.name, key.namespace):
        why = f"{entry.path} holds {objects.namespace(obj)}/{objects.name(obj)} instead."
        contents.damaged.append(damage("object-misplaced", str(key), why))
    contents.found[key] = backed_up(key, obj)
    if contents.found[key].owner is None:
        contents.reaches.extend(reaches(key, obj))
        contents.address_uses.extend(address_uses(key, obj))
    contents.addresses.update(addresses_of(key, obj))
    if binding := binding_of(key, obj):
        contents.bindings.append(binding)
    if key.namespace in namespaces and (operated := operated_of(key, obj)):
        contents.operated.append(operated)
    if key.namespace in namespaces and (named := named_in(key, obj, namespaces)):
        contents.named.extend(named)
        contents.found[key] = with_data(contents.found[key], obj, {n.place.key for n in named})


def _parsed(body: bytes) -> KubeObject:
    try:
        parsed: object = json.loads(body)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(parsed, Mapping) or not objects.text(parsed, "kind"):
        raise ValueError("it is no Kubernetes object")
    return parsed


def _check_format(contents: Contents) -> None:
    if contents.format is None:
        why = f"The archive has no {VERSION_FILE}."
        contents.damaged.append(damage("format-unknown", VERSION_FILE, why))
    elif contents.format not in KNOWN_FORMATS:
        why = f"The archive's format {contents.format[:40]!r} is not known."
        remedy = "Use a version of this tool that knows the format."
        contents.damaged.append(damage("format-unknown", VERSION_FILE, why, remedy))
