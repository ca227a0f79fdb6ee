"""The `sql` probe: what does the restored database say to a query?

Asks PostgreSQL or MySQL (MariaDB) through a port-forward, in a read-only transaction. At least one
row is expected unless `expect` says otherwise. `newest` reads the first column of all rows: a
restored application writes at once, and only what is older than the restore says how old the data
is.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from drills import objects
from drills.errors import CannotAsk
from drills.expectations import Mismatch, check, describe, show
from drills.findings import Cause
from drills.probes.cells import check_cell, shown
from drills.probes.comparing import about, kept
from drills.probes.contract import Answer, ProbeContext
from drills.probes.databases import Table
from drills.probes.freshness import Advice, freshness
from drills.probes.querying import read
from drills.probes.veiling import veiled
from scenarios.model import ProbeSpec

ADVICE = Advice(
    zone="select instants with a zone (timestamptz, or AT TIME ZONE), or say newest.timeZone",
    more="select more rows, newest first (ORDER BY … DESC LIMIT 1000), so that restored ones show",
)


class SqlProbe:
    """Keeps `Probe`."""

    kind = "sql"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Put the query once; raises CannotAsk, Unreachable, Forbidden."""
        found = read(spec.question, context.sandbox(spec.question), context, timeout)
        if found.table is None:
            wrong = found.wrong or Mismatch("an answer", "nothing")
            answer = Answer(observed={"answer": wrong.observed}, mismatches=(wrong,))
        else:
            answer = _judged(spec.expect, found.table, context, simulated=found.simulated)
        return veiled(answer, (found.secret,))

    def recorded(
        self, spec: ProbeSpec, context: ProbeContext, timeout: float
    ) -> Mapping[str, object] | Mismatch:
        """Return what the query of `recordedBy` finds, for `count` and `value`."""
        query = objects.text(spec.expect, "recordedBy", "sql")
        asked = replace(spec, question={**spec.question, "query": query}, expect={})
        answer = self.ask(asked, context, timeout)
        if answer.mismatches:
            wrong = answer.mismatches[0]
            return Mismatch(f"a record in the data: {wrong.expected}", wrong.observed)
        return {word: answer.values.get("value") for word in ("count", "value")}


def instants(table: Table, zone: object = None) -> str:
    """Return the first column as text, its instants with `zone` where they have none."""
    return "\n".join(_text(row[0], zone) for row in table.rows if row)


def cells(table: Table) -> str:
    """Return all cells as text, one a line."""
    return "\n".join(_text(cell, None) for row in table.rows for cell in row)


def _judged(
    expect: Mapping[str, object], table: Table, context: ProbeContext, *, simulated: bool
) -> Answer:
    first = _first(table)
    observed: dict[str, object] = {"rows": len(table.rows), "columns": list(table.columns)}
    if table.rows:
        observed["value"] = None if first is None else _text(first, None)
    wrong = list(kept(_compare(expect, table, first)))
    newest = None
    if "newest" in expect and not wrong:
        asked = objects.mapping(expect, "newest")
        text = instants(table, asked.get("timeZone"))
        newest, stale = freshness(asked, text, context, ADVICE)
        wrong.extend(kept((stale,)))
    return Answer(
        observed=observed,
        mismatches=tuple(wrong),
        values=_values(table, first),
        simulated=simulated,
        newest=newest,
    )


def _values(table: Table, first: object) -> Mapping[str, object]:
    counted = isinstance(first, int) and not isinstance(first, bool)
    values = {"rows": len(table.rows), "value": shown(first)}
    return values | ({"count": first} if counted else {})


def _compare(
    expect: Mapping[str, object], table: Table, first: object
) -> Iterator[Mismatch | None]:
    yield about("rows", check(expect.get("rows", {"min": 1}), len(table.rows)))
    if "columns" in expect:
        yield about("columns", check(expect["columns"], list(table.columns)))
    if "value" in expect and table.rows:
        yield about("value", check_cell(expect["value"], first))
    elif "value" in expect:
        yield Mismatch(f"value {describe(expect['value'])}", "no row")
    if "count" in expect:
        counted = isinstance(first, int) and not isinstance(first, bool)
        wrong = check(expect["count"], first) if counted else Mismatch("a number", show(first))
        yield about("count", wrong)


def _first(table: Table) -> object:
    return table.rows[0][0] if table.rows and table.rows[0] else None


def _text(cell: object, zone: object) -> str:
    if isinstance(cell, datetime) and cell.tzinfo is None and isinstance(zone, str):
        cell = cell.replace(tzinfo=_zone(zone))
    found = shown(cell)
    if isinstance(found, list):
        return json.dumps(found, ensure_ascii=False, default=str)
    return str(found) if found is not None else ""


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise CannotAsk(
            f"newest.timeZone: no time zone is called {name!r}", cause=Cause.CONFIGURATION
        ) from error


PROBE = SqlProbe()
