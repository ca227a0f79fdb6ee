"""A whole restore, from the unpacked archive to the last volume.

In: a job. Out: its results, filled (velero v1.18, pkg/restore/restore.go execute).
"""

import time
from collections.abc import Callable, Iterator

from embedded.json_objects import JsonObject, name_of
from embedded.velero.item_restorer import ItemRestorer
from embedded.velero.namespaces import ensure_namespace
from embedded.velero.order import HIGH, restore_order
from embedded.velero.pod_volumes import wait_for_pod_volumes
from embedded.velero.restore_job import RestoreJob

_PROGRESS_SECONDS = 0.1


class RestoreRun:
    """Walks through the archive in Velero's order.

    Args:
        job: the restore.
        progress: told the number of items so far and the estimated total, now and then.
        volume_seconds: how long to wait for volume data.
    """

    def __init__(
        self, job: RestoreJob, progress: Callable[[int, int], None], volume_seconds: float
    ) -> None:
        self._job = job
        self._progress = progress
        self._volume_seconds = volume_seconds
        self._restorer = ItemRestorer(job)
        self._told = time.monotonic()

    def execute(self) -> None:
        """Restore everything chosen.

        Raises:
            GaveUp: when the server's life ended meanwhile.
        """
        job = self._job
        job.lines.info(f"Starting restore of backup velero/{name_of(job.backup)}")
        for resource in HIGH[:1]:
            for source, name in self._chosen(resource):
                self._one(resource, source, name, left=0)
        # Restored definitions may serve types that were unknown a moment ago.
        chosen = [
            (resource, source, name)
            for resource in restore_order(job.archive.items)
            if resource not in HIGH[:1]
            for source, name in self._chosen(resource)
        ]
        for done, (resource, source, name) in enumerate(chosen, 1):
            self._one(resource, source, name, left=len(chosen) - done)
        job.lines.info("Waiting for all pod volume restores to complete")
        wait_for_pod_volumes(job, self._volume_seconds)
        job.lines.info("Done waiting for all pod volume restores to complete")

    def _chosen(self, resource: str) -> Iterator[tuple[str, str]]:
        """Yield source namespace and name of the resource's chosen items."""
        job = self._job
        if not job.filters.resources.has(resource):
            return
        for source in sorted(job.archive.items.get(resource, {})):
            if not job.filters.bulk(source):
                continue
            for name in job.archive.items[resource][source]:
                if not job.filters.selectors or self._selected(resource, source, name):
                    yield source, name

    def _selected(self, resource: str, source: str, name: str) -> bool:
        try:
            obj = self._job.archive.item(resource, source, name)
        except (ValueError, TypeError):
            return True  # the restore of the item itself reports it
        return self._job.filters.selected(obj)

    def _one(self, resource: str, source: str, name: str, *, left: int) -> None:
        job = self._job
        if job.knobs.seconds_per_item:
            job.knobs.pause(job.knobs.seconds_per_item, job.life)
        job.knobs.wait_until(lambda: not job.knobs.hangs("InProgress"), job.life)
        if resource == "namespaces":
            ensure_namespace(job, name, job.mapped(name))
            return
        obj = self._read(resource, source, name)
        if obj is not None:
            self._restorer.restore(resource, obj, job.mapped(source) if source else "")
        restored = len(job.results.items)
        job.lines.info(
            f"Restored {restored} items out of an estimated total of {restored + left} "
            "(estimate will change throughout the restore)"
        )
        now = time.monotonic()
        if now - self._told >= _PROGRESS_SECONDS:
            self._told = now
            self._progress(restored, restored + left)

    def _read(self, resource: str, source: str, name: str) -> JsonObject | None:
        job = self._job
        try:
            return job.archive.item(resource, source, name)
        except (ValueError, TypeError) as problem:
            path = job.archive.path(resource, source, name)
            target = job.mapped(source) if source else ""
            job.results.errors.add(target, f'error decoding "{path}": {problem}')
            return None
