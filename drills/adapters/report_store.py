"""Keeps reports in a bucket, for runners without a disk of their own.

In: `s3://bucket/prefix?endpoint=...` and a drill's files. Out: the files under
`prefix/<drill-id>/`. Imports boto3, so it is imported only when wanted.
"""

from collections.abc import Mapping
from itertools import islice

from drills.adapters.s3_store import S3Store
from drills.adapters.store import S3Settings, s3_settings
from drills.errors import Forbidden, Misconfigured

LOOKED_AT = 1000
"""Keys of one page: a backup has about ten files."""
CONTENT_TYPES = {
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".xml": "application/xml",
    ".txt": "text/plain; charset=utf-8",
}


class ReportStore:
    """A place for reports that no Velero uses as its own."""

    def __init__(self, url: str) -> None:
        """Look at the place; raises Misconfigured where backups lie there.

        Velero declares its location Unavailable when a folder that it does not know lies at its
        root (pkg/persistence/object_store.go, IsValid), so reports must never go there.
        """
        settings = s3_settings(url)
        self._store = S3Store(**settings)
        above = (_at(settings, prefix) for prefix in _above(settings["prefix"]))
        if _has(self._store, "") or any(map(_is_veleros, above)):
            raise Misconfigured(
                f"{url.partition('?')[0]} lies where backups are; reports there would make "
                "Velero's location Unavailable",
                hint="give another bucket, or a prefix beside Velero's",
            )

    def keep(self, drill_id: str, files: Mapping[str, bytes]) -> None:
        """Write a drill's files; raises OutsideRefused, Unreachable."""
        for name, data in files.items():
            suffix = name[name.rfind(".") :]
            kind = CONTENT_TYPES.get(suffix, "application/octet-stream")
            self._store.put(f"{drill_id}/{name}", data, kind)


def _at(settings: S3Settings, prefix: str) -> S3Store:
    moved = settings.copy()
    moved["prefix"] = prefix
    return S3Store(**moved)


def _above(prefix: str) -> tuple[str, ...]:
    """Return the prefixes that `prefix` lies in, the bucket's root last."""
    parts = prefix.split("/") if prefix else []
    return tuple("/".join(parts[:length]) for length in range(len(parts) - 1, -1, -1))


def _has(store: S3Store, ending: str) -> bool:
    found = islice(store.list("backups/"), LOOKED_AT)
    return any(stored.key.endswith(ending) for stored in found)


def _is_veleros(store: S3Store) -> bool:
    try:
        return _has(store, "/velero-backup.json")
    except Forbidden:
        return False  # who may list nothing but the reports' own prefix cannot be told more
