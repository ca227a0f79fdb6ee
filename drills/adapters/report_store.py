"""Keeps reports in a bucket, for runners without a disk of their own.

In: `s3://bucket/prefix?endpoint=...` and a drill's files. Out: the files under
`prefix/<drill-id>/`. Imports boto3, so it is imported only when wanted.
"""

from collections.abc import Mapping

from drills.adapters.s3_store import S3Store
from drills.adapters.store import s3_settings
from drills.errors import Misconfigured

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
        self._store = S3Store(**s3_settings(url))
        if next(iter(self._store.list("backups/")), None) is not None:
            raise Misconfigured(
                f"{url.partition('?')[0]} holds backups; reports there would make Velero's "
                "location Unavailable",
                hint="give another bucket, or a prefix beside Velero's",
            )

    def keep(self, drill_id: str, files: Mapping[str, bytes]) -> None:
        """Write a drill's files; raises OutsideRefused, Unreachable."""
        for name, data in files.items():
            suffix = name[name.rfind(".") :]
            kind = CONTENT_TYPES.get(suffix, "application/octet-stream")
            self._store.put(f"{drill_id}/{name}", data, kind)
