"""Velero's own account of a restore that ended, kept before anything is deleted.

In: the Restore in its terminal phase. Out: `Restored`, with warnings, errors and items from the
results files. Deleting the Restore deletes these files too.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from drills import objects
from drills.engine import EngineItem, ItemOutcome, Restored, RestoreOrder
from drills.engines.velero.claims import (
    VolumeWork,
    mover_findings,
    restored_volumes,
    volume_seconds,
)
from drills.engines.velero.documents import read_json, rows
from drills.engines.velero.early import EarlyFiles
from drills.engines.velero.ending import broken_off, phase_findings
from drills.engines.velero.files import Files, StoreFiles
from drills.engines.velero.hooks import hook_left, hooked_pods, hooks_ran, init_image
from drills.engines.velero.kinds import (
    DATA_DOWNLOAD,
    POD,
    POD_VOLUME_RESTORE,
    made_for,
)
from drills.engines.velero.placing import unexpected
from drills.engines.velero.remarks import refused
from drills.engines.velero.requests import Target
from drills.engines.velero.restoring import Ended
from drills.engines.velero.results import error_findings, messages, warning_findings
from drills.engines.velero.site import Site
from drills.engines.velero.snapshots import look_for_snapshots
from drills.engines.velero.waiting import phase
from drills.errors import DrillError, Interrupted
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.ports import Deadline, Kind

OUTCOMES = {str(outcome): outcome for outcome in ItemOutcome}


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """The restore's files as far as they could be read; None where not."""

    results: object = None
    items: tuple[EngineItem, ...] | None = None
    info: tuple[KubeObject, ...] = ()
    trouble: str = ""
    """Why the results could not be read."""


def papers_of(order: RestoreOrder) -> tuple[Target, ...]:
    """Return the files that tell of the restore; of volumes only where there are any."""
    return (
        Target.RESTORE_RESULTS,
        Target.RESTORE_RESOURCE_LIST,
        *((Target.RESTORE_VOLUME_INFO,) if _has_claims(order) else ()),
    )


def _has_claims(order: RestoreOrder) -> bool:
    return any(volume.namespace in order.namespaces for volume in order.inventory.volumes)


def account(
    site: Site, order: RestoreOrder, ended: Ended, early: EarlyFiles, deadline: Deadline
) -> Restored:
    """Return everything Velero said, and the storage of snapshots; only Interrupted is raised."""
    restore = ended.restore
    name = objects.name(restore)
    papers = _papers(site, order, restore, early)
    errors = (*_said_by_status(restore), *messages(papers.results, "errors"))
    warnings = messages(papers.results, "warnings")
    work = _volume_work(site, name, papers) if _fills(order) else VolumeWork()
    snapshots = look_for_snapshots(site, order, name, deadline)
    subject = f"restore {name}"
    return Restored(
        name=name,
        phase=phase(restore),
        requested_at=ended.requested_at,
        submitted=ended.submitted,
        waited_seconds=ended.waited_seconds,
        started_at=objects.instant(restore, "status", "startTimestamp"),
        completed_at=objects.instant(restore, "status", "completionTimestamp"),
        warnings=warnings,
        errors=errors,
        items=papers.items,
        volumes=restored_volumes(order, replace(work, snapshots=snapshots.outcomes)),
        findings=(
            *ended.findings,
            *_hooks_ran(site, order, restore),
            *phase_findings(restore, len(errors)),
            *_unread(restore, papers),
            *error_findings(messages(papers.results, "errors"), subject),
            *warning_findings(unexpected(order, warnings), subject),
            *mover_findings(work),
            *snapshots.findings,
        ),
        queue_seconds=_queue_seconds(restore),
        volume_seconds=volume_seconds(work),
        broken_off=broken_off(restore, errors),
    )


def _hooks_ran(site: Site, order: RestoreOrder, restore: KubeObject) -> Iterator[Finding]:
    """Yield what shows that hooks ran, though the order skips them."""
    if order.runs_hooks:
        return
    ran = objects.number(restore, "status", "hookStatus", "hooksAttempted")
    if ran:
        yield hooks_ran(f"restore {objects.name(restore)}", f"{ran} of them ran")
    for pod in hooked_pods(order.inventory.objects, order.namespaces):
        target = order.namespaces[pod.key.namespace]
        subject = f"pod {target}/{pod.key.name}"
        try:
            live = site.ports.cluster.get(POD, target, pod.key.name) if init_image(pod) else None
        except Interrupted:
            raise
        except DrillError as error:
            what = "Whether its restore hook was skipped could not be seen"
            yield refused("restore-hook-not-seen", subject, error, what)
            continue
        if live is not None and hook_left(pod, live):
            what = f"its init container of image {init_image(pod)} is there"
            yield hooks_ran(subject, what)


