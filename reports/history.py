"""The reports in a folder, newest first, with those that cannot be read named and not hidden.

In: a folder as the runner writes it, `<folder>/<drill-id>/report.json` for drills and
`<folder>/<verify-id>/verify.json` for checks of stored backups. Out: a History.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from drills.errors import Missing
from reports import words
from reports.loading import ReportUnreadable, load_report, load_verify
from reports.reading import Document, count, number, part, word


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
class PastVerify:
    """What a list shows of one check of stored backups."""

    path: Path
    verify_id: str
    place: str
    """The bucket, or the scenario whose backup was read."""
    started_at: str
    verdict: str
    backups: int
    damaged: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenReport:
    """A report that cannot be read, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All reports of a folder."""

    drills: tuple[PastDrill, ...]
    verifies: tuple[PastVerify, ...]
    broken: tuple[BrokenReport, ...]


def history(folder: Path) -> History:
    """Return the drills and checks in the folder, each kind newest first.

    Raises:
        Missing: there is no such folder; an empty one is an empty history.
    """
    if not folder.is_dir():
        raise Missing(
            f"there is no report folder {folder}",
            hint="Name the folder that the run command's --report-dir wrote to.",
        )
    broken: list[BrokenReport] = []
    drills = list(_readable(folder.glob("*/report.json"), _drill, broken))
    verifies = list(_readable(folder.glob("*/verify.json"), _verify, broken))
    drills.sort(key=lambda one: (sortable(one.started_at), one.drill_id), reverse=True)
    verifies.sort(key=lambda one: (sortable(one.started_at), one.verify_id), reverse=True)
    return History(drills=tuple(drills), verifies=tuple(verifies), broken=tuple(broken))


def lines(found: History) -> tuple[str, ...]:
    """Return a line for each, newest first: verdict, begin, `drill` or `verify`, and what of it."""
    each = [
        *((sortable(one.started_at), _drill_line(one)) for one in found.drills),
        *((sortable(one.started_at), _verify_line(one)) for one in found.verifies),
    ]
    return tuple(line for _, line in sorted(each, key=itemgetter(0), reverse=True))


def _drill_line(past: PastDrill) -> str:
    rto = "-" if past.rto_seconds is None else f"{past.rto_seconds:.1f}s"
    return (
        f"{past.verdict:<12}  {past.started_at}  drill   {past.scenario}  {past.environment}"
        f"  RTO {rto}  proof {past.proof_level}  {past.path}"
    )


def _verify_line(past: PastVerify) -> str:
    bad = {"damaged": past.damaged, "unknown": past.unknown}
    told = "".join(f", {many} {state}" for state, many in bad.items() if many)
    return (
        f"{past.verdict:<12}  {past.started_at}  verify  {past.place}"
        f"  {words.plural(past.backups, 'backup')}{told}  {past.path}"
    )


def sortable(instant: str) -> str:
    """Return text that sorts as the instants do: one form of them throughout the reports."""
    return instant.removesuffix("Z")


T = TypeVar("T")


def _readable(
    paths: Iterable[Path], past: Callable[[Path], T], broken: list[BrokenReport]
) -> Iterator[T]:
    for path in sorted(paths):
        try:
            yield past(path)
        except ReportUnreadable as error:
            broken.append(BrokenReport(path=path, reason="; ".join(error.problems)))


def _drill(path: Path) -> PastDrill:
    return _past(path, load_report(path))


def _verify(path: Path) -> PastVerify:
    document = load_verify(path)
    by_verdict = part(document, "totals", "byVerdict")
    return PastVerify(
        path=path,
        verify_id=word(document, "verifyId"),
        place=word(part(document, "target"), "name"),
        started_at=word(document, "startedAt"),
        verdict=word(document, "verdict"),
        backups=count(part(document, "totals"), "backups"),
        damaged=count(by_verdict, "damaged"),
        unknown=count(by_verdict, "unknown"),
    )


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
