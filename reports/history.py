"""The reports in a folder, newest first, with those that cannot be read named and not hidden.

In: a folder as the runner writes it, `<folder>/<drill-id>/report.json`. Out: a History.
"""

from dataclasses import dataclass
from pathlib import Path

from drills.errors import Missing
from reports.loading import ReportUnreadable, load_report
from reports.reading import Document, number, part, word


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDrill:
    """What a list shows of one drill. Durations in seconds, None where unknown."""

    path: Path
    drill_id: str
    scenario: str
    started_at: str
    environment: str
    verdict: str
    proof_level: str
    rto_seconds: float | None
    rpo_seconds: float | None
    cleanup: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenReport:
    """A report that cannot be read, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All reports of a folder."""

    drills: tuple[PastDrill, ...]
    broken: tuple[BrokenReport, ...]


def history(folder: Path) -> History:
    """Return the drills in the folder, newest first.

    Raises:
        Missing: there is no such folder; an empty one is an empty history.
    """
    if not folder.is_dir():
        raise Missing(
            f"there is no report folder {folder}",
            hint="Name the folder that the run command's --report-dir wrote to.",
        )
    drills: list[PastDrill] = []
    broken: list[BrokenReport] = []
    for path in sorted(folder.glob("*/report.json")):
        try:
            drills.append(_past(path, load_report(path)))
        except ReportUnreadable as error:
            broken.append(BrokenReport(path=path, reason="; ".join(error.problems)))
    # One form of instants throughout the reports: their text sorts as they do, but for fractions.
    drills.sort(key=lambda drill: (drill.started_at.removesuffix("Z"), drill.drill_id))
    return History(drills=tuple(reversed(drills)), broken=tuple(broken))


def _past(path: Path, document: Document) -> PastDrill:
    return PastDrill(
        path=path,
        drill_id=word(document, "drillId"),
        scenario=word(part(document, "scenario"), "name"),
        started_at=word(document, "startedAt"),
        environment=word(document, "environment"),
        verdict=word(document, "verdict"),
        proof_level=word(document, "proofLevel"),
        rto_seconds=number(part(document, "objectives", "rto"), "achievedSeconds"),
        rpo_seconds=number(part(document, "objectives", "rpo"), "achievedSeconds"),
        cleanup=word(part(document, "cleanup"), "outcome"),
    )
