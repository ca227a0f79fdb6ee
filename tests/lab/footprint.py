"""What a drill may not change: the whole cluster and the bucket, written down before and after.

In comes a cluster, out comes a value that is equal to another one when nothing happened between.
"""

import json
import re
import urllib.request
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import cast
from xml.etree import ElementTree as ET

from tests.lab.cluster import Cluster

_VELERO_KINDS_WRITE_STATUS = "velero.io/"
# What the conformance tests make in the same cluster, perhaps at the same time.
_OTHERS = re.compile(r"(^| |/)conf-|conformance\.example\.com")
_OWN_LIFE = frozenset({"resourceVersion", "managedFields"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Every object of the cluster, production word for word, and the names in the bucket."""

    objects: dict[str, str]
    """`Kind namespace/name` to its uid, and its generation where that counts spec changes only."""
    production: dict[str, str]
    """The same names to whole objects without their status."""
    bucket: tuple[str, ...]


def footprint(
    cluster: Cluster, velero_namespace: str, sources: Collection[str] = ("production",)
) -> Footprint:
    """Looks at everything; objects of the namespaces in `sources` are kept word for word."""
    objects: dict[str, str] = {}
    production: dict[str, str] = {}
    for kind, item in cluster.everything():
        meta = cast("dict[str, object]", item["metadata"])
        key = f"{kind} {meta.get('namespace', '')}/{meta['name']}"
        if _OTHERS.search(f"{key} {item.get('apiVersion')}"):
            continue
        objects[key] = _mark(item, meta)
        if (meta["name"] if kind == "Namespace" else meta.get("namespace")) in sources:
            production[key] = _words(item, meta)
    return Footprint(
        objects=objects, production=production, bucket=tuple(_bucket(cluster, velero_namespace))
    )


def difference(before: Footprint, after: Footprint) -> dict[str, object]:
    """What an assertion shows: empty where nothing changed."""
    gone, new = (
        before.objects.keys() - after.objects.keys(),
        after.objects.keys() - before.objects.keys(),
    )
    return {
        word: found
        for word, found in {
            "gone": sorted(gone),
            "new": sorted(new),
            "changed": [
                name
                for name, mark in before.objects.items()
                if after.objects.get(name, mark) != mark
            ],
            "production": [
                name for name, words in before.production.items()
                if after.production.get(name) != words
            ],
            "bucket": sorted(set(before.bucket) ^ set(after.bucket)),
        }.items()
        if found
    }  # fmt: skip


def _mark(item: dict[str, object], meta: dict[str, object]) -> str:
    # Velero's kinds have no status subresource: each status counts as a generation.
    velero = str(item.get("apiVersion", "")).startswith(_VELERO_KINDS_WRITE_STATUS)
    return str(meta.get("uid")) if velero else f"{meta.get('uid')} {meta.get('generation')}"


def _words(item: dict[str, object], meta: dict[str, object]) -> str:
    kept = {key: value for key, value in item.items() if key not in {"status", "metadata"}}
    kept["metadata"] = {key: value for key, value in meta.items() if key not in _OWN_LIFE}
    return json.dumps(kept, sort_keys=True, default=str)


def _bucket(cluster: Cluster, velero_namespace: str) -> Iterator[str]:
    location = cluster.find(
        "velero.io/v1", "BackupStorageLocation", "default", velero_namespace
    ) or {}  # fmt: skip
    spec = cast("dict[str, dict[str, str]]", location["spec"])
    url = f"{spec['config']['s3Url']}/{spec['objectStorage']['bucket']}?list-type=2"
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the lab's own store
        tree = ET.fromstring(answer.read())  # noqa: S314 - likewise
    yield from (str(key.text) for key in tree.iterfind(".//{*}Contents/{*}Key"))
