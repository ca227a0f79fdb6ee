"""The `http` probe: does the restored application answer, and what?

Asks a Service over port-forward or the API server's proxy. Unless `expect` names a status, only
200 to 299 will do: an error page that happens to contain the word looked for must not pass.
"""

import json
from collections.abc import Iterator, Mapping

from drills import objects
from drills.errors import Missing
from drills.expectations import Mismatch, check
from drills.ports import HttpAnswer
from drills.probes.comparing import about, at_path, duration, kept, path
from drills.probes.contract import Answer, ProbeContext
from scenarios.model import ProbeSpec

LONGEST_JSON = 4 * 1024 * 1024
SUCCESS: Mapping[str, object] = {"min": 200, "max": 299}


class HttpProbe:
    """Keeps `Probe`."""

    kind = "http"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Send one request; raises CannotAsk, Unreachable, Forbidden."""
        question = spec.question
        try:
            answer = context.cluster.http(
                context.sandbox(question),
                objects.text(question, "service"),
                str(question.get("port", 80)),
                objects.text(question, "path") or "/",
                scheme=objects.text(question, "scheme") or "http",
                method=objects.text(question, "method") or "GET",
                headers={k: str(v) for k, v in objects.mapping(question, "headers").items()},
                via=objects.text(question, "via") or "auto",
                timeout=timeout,
            )
        except Missing as err:
            return Answer(
                observed={"answer": str(err)},
                mismatches=(Mismatch("an answer", str(err)),),
            )
        return Answer(
            observed=_observed(answer),
            mismatches=kept(_compare(spec.expect, answer)),
            simulated=answer.simulated,
        )


def _observed(answer: HttpAnswer) -> Mapping[str, object]:
    return {
        "status": answer.status,
        "body": _text(answer),
        "latency": f"{answer.seconds:.3f} s",
        "via": answer.via,
    }


def _compare(expect: Mapping[str, object], answer: HttpAnswer) -> Iterator[Mismatch | None]:
    yield about("status", check(expect.get("status", SUCCESS), answer.status))
    yield from _headers(objects.mapping(expect, "headers"), answer.headers)
    if "body" in expect:
        yield about("body", check(expect["body"], _text(answer)))
    if "jsonPath" in expect:
        yield _field(objects.mapping(expect, "jsonPath"), answer.body)
    if "latency" in expect:
        longest = duration(expect["latency"]).total_seconds()
        if answer.seconds > longest:
            yield Mismatch(f"latency at most {longest:g} s", f"latency {answer.seconds:.3f} s")


def _headers(expect: Mapping[str, object], headers: Mapping[str, str]) -> Iterator[Mismatch | None]:
    found = {name.lower(): value for name, value in headers.items()}
    for name, value in expect.items():
        yield about(f"header {name}", check(value, found.get(name.lower())))


def _field(expect: Mapping[str, object], body: bytes) -> Mismatch | None:
    where = path(expect.get("path"))
    if len(body) > LONGEST_JSON:
        return Mismatch("a JSON body", f"a body of {len(body)} bytes")
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return Mismatch("a JSON body", "a body that is not JSON")
    return at_path(where, expect.get("value"), document)


def _text(answer: HttpAnswer) -> str:
    return answer.body.decode("utf-8", errors="replace")


PROBE = HttpProbe()
