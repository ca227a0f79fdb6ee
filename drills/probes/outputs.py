"""What a command said, against what the scenario expects: shared by exec, job and script.

In: an exit code and texts by their words. Out: an Answer. Exit code 0 is expected unless `expect`
says otherwise, and an instant is looked for only where all else fits.
"""

from collections.abc import Collection, Iterator, Mapping

from drills import objects
from drills.alike import Amount, number
from drills.errors import CannotAsk
from drills.expectations import Mismatch, check
from drills.findings import Cause
from drills.probes.comparing import about, kept
from drills.probes.contract import Answer, ProbeContext
from drills.probes.freshness import freshness

READ_IN_FULL = frozenset({"stdout", "stderr", "value", "output", "timestamp"})
"""Expectations that an output with a hole in it cannot answer."""


def judged(
    expect: Mapping[str, object],
    exit_code: int,
    texts: Mapping[str, str],
    context: ProbeContext,
    *,
    simulated: bool = False,
    cut: bool = False,
) -> Answer:
    """Return the answer; the first of `texts` is also read as `value` and for instants.

    Raises CannotAsk where the texts were `cut` and the answer lies in them.
    """
    first, main = next(iter(texts.items()), ("", ""))
    observed: dict[str, object] = {"exitCode": exit_code}
    observed |= {
        word: text.strip() for word, text in texts.items() if text.strip() or word == first
    }
    if cut and check(expect.get("exitCode", 0), exit_code) is None:
        _refuse_cut(READ_IN_FULL & expect.keys())
    wrong = list(kept(_compare(expect, exit_code, {**texts, "value": main})))
    newest = None
    if "timestamp" in expect and not wrong:
        newest, stale = freshness(objects.mapping(expect, "timestamp"), main, context)
        wrong.extend(kept((stale,)))
    return Answer(
        observed=observed,
        mismatches=tuple(wrong),
        values={"value": main.strip()},
        simulated=simulated,
        newest=newest,
    )


def _refuse_cut(words: Collection[str]) -> None:
    """Raise CannotAsk where `words` were to be found in an output that was not kept whole."""
    if words:
        raise CannotAsk(
            "the command printed more than can be kept, so its output cannot be judged",
            hint="Let it print less, or judge by its exit code alone.",
            cause=Cause.PROBE,
        )


def _compare(
    expect: Mapping[str, object], exit_code: int, texts: Mapping[str, str]
) -> Iterator[Mismatch | None]:
    yield about("exitCode", check(expect.get("exitCode", 0), exit_code))
    for word, text in texts.items():
        if word in expect:
            said = text.strip()
            counted = word == "value" and number(said) is not None
            yield about(word, check(expect[word], Amount(said) if counted else said))
