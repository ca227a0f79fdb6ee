"""A backup's files in the lab's bucket: read, changed, put back; and its archive, object by object.

In comes a backup's name, out comes a bucket whose backup is damaged as a test wants it.
"""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lab.backups import BUCKET

if TYPE_CHECKING:
    from botocore.client import BaseClient

Entries = dict[str, bytes]
"""Paths in an archive to what is there."""
Edit = Callable[[Entries], None]


def store(url: str) -> "BaseClient":
    """The lab's object store."""
    import boto3  # noqa: PLC0415 - slow to import, and only few tests need it

    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="lab",
        aws_secret_access_key="lab",
    )


def files_of(client: "BaseClient", prefix: str) -> dict[str, bytes]:
    """Every file whose name begins so."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
    return {key: client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


def keep(client: "BaseClient", folder: Path, *prefixes: str) -> None:
    """Writes what the bucket has below these prefixes into a folder."""
    for prefix in prefixes:
        for key, body in files_of(client, prefix).items():
            target = folder / key
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(body)


def read_archive(client: "BaseClient", backup: str) -> bytes:
    """The archive of a backup."""
    found = client.get_object(Bucket=BUCKET, Key=_archive_of(backup))
    return bytes(found["Body"].read())


def write_archive(client: "BaseClient", backup: str, archive: bytes) -> None:
    """Puts an archive in the place of a backup's own; its other files are left as they are."""
    client.put_object(Bucket=BUCKET, Key=_archive_of(backup), Body=archive)


def _archive_of(backup: str) -> str:
    return f"backups/{backup}/{backup}.tar.gz"


def edited(archive: bytes, edit: Edit) -> bytes:
    """The archive with its entries changed."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        entries = {info.name: _read(tar, info) for info in tar if info.isfile()}
    edit(entries)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in entries.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(raw.getvalue())


def _read(tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(info)
    return content.read() if content is not None else b""


def of_resource(entries: Mapping[str, bytes], resource: str) -> Iterator[str]:
    """The paths of a resource's objects, in both places where each is."""
    yield from (path for path in entries if path.split("/")[1] == resource)


def without(resource: str, having: str = "") -> Edit:
    """Takes a resource's objects out of the archive, all or those whose text has a word."""

    def edit(entries: Entries) -> None:
        for path in list(of_resource(entries, resource)):
            if having.encode() in entries[path]:
                del entries[path]

    return edit


def changed(resource: str, change: Callable[[dict[str, Any]], None], having: str = "") -> Edit:
    """Changes a resource's objects in the archive."""

    def edit(entries: Entries) -> None:
        for path in list(of_resource(entries, resource)):
            if having.encode() in entries[path]:
                document = json.loads(entries[path])
                change(document)
                entries[path] = json.dumps(document).encode()

    return edit


def twice(resource: str, having: str = "") -> Edit:
    """Puts a second object of the same contents and another name beside each."""

    def edit(entries: Entries) -> None:
        for path in list(of_resource(entries, resource)):
            if having.encode() in entries[path]:
                document = json.loads(entries[path])
                name = document["metadata"]["name"]
                document["metadata"]["name"] = f"{name}-again"
                document["metadata"]["uid"] = f"again-{document['metadata']['uid']}"
                entries[path.replace(f"{name}.json", f"{name}-again.json")] = json.dumps(
                    document
                ).encode()

    return edit
