"""The `logs` probe: what does a container of the restored application write?

`text` looks at the whole of what was read, so that a pattern may go over several lines; all else is
read line by line. Without `count`, `contains` and `matches` each need a line that holds it, and
no line may hold what stands under `not` (a plain text there means: contains). With `count`, lines
that hold `contains` and `matches` are counted.
"""

from collections.abc import Mapping, Sequence

from drills import objects
from drills.errors import CannotAsk
from drills.expectations import Mismatch, check, describe, show
from drills.findings import Cause
from drills.probes.comparing import about, duration, kept
from drills.probes.contract import Answer, ProbeContext
from drills.probes.workloads import logged_pod
from scenarios.model import ProbeSpec


class LogsProbe:
    """Keeps `Probe`."""

    kind = "logs"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Read the log once; raises CannotAsk, Unreachable, Forbidden."""
        question, namespace = spec.question, context.sandbox(spec.question)
        target = logged_pod(context.cluster, namespace, question)
        if isinstance(target, Mismatch):
            return Answer(observed={"pod": target.observed}, mismatches=(target,))
        since = question.get("since")
        log = context.cluster.logs(
            namespace,
            target.pod,
            target.container,
            tail=objects.number(question, "tail") or None,
            since=duration(since).total_seconds() if since else None,
            previous=question.get("previous") is True,
            timeout=timeout,
        )
        if log.cut:
            raise CannotAsk(
                "the log is longer than can be read, so its end is unknown",
                hint="Ask for its last lines with `tail`, or for the newest with `since`.",
                cause=Cause.PROBE,
            )
        lines = log.text.splitlines()
        return Answer(
            observed={"lines": len(lines), "last": lines[-1] if lines else None},
            mismatches=_compare(spec.expect, lines, log.text),
            simulated=log.simulated,
        )


def _compare(expect: Mapping[str, object], lines: Sequence[str], text: str) -> tuple[Mismatch, ...]:
    wanted = {word: expect[word] for word in ("contains", "matches") if word in expect}
    wrong: list[Mismatch | None] = []
    if "count" in expect:
        held = [line for line in lines if not wanted or check(wanted, line) is None]
        wrong.append(about("count", check(expect["count"], len(held))))
    else:
        wrong += [_some_line({word: operand}, lines) for word, operand in wanted.items()]
    if "not" in expect:
        wrong.append(_no_line(expect["not"], lines))
    if "text" in expect:
        wrong.append(_whole(expect["text"], text))
    return kept(wrong)


def _whole(expected: object, text: str) -> Mismatch | None:
    if check(expected, text) is None:
        return None
    return Mismatch(f"a log {describe(expected)}", f"{len(text.splitlines())} other lines")


def _some_line(expected: Mapping[str, object], lines: Sequence[str]) -> Mismatch | None:
    if any(check(expected, line) is None for line in lines):
        return None
    return Mismatch(f"a line {describe(expected)}", f"none in {len(lines)} lines")


def _no_line(unwanted: object, lines: Sequence[str]) -> Mismatch | None:
    expected = unwanted if isinstance(unwanted, Mapping) else {"contains": unwanted}
    for line in lines:
        if check(expected, line) is None:
            return Mismatch(f"no line {describe(expected)}", f"the line {show(line)}")
    return None


PROBE = LogsProbe()
