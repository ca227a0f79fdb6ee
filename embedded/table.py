"""Objects as clients ask to see them: whole, metadata only, or as a table for people.

In: the Accept header and objects. Out: the same objects in that shape. kubectl prints what the
server puts into the table; columns here are few: name, what matters most, age.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from embedded.json_objects import JsonObject, items, section

Shape = str
WHOLE, METADATA, TABLE = "", "PartialObjectMetadata", "Table"
_META = "meta.k8s.io/v1"


def shape_of(accept: str) -> Shape:
    """Return the first shape in the Accept header that is served."""
    for offer in accept.split(","):
        parts = {part.strip() for part in offer.split(";")}
        if "as=Table" in parts:
            return TABLE
        if parts & {"as=PartialObjectMetadata", "as=PartialObjectMetadataList"}:
            return METADATA
        if parts & {"application/json", "*/*"}:
            return WHOLE
    return WHOLE


def shaped(shape: Shape, obj: JsonObject) -> JsonObject:
    """Return one object in the shape."""
    if shape == METADATA:
        return _partial(obj)
    if shape == TABLE:
        return table_of([obj], section(obj, "metadata").get("resourceVersion", ""))
    return obj


def shaped_list(shape: Shape, objects: Sequence[JsonObject], metadata: JsonObject) -> JsonObject:
    """Return a list of objects in the shape METADATA or TABLE."""
    if shape == TABLE:
        return table_of(objects, metadata["resourceVersion"]) | {"metadata": metadata}
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": _META,
        "metadata": metadata,
        "items": [_partial(one) for one in objects],
    }


def _partial(obj: JsonObject) -> JsonObject:
    metadata = obj.get("metadata", {})
    return {"kind": "PartialObjectMetadata", "apiVersion": _META, "metadata": metadata}


def table_of(objects: Sequence[JsonObject], version: str) -> JsonObject:
    """Return the objects as a Table."""
    kind = str(objects[0].get("kind")) if objects else ""
    columns = (("Name", _name), *_COLUMNS.get(kind, ()), ("Age", _age))
    return {
        "kind": "Table",
        "apiVersion": _META,
        "metadata": {"resourceVersion": version},
        "columnDefinitions": [
            {
                "name": title,
                "type": "string",
                "format": "name" if title == "Name" else "",
                "description": "",
                "priority": 0,
            }
            for title, _ in columns
        ],
        "rows": [
            {"cells": [cell(one) for _, cell in columns], "object": _partial(one)}
            for one in objects
        ],
    }


Cell = Callable[[JsonObject], object]


def _name(obj: JsonObject) -> str:
    return str(section(obj, "metadata").get("name"))


def _age(obj: JsonObject) -> str:
    text = str(section(obj, "metadata").get("creationTimestamp") or "")
    if not text:
        return "<unknown>"
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds())
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{max(seconds, 0)}s"


def _at(*path: str) -> Cell:
    def cell(obj: JsonObject) -> object:
        value = section(obj, *path[:-1]).get(path[-1])
        return "" if value is None else str(value)

    return cell


def _ready(wanted: str, ready: str) -> Cell:
    def cell(obj: JsonObject) -> object:
        have = section(obj, "status").get(ready, 0)
        return f"{have}/{section(obj, 'spec').get(wanted, 0)}"

    return cell


def _pod_ready(obj: JsonObject) -> object:
    states = items(obj, "status", "containerStatuses")
    return f"{sum(1 for one in states if one.get('ready'))}/{len(items(obj, 'spec', 'containers'))}"


def _size(obj: JsonObject) -> object:
    return str(len(section(obj, "data")))


def _ports(obj: JsonObject) -> object:
    shown = [
        f"{one.get('port')}:{one['nodePort']}/{one.get('protocol')}"
        if one.get("nodePort")
        else f"{one.get('port')}/{one.get('protocol')}"
        for one in items(obj, "spec", "ports")
    ]
    return ",".join(shown) or "<none>"


_PHASE = (("Status", _at("status", "phase")),)
_COLUMNS: dict[str, tuple[tuple[str, Cell], ...]] = {
    "Namespace": _PHASE,
    "PersistentVolume": _PHASE,
    "PersistentVolumeClaim": (
        ("Status", _at("status", "phase")),
        ("Volume", _at("spec", "volumeName")),
    ),
    "Pod": (("Ready", _pod_ready), ("Status", _at("status", "phase"))),
    "Deployment": (("Ready", _ready("replicas", "readyReplicas")),),
    "ReplicaSet": (("Ready", _ready("replicas", "readyReplicas")),),
    "StatefulSet": (("Ready", _ready("replicas", "readyReplicas")),),
    "ConfigMap": (("Data", _size),),
    "Secret": (("Type", _at("type")), ("Data", _size)),
    "Service": (
        ("Type", _at("spec", "type")),
        ("Cluster-IP", _at("spec", "clusterIP")),
        ("Port(s)", _ports),
    ),
    "Backup": _PHASE,
    "Restore": _PHASE,
    "BackupStorageLocation": (("Phase", _at("status", "phase")),),
    "Lease": (("Holder", _at("spec", "holderIdentity")),),
}
