"""The `canary` probe: did the one thing come back that was put there to be found?

A file or a row with a known id is written before the backup; the restored data must hold it. The
id must stand by itself: `canary-1` is not found in `canary-10`. With `timestamp`, the newest
instant beside it says how old the data is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from drills import objects
from drills.expectations import Mismatch, show
from drills.probes.comparing import kept
from drills.probes.contract import Answer, ProbeContext
from drills.probes.files import read_file
from drills.probes.freshness import freshness
from drills.probes.querying import read
from drills.probes.sql import ADVICE, cells
from drills.probes.veiling import veiled
from scenarios.model import ProbeSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What the place holds that the canary was put into."""

    text: str
    simulated: bool
    ids: tuple[str, ...]
    """All that may be an id, the newest first: of rows the first, of a file's lines the last."""
    secret: str = ""


class CanaryProbe:
    """Keeps `Probe`."""

    kind = "canary"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Look once; raises CannotAsk, Unreachable, Forbidden."""
        question, namespace = spec.question, context.sandbox(spec.question)
        if "sql" in question:
            look = _row(objects.mapping(question, "sql"), namespace, context, timeout)
        else:
            look = _file(objects.mapping(question, "file"), namespace, context, timeout)
        if isinstance(look, Mismatch):
            return Answer(observed={"canary": look.observed}, mismatches=(look,))
        return veiled(_judged(spec, look, context), (look.secret,))


def _judged(spec: ProbeSpec, place: _Place, context: ProbeContext) -> Answer:
    wanted = str(spec.question.get("id", ""))
    newest, wrong = None, _missing(wanted, place.text) if "id" in spec.question else None
    if not place.text.strip():
        wrong = Mismatch(f"the canary {show(wanted)}" if wanted else "a canary", "nothing")
    if wrong is None and "timestamp" in spec.expect:
        asked = objects.mapping(spec.expect, "timestamp")
        newest, wrong = freshness(asked, place.text, context, ADVICE)
    return Answer(
        observed={"canary": place.text.strip()},
        mismatches=kept((wrong,)),
        values={"id": place.ids},
        simulated=place.simulated,
        newest=newest,
    )


def _missing(wanted: str, text: str) -> Mismatch | None:
    if wanted and re.search(rf"(?<![\w-]){re.escape(wanted)}(?![\w-])", text):
        return None
    return Mismatch(f"the canary {show(wanted)}", show(text.strip()) if text.strip() else "nothing")


def _row(
    question: Mapping[str, object], namespace: str, context: ProbeContext, timeout: float
) -> _Place | Mismatch:
    found = read(question, namespace, context, timeout)
    if found.table is None:
        return found.wrong or Mismatch("an answer", "nothing")
    text = cells(found.table)
    ids = tuple(cell for cell in text.split("\n") if cell)
    return _Place(text=text, simulated=found.simulated, ids=ids, secret=found.secret)


def _file(
    question: Mapping[str, object], namespace: str, context: ProbeContext, timeout: float
) -> _Place | Mismatch:
    found = read_file(context.cluster, namespace, question, objects.text(question, "path"), timeout)
    if isinstance(found, Mismatch):
        return found
    lines = reversed(found.text.splitlines())
    ids = tuple(word for line in lines for word in line.split())
    return _Place(text=found.text, simulated=found.simulated, ids=ids)


PROBE = CanaryProbe()
