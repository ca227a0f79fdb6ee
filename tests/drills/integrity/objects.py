"""Objects put into the archive of a bucket, as Velero archives what a snapshot is restored by."""

import json
from collections.abc import Mapping

from drills import objects
from drills.objects import KubeObject
from tests.drills.integrity.buckets import LIST, METADATA, Files, documents, put, rewritten

SNAPSHOT = "velero-data-ledger-0-x"
GROUP = "snapshot.storage.k8s.io"


def snapshot_objects(files: Files) -> None:
    """Archive the VolumeSnapshot of the shop's claim with its content, and mark the claim."""
    marked(files, {"velero.io/volume-snapshot-name": SNAPSHOT})
    version = f"{GROUP}/v1"
    snapshot = {
        "apiVersion": version,
        "kind": "VolumeSnapshot",
        "metadata": {"name": SNAPSHOT, "namespace": "production"},
        "status": {"boundVolumeSnapshotContentName": "c", "readyToUse": True},
    }
    content = {
        "apiVersion": version,
        "kind": "VolumeSnapshotContent",
        "metadata": {"name": "c"},
        "status": {"snapshotHandle": "s-1"},
    }
    add(files, f"volumesnapshots.{GROUP}", snapshot, listed=True)
    add(files, f"volumesnapshotcontents.{GROUP}", content, listed=True)


def marked(files: Files, annotations: Mapping[str, str]) -> None:
    """Put annotations onto the shop's claim, as Velero does once it took a snapshot of it."""

    def annotate(found: dict[str, bytes]) -> None:
        for path in [path for path in found if path.endswith("/data-ledger-0.json")]:
            claim = json.loads(found[path])
            claim["metadata"].setdefault("annotations", {}).update(annotations)
            found[path] = json.dumps(claim).encode()

    rewritten(annotate)(files)


def add(files: Files, resource: str, obj: KubeObject, *, listed: bool = False) -> None:
    """Put an object into the archive, and into the backup's own list where it is `listed`."""
    name, space = objects.name(obj), objects.namespace(obj)
    api = objects.text(obj, "apiVersion")
    version = api.rpartition("/")[2]
    tail = f"namespaces/{space}/{name}.json" if space else f"cluster/{name}.json"

    def put_in(found: dict[str, bytes]) -> None:
        body = json.dumps(obj).encode()
        found[f"resources/{resource}/{tail}"] = body
        found[f"resources/{resource}/{version}-preferredversion/{tail}"] = body

    rewritten(put_in)(files)
    if listed:
        kind = f"{api}/{objects.text(obj, 'kind')}"
        change_list(files, lambda names: names.setdefault(kind, []).append(_entry(space, name)))


def drop(files: Files, resource: str, name: str) -> None:
    """Take an object out of the archive and out of the backup's own list."""

    def take_out(found: dict[str, bytes]) -> None:
        for path in [p for p in found if f"/{resource}/" in p and p.endswith(f"/{name}.json")]:
            del found[path]

    rewritten(take_out)(files)

    def unlist(names: dict[str, list[str]]) -> None:
        for kind, entries in names.items():
            plural = f"{kind.rpartition('/')[2].lower()}s"
            if plural == resource.partition(".")[0]:
                names[kind] = [one for one in entries if one.rpartition("/")[2] != name]

    change_list(files, unlist)


def change_list(files: Files, change: object) -> None:
    """Change the backup's own list, and the counts that go with it."""
    names = documents(files, LIST)
    assert isinstance(names, dict)
    assert callable(change)
    change(names)
    put(files, LIST, names)
    found = json.loads(files[METADATA])
    total = sum(map(len, names.values()))
    found["status"]["progress"] = {"totalItems": total, "itemsBackedUp": total}
    put(files, METADATA, found)


def _entry(space: str, name: str) -> str:
    return f"{space}/{name}" if space else name
