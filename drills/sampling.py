"""Takes samples: asks the live source what a drill will ask the restored data. Only reads.

In: a scenario, a probe that says `recorded`, and a context whose namespaces are the source's own.
Out: a Sample. Only kinds that read are asked, and only for what the scenario says is recorded.
"""

from collections.abc import Mapping
from dataclasses import replace

from drills.alike import number
from drills.errors import CannotAsk
from drills.findings import Cause
from drills.probes import Answer, ProbeContext, find_probe
from drills.probes.comparing import compare
from drills.probes.recorded import bare
from drills.samples import Sample, question_digest
from scenarios.hiding import veil_of
from scenarios.model import ProbeSpec, Scenario
from scenarios.recorded import recorded_words

LONGEST_TEXT = 200
"""Characters of a value that may be kept: an id, a digest, an instant, no document."""
MOST_FILES = 2000


def to_record(scenario: Scenario) -> tuple[ProbeSpec, ...]:
    """Return the probes that wait for a record of the live source."""
    return tuple(
        probe
        for probe in scenario.probes
        if recorded_words(probe.kind, probe.question, probe.expect)
        and "recordedBy" not in probe.expect
    )


def take_sample(scenario: Scenario, spec: ProbeSpec, context: ProbeContext) -> Sample:
    """Ask once and return what was found.

    Raises CannotAsk where the live source gives nothing to record, and what the probe raises.
    """
    words = recorded_words(spec.kind, spec.question, spec.expect)
    at, began = context.clock.now(), context.clock.monotonic()
    answer = _ask(spec, words, context)
    _refuse_secrets(scenario, {word: answer.values.get(word) for word in words})
    return Sample(
        at=at,
        seconds=round(context.clock.monotonic() - began, 3),
        scenario=scenario.name,
        scenario_sha256=scenario.sha256,
        probe=spec.name,
        question=question_digest(spec, context.source(spec.question)),
        values={word: _kept(word, answer.values.get(word)) for word in words},
        simulated=answer.simulated,
    )


def _refuse_secrets(scenario: Scenario, values: Mapping[str, object]) -> None:
    """Raise CannotAsk where a value holds a secret: the records are a plain file."""
    veil = veil_of(scenario.confidential.secrets)
    for word, value in values.items():
        if veil.holds(str(value)):
            raise CannotAsk(
                f"{word} holds a secret of the scenario, so it is not recorded",
                hint="ask for a count, a digest or an id",
                cause=Cause.CONFIGURATION,
            )


def _ask(spec: ProbeSpec, words: tuple[str, ...], context: ProbeContext) -> Answer:
    expect = {"rows": {"min": 0}} if "rows" in words else {}
    asked = replace(bare(spec), expect=expect)
    answer = find_probe(spec.kind).ask(asked, context, spec.timeout.total_seconds())
    wrong = answer.mismatches
    if wrong is None:
        wrong = compare(expect, answer.observed)
    if wrong:
        raise CannotAsk(f"nothing to record: {wrong[0]}", hint="look at the live source")
    return answer


def _kept(word: str, value: object) -> object:
    """Return the value as it is kept; raises CannotAsk where it must not be."""
    if word == "id" and isinstance(value, tuple | list):
        value = value[0] if value else None
    if isinstance(value, Mapping):
        if not 0 < len(value) <= MOST_FILES:
            raise CannotAsk(
                f"{len(value)} files: between 1 and {MOST_FILES} can be recorded",
                hint="say `tree: recorded`, or a folder further down",
                cause=Cause.CONFIGURATION,
            )
        return dict(value)
    scalar = isinstance(value, int | float | str)
    if not scalar or not str(value).strip() or len(str(value)) > LONGEST_TEXT:
        raise CannotAsk(
            f"{word} is nothing that can be recorded: a number, or up to {LONGEST_TEXT} characters",
            hint="ask for a count, a digest or an id",
            cause=Cause.CONFIGURATION,
        )
    if word == "count" and number(value) is None:
        raise CannotAsk(f"{word} is no number", cause=Cause.CONFIGURATION)
    return value
