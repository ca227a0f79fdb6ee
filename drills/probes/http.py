"""The `http` probe: does the restored application answer, and what?

Asks a Service, a pod or a workload over port-forward or the API server's proxy. Unless `expect`
names a status, only 200 to 299 will do: an error page that happens to contain the word looked for
must not pass.

| what is heard | how it counts |
|---|---|
| a whole answer | judged |
| no answer in time, or one that breaks off before the end it announced | wrong: asked again, and \
failed in the end |
| an answer still under way when the time is over | not judged: inconclusive |
| a body longer than `maxBody` | status and headers are judged, the body is not |
| a body that cannot be unpacked or read here | status and headers are judged, the body is not |

A header that comes several times fits where one of its values does, or all of them joined by
commas; `not` must hold for each.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from drills import objects
from drills.errors import CannotAsk, Missing
from drills.expectations import Mismatch, check
from drills.ports import Deadline, HttpAnswer, HttpRequest
from drills.probes.comparing import about, at_path, duration, kept, path
from drills.probes.contract import Answer, ProbeContext
from drills.probes.http_content import Content, content, shown, too_long
from drills.probes.http_question import max_body, request_of
from drills.probes.http_redirects import MOST, next_request
from drills.probes.secret_values import NotThere, SandboxSecrets
from scenarios.model import ProbeSpec

LONGEST_JSON = 4 * 1024 * 1024
"""Unless `maxBody` allows more."""
SUCCESS: Mapping[str, object] = {"min": 200, "max": 299}


class HttpProbe:
    """Keeps `Probe`."""

    kind = "http"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Ask once; raises CannotAsk, Unreachable, Forbidden."""
        namespace = context.sandbox(spec.question)
        secrets = SandboxSecrets(context.cluster, namespace)
        return secrets.kept(lambda: _asked(spec, context, secrets, namespace, timeout))


def _asked(
    spec: ProbeSpec,
    context: ProbeContext,
    secrets: SandboxSecrets,
    namespace: str,
    timeout: float,
) -> Answer:
    clock = context.clock
    deadline = Deadline(clock=clock, at=clock.monotonic() + timeout)
    try:
        request = request_of(spec.question, context.cluster, namespace, secrets)
        follow = spec.question.get("followRedirects") is True
        answer = _answer(context, request, deadline, MOST if follow else 0)
    except NotThere as wrong:
        return _wrong(wrong.mismatch)
    except Missing as error:
        return _wrong(Mismatch("an answer", str(error)))
    return Answer(
        observed=_observed(answer, request.max_body),
        mismatches=kept(_compare(spec, answer)),
        simulated=answer.simulated,
    )


def _answer(
    context: ProbeContext, request: HttpRequest, deadline: Deadline, hops: int
) -> HttpAnswer:
    """Return the answer, after so many redirects at most; its time is that of all of them."""
    answer = context.cluster.http(request, timeout=max(0.0, deadline.left))
    following = next_request(request, answer) if hops else None
    if following is None:
        return answer
    last = _answer(context, following, deadline, hops - 1)
    return replace(last, seconds=last.seconds + answer.seconds)


def _wrong(mismatch: Mismatch) -> Answer:
    return Answer(observed={"answer": mismatch.observed}, mismatches=(mismatch,))


def _observed(answer: HttpAnswer, most: int) -> Mapping[str, object]:
    location = answer.values("Location")
    return {
        "status": answer.status,
        **({"location": location[0]} if location else {}),
        "body": shown(answer, most),
        "latency": f"{answer.seconds:.3f} s",
        "via": answer.via,
    }


def _compare(spec: ProbeSpec, answer: HttpAnswer) -> Iterator[Mismatch | None]:
    expect, most = spec.expect, max_body(spec.question)
    status = about("status", check(expect.get("status", SUCCESS), answer.status))
    yield status
    for name, value in objects.mapping(expect, "headers").items():
        yield about(f"header {name}", _header(value, answer.values(name)))
    if "latency" in expect:
        yield _latency(expect["latency"], answer, most)
    if not {"body", "jsonPath"} & expect.keys():
        return
    try:
        found = content(answer, most)
    except CannotAsk:
        if status is None:
            raise
        return  # an error page that cannot be read is an error all the same
    if isinstance(found, Mismatch):
        yield found
    else:
        yield from _inside(spec, found, most)


def _inside(spec: ProbeSpec, found: Content, most: int) -> Iterator[Mismatch | None]:
    """Compare with what the body says."""
    expect = spec.expect
    if "body" in expect:
        yield about("body", check(expect["body"], found.text))
    if "jsonPath" in expect:
        limit = most if "maxBody" in spec.question else LONGEST_JSON
        yield _field(objects.mapping(expect, "jsonPath"), found, limit)


def _latency(expected: object, answer: HttpAnswer, most: int) -> Mismatch | None:
    if not answer.whole:
        raise too_long(
            f"how long the answer takes is unknown: it is longer than {most} bytes", most
        )
    longest = duration(expected).total_seconds()
    if answer.seconds <= longest:
        return None
    return Mismatch(f"latency at most {longest:g} s", f"latency {answer.seconds:.3f} s")


def _header(expected: object, values: tuple[str, ...]) -> Mismatch | None:
    """Compare with all values of one header."""
    found = (*values, ", ".join(values)) if len(values) > 1 else values
    tests = dict(expected) if isinstance(expected, Mapping) else {}
    if "not" in tests and len(found) > 1:
        forbidden = {"not": tests.pop("not")}
        wrong = next(filter(None, (check(forbidden, value) for value in found)), None)
        if wrong is not None or not tests:
            return wrong
        expected = tests
    wrongs = [check(expected, value) for value in found or (None,)]
    return None if None in wrongs else wrongs[0]


def _field(expect: Mapping[str, object], found: Content, most: int) -> Mismatch | None:
    where = path(expect.get("path"))
    if len(found.data) > most:
        raise too_long(f"a JSON body of {len(found.data)} bytes, and {most} are read", most)
    try:
        document: object = json.loads(found.text if found.charset != "utf-8-sig" else found.data)
    except (ValueError, RecursionError):
        return Mismatch("a JSON body", "a body that is not JSON")
    return at_path(where, expect.get("value"), document)


PROBE = HttpProbe()
