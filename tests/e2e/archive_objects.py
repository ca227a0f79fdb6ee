"""Objects put into, changed in and taken out of a copied backup's archive."""

import io
import json
import tarfile
from collections.abc import Callable
from typing import Any

from tests.e2e.buckets import Bucket

Body = dict[str, Any]
Place = tuple[str, str, str]
"""`plural.group`, namespace, name."""


def paths(place: Place, version: str = "v1") -> tuple[str, str]:
    """Return both paths of an object."""
    resource, namespace, name = place
    where = f"namespaces/{namespace}/{name}.json"
    return (
        f"resources/{resource}/{where}",
        f"resources/{resource}/{version}-preferredversion/{where}",
    )


def rewrite(
    bucket: Bucket, *, put: dict[Place, Body], change: Callable[[Place, Body], None]
) -> None:
    """Write the archive anew with `put` in it and `change` asked of each object that was there."""
    new = io.BytesIO()
    with tarfile.open(bucket.tarball) as old, tarfile.open(fileobj=new, mode="w:gz") as made:
        for member in old.getmembers():
            source = old.extractfile(member)
            content = source.read() if source else b""
            parts = member.name.split("/")
            if parts[0] == "resources" and "namespaces" in parts:
                body = json.loads(content)
                change((parts[1], parts[-2], parts[-1].removesuffix(".json")), body)
                content = json.dumps(body).encode()
            _add(made, member.name, content)
        for place, body in put.items():
            for path in paths(place):
                _add(made, path, json.dumps(body).encode())
    bucket.tarball.write_bytes(new.getvalue())
    _relist(bucket, put)


def _add(made: tarfile.TarFile, path: str, content: bytes) -> None:
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(content), 0o755
    made.addfile(info, io.BytesIO(content))


def _relist(bucket: Bucket, put: dict[Place, Body]) -> None:
    def add(document: object) -> None:
        assert isinstance(document, dict)
        for (_, namespace, name), body in put.items():
            kind = f"{body['apiVersion']}/{body['kind']}"
            document[kind] = sorted({*document.get(kind, ()), f"{namespace}/{name}"})
        counts.append(sum(map(len, document.values())))

    counts: list[int] = []
    bucket.change_json(f"{bucket.tarball.name.removesuffix('.tar.gz')}-resource-list.json.gz", add)
    bucket.change_status(progress={"totalItems": counts[0], "itemsBackedUp": counts[0]})


def nothing(place: Place, body: Body) -> None:
    """Change nothing."""


def thing(api_version: str, kind: str, name: str, **parts: Any) -> Body:  # noqa: ANN401  # any field
    """Return an object of namespace production."""
    metadata = {"name": name, "namespace": "production", **parts.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


def owned_by(api_version: str, kind: str, name: str, *, controller: bool = True) -> list[Body]:
    """Return the owner references of something that is owned."""
    owner = {"apiVersion": api_version, "kind": kind, "name": name, "uid": f"uid-of-{name}"}
    return [{**owner, "controller": True} if controller else owner]


def running_pod(name: str, **metadata: Any) -> Body:  # noqa: ANN401  # any metadata
    """Return a pod that ran while the backup was made."""
    return thing(
        "v1",
        "Pod",
        name,
        metadata=metadata,
        spec={"containers": [{"name": "work", "image": "example.org/work:1"}]},
        status={"phase": "Running"},
    )
