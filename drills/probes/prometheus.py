"""The `prometheus` probe: does a PromQL query answer within the range expected?

Asks the HTTP API of a Prometheus that was restored. Every series of the result must fit, and an
empty result is a wrong answer. `at: backupEnd` asks for the instant at which the backup ended,
since a restored Prometheus knows nothing of what came after.
"""

import json
import math
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from urllib.parse import urlencode

from drills import objects
from drills.errors import CannotAsk, Missing
from drills.expectations import Mismatch, check
from drills.findings import Cause
from drills.ports import HttpAnswer
from drills.probes.comparing import about, kept
from drills.probes.contract import Answer, ProbeContext
from scenarios.model import ProbeSpec

PORT = 9090
LONGEST = 4 * 1024 * 1024
SHOWN = 5


class PrometheusProbe:
    """Keeps `Probe`."""

    kind = "prometheus"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Ask once; raises CannotAsk, Unreachable, Forbidden."""
        question = spec.question
        try:
            answer = context.cluster.http(
                context.sandbox(question),
                objects.text(question, "service"),
                str(question.get("port", PORT)),
                _path(question, context, timeout),
                scheme=objects.text(question, "scheme") or "http",
                timeout=timeout,
            )
        except Missing as error:
            return _wrong(Mismatch("an answer", str(error)))
        try:
            values = _values(answer)
        except _NoAnswerError as error:
            return _wrong(Mismatch("an answer of Prometheus", str(error)))
        return Answer(
            observed={"series": len(values), "value": values[:SHOWN]},
            mismatches=kept(_compare(spec.expect, values)),
            simulated=answer.simulated,
        )


class _NoAnswerError(Exception):
    """What came back is no result."""


def _wrong(mismatch: Mismatch) -> Answer:
    return Answer(observed={"answer": mismatch.observed}, mismatches=(mismatch,))


def _path(question: Mapping[str, object], context: ProbeContext, timeout: float) -> str:
    """Return what to ask for.

    The time-out is a bare number of seconds: Prometheus 2.42 refuses `10.000s`, since with a unit
    it reads whole numbers only (`web/api/v1/api.go`, parseDuration).
    """
    asked = {"query": objects.text(question, "query"), "timeout": f"{timeout:.3f}"}
    if question.get("at") == "backupEnd":
        if context.backup_ended_at is None:
            raise CannotAsk("when the backup ended is unknown", cause=Cause.CONFIGURATION)
        asked["time"] = f"{context.backup_ended_at.timestamp():.3f}"
    prefix = objects.text(question, "path").rstrip("/")
    return f"{prefix}/api/v1/query?{urlencode(asked)}"


def _values(answer: HttpAnswer) -> list[float]:
    """Return the value of each series; raises CannotAsk for a query that Prometheus refuses."""
    try:
        document: object = json.loads(answer.body[:LONGEST])
    except (ValueError, RecursionError) as error:
        raise _NoAnswerError(f"status {answer.status}, not JSON") from error
    if objects.text(document, "errorType") == "bad_data":
        words = objects.text(document, "error")[:300]
        raise CannotAsk(f"Prometheus refuses the query: {words}", cause=Cause.CONFIGURATION)
    if answer.status != HTTPStatus.OK or objects.text(document, "status") != "success":
        words = objects.text(document, "error")[:300] or f"status {answer.status}"
        raise _NoAnswerError(words)
    kind, result = (objects.dig(document, "data", word) for word in ("resultType", "result"))
    if kind == "scalar":
        return [_number(result)]
    if kind is None:
        raise _NoAnswerError("a result without a type")
    if kind != "vector" or not isinstance(result, list):
        raise CannotAsk(
            f"the query gives a {kind}, and only a vector or a scalar has one value each",
            hint="take the range off, or put a function such as last_over_time around it",
            cause=Cause.CONFIGURATION,
        )
    return [_number(objects.dig(series, "value")) for series in result]


def _number(sample: object) -> float:
    """Return the value of `[instant, "value"]`."""
    try:
        return float(sample[1]) if isinstance(sample, list) else math.nan
    except (IndexError, TypeError, ValueError) as error:
        raise _NoAnswerError("a sample without a value") from error


def _compare(expect: Mapping[str, object], values: list[float]) -> Iterator[Mismatch | None]:
    yield about("series", check(expect.get("series", {"min": 1}), len(values)))
    if "value" not in expect:
        return
    if not values:
        yield about("value", Mismatch("in a series", "no series"))
    for value in values:
        wrong = check(expect["value"], None if math.isnan(value) else value)
        if wrong is not None:
            yield about("value", wrong)
            return


PROBE = PrometheusProbe()
