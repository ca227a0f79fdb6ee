"""The manifest of an evidence archive: which drills, which gaps, which files with which hash.

In: reports that were read, the period, the schedule. Out: a JSON object that
reports/schema/evidence.schema.json describes.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from reports import plain
from reports.reading import Document, part, word

SCHEMA_VERSION = "1.0"
TOOL = "restore-drill-runner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From the first instant up to, not including, the last one. Both UTC."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        """Return whether the moment lies within."""
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A drill that should have begun at `at`, and not later than `grace` after it."""

    scenario: str
    at: datetime
    grace: timedelta = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A report that was read, with the very bytes of its file."""

    document: Document
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an export has to tell of, besides the files."""

    reports: tuple[Read, ...]
    outside: int = 0
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Folder and name of a file to why it cannot be read."""
    scheduled: Sequence[Scheduled] | None = None
    """None where the export was not told of a schedule."""


def build(
    taken: Taken, files: Mapping[str, bytes], *, period: Period, now: datetime, version: str
) -> dict[str, object]:
    """Return the manifest over `files`, in a fixed order of keys and entries."""
    drills = [summary(report.document) for report in taken.reports]
    verdicts = Counter(str(drill["verdict"]) for drill in drills)
    return {
        "schemaVersion": SCHEMA_VERSION,
        "createdAt": plain.instant(now),
        "tool": {"name": TOOL, "version": version},
        "period": {"from": plain.instant(period.start), "to": plain.instant(period.end)},
        "drills": drills,
        "verdicts": {name: verdicts[name] for name in sorted(verdicts)},
        "gaps": gaps(taken.scheduled or (), taken.reports, period=period, now=now),
        "scheduleKnown": taken.scheduled is not None,
        "outsidePeriod": taken.outside,
        "unreadable": [
            {"name": plain.text(name), "reason": plain.text(taken.unreadable[name])}
            for name in sorted(taken.unreadable)
        ],
        "files": [entry(path, files[path]) for path in sorted(files)],
    }


def entry(path: str, data: bytes) -> dict[str, object]:
    """Return one line of the list of files."""
    return {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def summary(document: Document) -> dict[str, object]:
    """Return what the manifest says of one drill; verification compares it with the report."""
    return {
        "drillId": word(document, "drillId"),
        "scenario": word(part(document, "scenario"), "name"),
        "startedAt": word(document, "startedAt"),
        "environment": word(document, "environment"),
        "verdict": word(document, "verdict"),
        "proofLevel": word(document, "proofLevel"),
        "cleanup": word(part(document, "cleanup"), "outcome"),
    }


def started(document: Document) -> datetime:
    """Return when the drill began.

    Raises:
        ValueError: the instant is none, though it looks like one (30 February).
    """
    return datetime.fromisoformat(word(document, "startedAt")).astimezone(UTC)


def gaps(
    scheduled: Sequence[Scheduled], reports: Sequence[Read], *, period: Period, now: datetime
) -> list[dict[str, object]]:
    """Return the scheduled drills of the period that nothing answers for, oldest first.

    One drill answers for one scheduled instant only. What may still begin is no gap yet.
    """
    unused: dict[str, list[datetime]] = {}
    for report in reports:
        name = word(part(report.document, "scenario"), "name")
        unused.setdefault(name, []).append(started(report.document))
    missing = []
    for due in sorted(scheduled, key=lambda one: (one.at, one.scenario)):
        if due.at not in period or due.at + due.grace > now:
            continue
        if not _answered(due, unused.get(due.scenario, [])):
            missing.append(_gap(due))
    return missing


def _answered(due: Scheduled, candidates: list[datetime]) -> bool:
    fitting = [moment for moment in candidates if due.at <= moment <= due.at + due.grace]
    if not fitting:
        return False
    candidates.remove(min(fitting))
    return True


def _gap(due: Scheduled) -> dict[str, object]:
    return {
        "scenario": plain.text(due.scenario),
        "scheduledAt": plain.instant(due.at),
        "graceSeconds": plain.seconds(due.grace.total_seconds()),
    }
