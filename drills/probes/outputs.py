"""What a command said, against what the scenario expects: shared by exec, job and script.

In: an exit code and texts by their words. Out: an Answer. Exit code 0 is expected unless `expect`
says otherwise, and an instant is looked for only where all else fits.
"""

from collections.abc import Iterator, Mapping

from drills import objects
from drills.expectations import Mismatch, check
from drills.probes.comparing import about, kept
from drills.probes.contract import Answer, ProbeContext
from drills.probes.freshness import freshness


def judged(
    expect: Mapping[str, object],
    exit_code: int,
    texts: Mapping[str, str],
    context: ProbeContext,
    *,
    simulated: bool = False,
) -> Answer:
    """Return the answer; the first of `texts` is also read as `value` and for instants."""
    first, main = next(iter(texts.items()), ("", ""))
    observed: dict[str, object] = {"exitCode": exit_code}
    observed |= {
        word: text.strip() for word, text in texts.items() if text.strip() or word == first
    }
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


def _compare(
    expect: Mapping[str, object], exit_code: int, texts: Mapping[str, str]
) -> Iterator[Mismatch | None]:
    yield about("exitCode", check(expect.get("exitCode", 0), exit_code))
    for word, text in texts.items():
        if word in expect:
            yield about(word, check(expect[word], text.strip()))
