"""Which records a drill would compare with, in words: for `plan`. Reads the records file only."""

from collections.abc import Iterator
from datetime import timedelta

from drills.backups import Backup
from drills.probes.recorded import brief, max_distance
from drills.samples import Samples, Window, distance, neighbours, question_digest
from scenarios.model import ProbeSpec, Scenario
from scenarios.recorded import recorded_words


def recorded_lines(
    scenario: Scenario, probe: ProbeSpec, backup: Backup | None, samples: Samples
) -> Iterator[str]:
    """Yield what the probe's recorded words would be compared with; nothing where it has none."""
    words = ", ".join(recorded_words(probe.kind, probe.question, probe.expect))
    if not words:
        return
    if "recordedBy" in probe.expect:
        yield f"  {words} recorded by the data itself"
        return
    if backup is None or backup.started_at is None:
        yield f"  {words} recorded in the live source"
        return
    window = Window(began=backup.started_at, ended=backup.completed_at)
    kept = samples.recall(scenario.name, question_digest(probe, _namespace(scenario, probe)))
    limit = max_distance(probe)
    found = neighbours(kept, window, limit)
    near = {
        "before": distance(found.before, window) if found.before else None,
        "after": distance(found.after, window) if found.after else None,
    }
    said = [f"{brief(span)} {side} the backup" for side, span in near.items() if span is not None]
    none = f"no record within {_words(limit, found.nearest)}: it would be inconclusive"
    yield f"  {words} recorded {' and '.join(said)}" if said else f"  {words}: {none}"


def _namespace(scenario: Scenario, probe: ProbeSpec) -> str:
    only = next(iter(scenario.restore.namespaces), "")
    return str(probe.question.get("namespace") or only)


def _words(limit: timedelta, nearest: timedelta | None) -> str:
    near = f", the nearest {brief(nearest)} away" if nearest is not None else ""
    return f"{brief(limit)} of the backup{near}"
