"""The live source against the inventory. Pure: objects in, findings out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from drills.backups import Inventory, ObjectKey
from drills.cluster import ServedKind
from drills.coverage.scope import BackupScope
from drills.findings import Cause, Finding, Severity

CLOCKS_APART = timedelta(minutes=1)
"""What is younger than this when the backup began says nothing: two clocks are compared."""
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveObject:
    """One object of the source as it lives now; of its contents nothing is known."""

    served: ServedKind
    namespace: str
    name: str
    created: datetime | None
    """None where its server keeps no such thing: it then counts as old."""
    labels: Mapping[str, str]

    @property
    def key(self) -> ObjectKey:
        """Return the name under which an inventory has it."""
        return ObjectKey(resource=self.served.resource, namespace=self.namespace, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of what lived in the source the backup holds."""

    asked: int = 0
    """Live objects that are older than the backup."""
    held: int = 0
    findings: tuple[Finding, ...] = ()


def coverage(
    live: Iterable[LiveObject], inventory: Inventory, scope: BackupScope, began: datetime
) -> Coverage:
    """Return what the backup that `began` then lacks of the source, and whether it was meant to."""
    older = [one for one in live if one.created is None or one.created < began - CLOCKS_APART]
    held = frozenset(obj.key for obj in inventory.objects)
    lacking = [one for one in older if one.key not in held]
    meant: dict[str, list[LiveObject]] = defaultdict(list)
    lost: dict[tuple[str, str], list[LiveObject]] = defaultdict(list)
    for one in lacking:
        if why := scope.left_out(one.served, one.labels):
            meant[f"{one.served.resource} {one.namespace}, {why}"].append(one)
        else:
            lost[one.served.resource, one.namespace].append(one)
    kinds = {(obj.key.resource, obj.key.namespace) for obj in inventory.objects}
    return Coverage(
        asked=len(older),
        held=len(older) - len(lacking),
        findings=(
            *(_lost(where, lost[where], some=where in kinds) for where in sorted(lost)),
            *((_meant(meant),) if meant else ()),
        ),
    )


def _lost(where: tuple[str, str], lacking: list[LiveObject], *, some: bool) -> Finding:
    resource, namespace = where
    names = _names(lacking)
    seen = (
        f"{len(lacking)} that lived before the backup began are not in it ({names})"
        if some
        else f"It holds none, though {len(lacking)} lived before it began ({names})"
    )
    return Finding(
        code="not-in-backup",
        severity=Severity.CRITICAL,
        cause=Cause.BACKUP,
        subject=f"{resource} {namespace}",
        message=f"{seen}; nothing in its order leaves them out. A restore would lose them.",
        remedy=(
            "Look into the backup's log for this kind, and whether its API answered then; "
            "take a new backup. What may be lost, exclude in the schedule."
        ),
    )


def _meant(meant: Mapping[str, list[LiveObject]]) -> Finding:
    parts = (f"{len(meant[what])} {what} ({_names(meant[what])})" for what in sorted(meant))
    return Finding(
        code="left-out-of-backup",
        severity=Severity.INFO,
        cause=Cause.BACKUP,
        subject="the backup's order",
        message=f"It leaves out what lives in the source: {'; '.join(parts)}.",
        remedy="Make sure that you could do without them, or have them from elsewhere.",
    )


def _names(lacking: list[LiveObject]) -> str:
    names = sorted(one.name for one in lacking)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
