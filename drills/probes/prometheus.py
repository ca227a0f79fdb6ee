"""The `prometheus` probe: does a PromQL query answer within the range expected?

Asks the HTTP API of a Prometheus that was restored. Every series of the result must fit, and an
empty result is a wrong answer. `at: backupEnd` asks for the instant at which the backup ended,
since a restored Prometheus knows nothing of what came after.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlencode

from drills import objects
from drills.errors import CannotAsk, Missing
from drills.expectations import Mismatch, check
from drills.findings import Cause
from drills.ports import Deadline, HttpAnswer
from drills.probes.comparing import about, kept
from drills.probes.contract import Answer, ProbeContext
from drills.probes.http_content import content
from drills.probes.http_question import request_of
from drills.probes.secret_values import NotThere, SandboxSecrets
from scenarios.model import ProbeSpec

PORT = 9090
LONGEST = 4 * 1024 * 1024
SHOWN = 5
_LOGIN = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class PrometheusProbe:
    """Keeps `Probe`."""

    kind = "prometheus"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Ask once; raises CannotAsk, Unreachable, Forbidden."""
        namespace = context.sandbox(spec.question)
        secrets = SandboxSecrets(context.cluster, namespace)
        return secrets.kept(lambda: self._asked(spec, context, secrets, timeout))

    def _asked(
        self, spec: ProbeSpec, context: ProbeContext, secrets: SandboxSecrets, timeout: float
    ) -> Answer:
        question = {"port": PORT, **spec.question}
        clock = context.clock
        deadline = Deadline(clock=clock, at=clock.monotonic() + timeout)
        try:
            request = request_of(question, context.cluster, context.sandbox(question), secrets)
            asked = replace(request, path=_path(question, context, timeout), max_body=LONGEST)
            answer = context.cluster.http(asked, timeout=max(0.0, deadline.left))
        except NotThere as wrong:
            return _wrong(wrong.mismatch)
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
    """Return the value of each series.

    Raises CannotAsk for a query that Prometheus refuses, and for a result that was not read whole.
    """
    found = content(answer, LONGEST)
    if isinstance(found, Mismatch):
        raise _NoAnswerError(found.observed)
    try:
        document: object = json.loads(found.data)
    except (ValueError, RecursionError) as error:
        login = ": it wants another login (auth)" if answer.status in _LOGIN else ""
        raise _NoAnswerError(f"status {answer.status}{login}, not JSON") from error
    _check(document, answer.status)
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


def _check(document: object, status: int) -> None:
    """Raise what a refusal means."""
    if objects.text(document, "errorType") == "bad_data":
        words = objects.text(document, "error")[:300]
        raise CannotAsk(f"Prometheus refuses the query: {words}", cause=Cause.CONFIGURATION)
    if status != HTTPStatus.OK or objects.text(document, "status") != "success":
        words = objects.text(document, "error")[:300] or f"status {status}"
        raise _NoAnswerError(words)


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