def _said_by_status(restore: KubeObject) -> tuple[str, ...]:
    reasons = [str(e) for e in objects.items(restore, "status", "validationErrors")]
    failure = objects.text(restore, "status", "failureReason")
    return (*reasons, *([failure] if failure else ()))


def _queue_seconds(restore: KubeObject) -> float | None:
    """Return the engine's queue time; both instants are the servers' own, in whole seconds."""
    created = objects.instant(restore, "metadata", "creationTimestamp")
    started = objects.instant(restore, "status", "startTimestamp")
    if created is None or started is None:
        return None
    return max((started - created).total_seconds(), 0.0)


def _papers(site: Site, order: RestoreOrder, restore: KubeObject, early: EarlyFiles) -> Papers:
    name = objects.name(restore)
    if phase(restore) == "FailedValidation":
        return Papers(results={}, items=())
    files: Files
    try:
        files = early.files(name)
    except Interrupted:
        raise
    except DrillError as error:
        if site.ports.store is None:
            return Papers(trouble=str(error))
        files = StoreFiles(site.ports.store, "", name)
    targets = papers_of(order)
    with ThreadPoolExecutor(len(targets), thread_name_prefix="restore-file") as pool:
        read = dict(zip(targets, pool.map(lambda one: _document(files, one), targets), strict=True))
    results, listed = read[Target.RESTORE_RESULTS], read[Target.RESTORE_RESOURCE_LIST]
    return Papers(
        results=results.value,
        items=tuple(_items(listed.value)) if not listed.trouble else None,
        info=rows(read.get(Target.RESTORE_VOLUME_INFO, _Read()).value),
        trouble=results.trouble,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    value: object = None
    trouble: str = ""


def _document(files: Files, target: Target) -> _Read:
    try:
        with files.open(target) as body:
            return _Read(value=read_json(body, str(target)))
    except DrillError as error:
        return _Read(trouble=str(error))


def _items(document: object) -> Iterator[EngineItem]:
    """Yield the lines of `{"apps/v1/Deployment": ["ns/name(created)", ...]}`."""
    for word, names in objects.mapping(document).items():
        version, _, kind = word.rpartition("/")
        for line in names if isinstance(names, list) else ():
            where, _, outcome = str(line).rpartition("(")
            namespace, _, name = where.rpartition("/")
            yield EngineItem(
                api_version=version,
                kind=kind,
                namespace=namespace,
                name=name,
                outcome=OUTCOMES.get(outcome.rstrip(")"), ItemOutcome.UNKNOWN),
            )


def _unread(restore: KubeObject, papers: Papers) -> Iterable[Finding]:
    """Say that the results went unread; unanswered where there were errors to read."""
    if not papers.trouble:
        return ()
    errors = objects.number(restore, "status", "errors")
    return (
        Finding(
            code="results-unread",
            severity=Severity.WARNING,
            cause=Cause.ENVIRONMENT,
            subject=f"restore {objects.name(restore)}",
            message=(
                f"Its results could not be read ({papers.trouble}); "
                f"the restore counts {errors} error(s)."
            ),
            remedy="Give Velero write access to restores/ in the bucket, and us the download.",
            unanswered=errors > 0,
        ),
    )


def _fills(order: RestoreOrder) -> bool:
    """Return whether this restore has volumes to fill, those of pods without a claim included."""
    pods = (namespace for namespace, _ in order.inventory.filled_pods)
    return _has_claims(order) or any(namespace in order.namespaces for namespace in pods)


def _volume_work(site: Site, name: str, papers: Papers) -> VolumeWork:
    """Return the movers of this restore; a kind that is not served has none."""
    selector = made_for(name)
    pods, unread_pods = _listed(site, POD_VOLUME_RESTORE, selector)
    data, unread_data = _listed(site, DATA_DOWNLOAD, selector)
    return VolumeWork(
        pod_volume_restores=pods,
        data_downloads=data,
        info=papers.info,
        unread=unread_pods or unread_data,
    )


def _listed(site: Site, kind: Kind, selector: str) -> tuple[tuple[KubeObject, ...], bool]:
    try:
        return tuple(site.ports.cluster.list(kind, site.namespace, labels=selector)), False
    except Interrupted:
        raise
    except DrillError:
        return (), True
