"""Signed URLs from Velero's DownloadRequests: several at once, one watch, removed again.

In: what is wanted (target kind and name). Out: a URL for each; they live ten minutes and must not
be logged. Source: Velero v1.18 `download_request_controller.go`.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from enum import StrEnum

from drills import objects
from drills.cluster import ChangeType
from drills.engines.velero.kinds import DOWNLOAD_REQUEST, V1
from drills.engines.velero.site import Site
from drills.engines.velero.waiting import IDLE_SECONDS
from drills.objects import KubeObject
from drills.ports import Deadline

BATCH_LABEL = "restore-drill/request"
AT_ONCE = 8
"""Requests made or removed at the same time."""


class Target(StrEnum):
    """The files a DownloadRequest can name, as far as a drill reads them."""

    BACKUP_CONTENTS = "BackupContents"
    BACKUP_RESOURCE_LIST = "BackupResourceList"
    BACKUP_RESULTS = "BackupResults"
    BACKUP_VOLUME_INFO = "BackupVolumeInfos"
    BACKUP_VOLUME_SNAPSHOTS = "BackupVolumeSnapshots"
    BACKUP_ITEM_OPERATIONS = "BackupItemOperations"
    RESTORE_RESOURCE_LIST = "RestoreResourceList"
    RESTORE_RESULTS = "RestoreResults"
    RESTORE_VOLUME_INFO = "RestoreVolumeInfo"


def signed_urls(
    site: Site,
    name: str,
    targets: Iterable[Target],
    labels: Mapping[str, str],
    seconds: float,
    *,
    cut: Callable[[], bool] = lambda: False,
) -> dict[Target, str]:
    """Return the URLs that Velero handed out in so many seconds; unanswered ones are not in it.

    The time runs once the requests are made: an API server that took its time to take them says
    nothing about Velero. `cut` ends it early. Raises Forbidden, what else creating and watching
    raise, and Interrupted.
    """
    batch = uuid.uuid4().hex[:12]
    labels = {**labels, BATCH_LABEL: batch}
    wanted = {f"drill-{batch}-{number}": target for number, target in enumerate(targets)}
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="download-request") as pool:
        making = [
            pool.submit(site.make, _request(site, request, target, name, labels))
            for request, target in wanted.items()
        ]
        try:
            for each in making:
                each.result()
            clock = site.ports.clock
            deadline = Deadline(clock=clock, at=clock.monotonic() + seconds, cut=cut)
            return _answers(site, f"{BATCH_LABEL}={batch}", wanted, deadline)
        finally:
            made = [each.result() for each in making if each.exception() is None]
            wait([pool.submit(site.discard, DOWNLOAD_REQUEST, request) for request in made])


def _request(
    site: Site, request: str, target: Target, name: str, labels: Mapping[str, str]
) -> KubeObject:
    return {
        "apiVersion": V1,
        "kind": DOWNLOAD_REQUEST.kind,
        "metadata": {"name": request, "namespace": site.namespace, "labels": dict(labels)},
        "spec": {"target": {"kind": str(target), "name": name}},
    }


def _answers(
    site: Site, selector: str, wanted: Mapping[str, Target], deadline: Deadline
) -> dict[Target, str]:
    answered: dict[Target, str] = {}
    changes = site.ports.cluster.watch(
        DOWNLOAD_REQUEST,
        site.namespace,
        labels=selector,
        stop=lambda: deadline.passed or site.ports.stop(),
        idle=IDLE_SECONDS,
    )
    for change in changes:
        site.check_stop()
        if change is None or change.type in {ChangeType.SYNCED, ChangeType.DELETED}:
            continue
        url = objects.text(change.object, "status", "downloadURL")
        target = wanted.get(objects.name(change.object))
        if url and target is not None:
            answered[target] = url
        if len(answered) == len(wanted):
            break
    site.check_stop()
    return answered
