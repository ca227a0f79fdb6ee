"""The `exec` probe: what does a command inside the restored application say?

The command runs in a ready pod of the workload, and runs again when its answer does not fit, so it
should only read. Exit code 0 is expected unless `expect` says otherwise.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from drills import objects
from drills.errors import CannotAsk
from drills.expectations import Mismatch, check
from drills.findings import Cause
from drills.ports import ExecAnswer
from drills.probes.comparing import about, duration, kept
from drills.probes.contract import Answer, ProbeContext
from drills.probes.workloads import ready_pod
from drills.timestamps import Sighting, sight
from scenarios.model import ProbeSpec


class ExecProbe:
    """Keeps `Probe`."""

    kind = "exec"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Run the command once; raises CannotAsk, Unreachable, Forbidden."""
        question, namespace = spec.question, context.sandbox(spec.question)
        workload = objects.text(question, "workload")
        target = ready_pod(
            context.cluster, namespace, workload, objects.text(question, "container")
        )
        if isinstance(target, Mismatch):
            return Answer(observed={"pod": target.observed}, mismatches=(target,))
        said = context.cluster.exec(
            namespace,
            target.pod,
            target.container,
            [str(word) for word in objects.items(question, "command")],
            timeout=timeout,
        )
        return _judged(spec.expect, said, context)


def _judged(expect: Mapping[str, object], said: ExecAnswer, context: ProbeContext) -> Answer:
    observed: dict[str, object] = {"exitCode": said.exit_code, "stdout": said.stdout.strip()}
    if said.stderr.strip():
        observed["stderr"] = said.stderr.strip()
    wrong = list(kept(_compare(expect, said)))
    newest = None
    if "timestamp" in expect and not wrong:
        newest, stale = _age(objects.mapping(expect, "timestamp"), said.stdout, context)
        wrong.extend(kept((stale,)))
    return Answer(
        observed=observed, mismatches=tuple(wrong), simulated=said.simulated, newest=newest
    )


def _compare(expect: Mapping[str, object], said: ExecAnswer) -> Iterator[Mismatch | None]:
    yield about("exitCode", check(expect.get("exitCode", 0), said.exit_code))
    texts = {"stdout": said.stdout, "stderr": said.stderr, "value": said.stdout}
    for word, text in texts.items():
        if word in expect:
            yield about(word, check(expect[word], text.strip()))


def _age(
    expect: Mapping[str, object], text: str, context: ProbeContext
) -> tuple[datetime | None, Mismatch | None]:
    limit = _within(expect, context)
    seen = sight(text, _not_after(expect, context))
    if seen.newest is None:
        return None, _nothing_restored(seen)
    age = max(context.reference - seen.newest, timedelta(0))
    if age <= limit:
        return seen.newest, None
    return seen.newest, Mismatch(
        f"timestamp within {limit} before {context.reference.isoformat()}",
        f"newest {seen.newest.isoformat()}, {age} before it",
    )


def _nothing_restored(seen: Sighting) -> Mismatch:
    if seen.without_zone:
        raise CannotAsk(
            "the instants in the output have no time zone, so their age is unknown",
            hint="print them with one, as `date -u +%Y-%m-%dT%H:%M:%SZ` does",
            cause=Cause.CONFIGURATION,
        )
    if seen.too_young is not None:
        raise CannotAsk(
            "every instant in the output is younger than the restore "
            f"({seen.too_young.isoformat()} at the earliest): the application has written since, "
            "or its restored data is gone",
            hint="print more of the data, as `tail -n 1000` does, so that restored lines show",
            cause=Cause.CONFIGURATION,
        )
    return Mismatch("a timestamp", "none in the output")


def _within(expect: Mapping[str, object], context: ProbeContext) -> timedelta:
    within = expect.get("within")
    if within != "rpo":
        return duration(within)
    if context.rpo is None:
        raise CannotAsk(
            "timestamp.within is rpo, but the scenario sets no objectives.rpo",
            cause=Cause.CONFIGURATION,
        )
    return context.rpo


def _not_after(expect: Mapping[str, object], context: ProbeContext) -> datetime:
    """Return the last instant that can have been restored."""
    latest = context.restore_started_at
    if expect.get("notAfter") == "drillStart":
        return min(latest, context.reference)
    if expect.get("notAfter") == "backupEnd" and context.backup_ended_at is not None:
        return min(latest, context.backup_ended_at)
    return latest


PROBE = ExecProbe()
