"""What comes back otherwise than it was backed up, so that it can do no harm. Pure.

In: the backup's objects. Out: one note for the report, which says it before anybody wonders why
the copy's Service has no node port.
"""

from collections.abc import Collection, Iterable, Iterator

from drills import objects
from drills.backups import BackedUpObject, ObjectKey
from drills.findings import Cause, Finding, Severity

SHOWN = 8


def harmless_note(
    found: Iterable[BackedUpObject], namespaces: Collection[str], led: Collection[ObjectKey] = ()
) -> tuple[Finding, ...]:
    """Return one finding where the restore changes something, none where it need not.

    An alias among `led` is told with the names that lead into the sandbox.
    """
    scope = [obj for obj in found if obj.key.namespace in namespaces and obj.key not in led]
    services, jobs = tuple(_services(scope)), tuple(_cron_jobs(scope))
    parts = []
    if services:
        parts.append(f"Services answer inside the cluster only: {_some(services)}")
    if jobs:
        parts.append(f"CronJobs are suspended: {_some(jobs)}")
    if not parts:
        return ()
    return (
        Finding(
            code="made-harmless",
            severity=Severity.INFO,
            cause=Cause.ISOLATION,
            subject="objects in the backup",
            message=f"They come back changed, so that the copy does no harm. {'. '.join(parts)}.",
            remedy="Nothing to do; a real restore brings them back as they were.",
        ),
    )


def _services(scope: Iterable[BackedUpObject]) -> Iterator[str]:
    for obj in scope:
        if obj.key.resource != "services":
            continue
        spec = objects.mapping(obj.body, "spec")
        kind = objects.text(spec, "type")
        ports = [objects.number(port, "nodePort") for port in objects.items(spec, "ports")]
        taken = ", ".join(str(port) for port in ports if port)
        if kind in {"NodePort", "LoadBalancer"}:
            yield f"{_name(obj)} ({kind}{f', node port {taken}' if taken else ''})"
        elif kind == "ExternalName":
            yield f"{_name(obj)} (ExternalName, leads nowhere)"
        elif objects.items(spec, "externalIPs"):
            yield f"{_name(obj)} (external addresses)"


def _cron_jobs(scope: Iterable[BackedUpObject]) -> Iterator[str]:
    for obj in scope:
        if obj.key.resource == "cronjobs.batch":
            yield _name(obj)


def _name(obj: BackedUpObject) -> str:
    return f"{obj.key.namespace}/{obj.key.name}"


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
