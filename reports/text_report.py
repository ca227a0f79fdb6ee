"""What the terminal prints when a drill ends: few lines, the verdict in the last one.

In: a report document and a width. Out: lines without a line feed; with `colour`, the verdict's
word carries an ANSI colour.
"""

import textwrap
from collections import Counter
from collections.abc import Iterable

from reports import headline, words
from reports.reading import Document, by_severity, count, flag, names, number, part, rows, word

NARROWEST = 20
SHOWN = 5
MANY = 12
MUST_WORK = frozenset({"dns", "neighbour"})
WAYS_OUT = {
    "open": "open",
    "blocked": "blocked",
    "unknown": "led nowhere without the policy either",
}
"""What came of each way out of the sandbox that the prober tried, in words."""
_MARKS = {"passed": "ok", "failed": "FAILED", "inconclusive": "no answer", "skipped": "skipped"}
_COLOURS = {"passed": "32", "warned": "33", "failed": "31", "inconclusive": "35"}


def summary_lines(document: Document, *, width: int, colour: bool = False) -> list[str]:
    """Return the summary; the last line is the verdict line and is never wrapped.

    Args:
        document: the report document.
        width: columns of the terminal; below 20 counts as 20.
        colour: whether the verdict's word is coloured.
    """
    paragraphs = [
        *_backup(document),
        *_stages(document),
        *_probes(document),
        *_completeness(document),
        *_rewritings(document),
        *_isolation(document),
        *_findings(document),
        *_cleanup(document),
        *_claim(document),
        headline.sentence(document),
    ]
    lines = [line for text in paragraphs for line in _wrapped(text, max(width, NARROWEST))]
    return [*lines, "", _coloured(headline.verdict_line(document), document, colour=colour)]


def render_text(document: Document) -> bytes:
    """Return the summary at 80 columns as UTF-8, for a file or a mail."""
    return ("\n".join(summary_lines(document, width=80)) + "\n").encode()


def _wrapped(text: str, width: int) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    return textwrap.wrap(
        text, width, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True
    ) or [""]


def _coloured(line: str, document: Document, *, colour: bool) -> str:
    verdict = word(document, "verdict")
    if not colour or verdict not in _COLOURS:
        return line
    return f"\x1b[1;{_COLOURS[verdict]}m{verdict}\x1b[0m{line.removeprefix(verdict)}"


def _backup(document: Document) -> Iterable[str]:
    backup = part(document, "backup")
    if not backup:
        yield "backup    none could be picked"
    else:
        point = words.instant(word(backup, "recoveryPoint"))
        yield f"backup    {word(backup, 'name')}, data from {point}"
    for other in rows(document, "passedOver")[:SHOWN]:
        yield f"  passed over {word(other, 'name')}: {word(other, 'reason')}"


def _stages(document: Document) -> Iterable[str]:
    parts = [
        f"{word(stage, 'name')} {words.duration(number(stage, 'seconds'))}"
        for stage in rows(document, "stages")
        if word(stage, "outcome") != "skipped"
    ]
    if parts:
        yield f"stages    {', '.join(parts)}"


def _probes(document: Document) -> Iterable[str]:
    asked = rows(document, "probes")
    shown = asked if len(asked) <= MANY else _not_passed(asked)
    for probe in shown[:MANY]:
        yield _probe(probe)
    if len(shown) > MANY:
        yield f"  and {words.plural(len(shown) - MANY, 'more probe')} without a pass"
    if shown is not asked:
        yield f"probes    {len(asked) - len(_not_passed(asked))} of {len(asked)} passed"


def _not_passed(asked: tuple[Document, ...]) -> tuple[Document, ...]:
    return tuple(probe for probe in asked if word(probe, "outcome") != "passed")


def _probe(probe: Document) -> str:
    outcome = word(probe, "outcome")
    notes = [
        "" if flag(probe, "required") else "optional",
        "simulated" if flag(probe, "simulated") else "",
    ]
    marks = ", ".join(note for note in notes if note)
    why = word(probe, "message") or word(probe, "observed")
    ending = f" - {why}" if why and outcome != "passed" else ""
    return (
        f"probe     {_MARKS.get(outcome, outcome)}: {word(probe, 'name')}"
        f"{f' ({marks})' if marks else ''}{ending}"
    )


def _completeness(document: Document) -> Iterable[str]:
    found = part(document, "completeness")
    if not found:
        return
    missing = names(found, "missing")
    yield (
        f"objects   {count(found, 'restored')} restored, {count(found, 'leftOut')} left out, "
        f"{count(found, 'explained')} explained, {len(missing)} missing"
    )
    yield from (f"  missing {name}" for name in missing[:SHOWN])
    if len(missing) > SHOWN:
        yield f"  and {len(missing) - SHOWN} more"


def _rewritings(document: Document) -> Iterable[str]:
    found = rows(document, "rewritings")
    if found:
        names = sum(count(one, "count") for one in found)
        places = len({word(one, "object") for one in found})
        yield (
            f"names     {words.plural(names, 'Service name')} rewritten in "
            f"{words.plural(places, 'object')}; the original values were not tested"
        )


def _isolation(document: Document) -> Iterable[str]:
    proof = part(document, "sandbox", "isolationProof")
    if not proof:
        return
    targets = [each for each in rows(proof, "targets") if word(each, "aim") not in MUST_WORK]
    worn = {(word(each, "from"), word(each, "workload")) for each in targets} - {
        (word(each, "from"), "") for each in targets
    }
    ways = {(word(e, "outcome"), word(e, "from"), word(e, "address")) for e in targets}
    found = Counter(outcome for outcome, *_ in ways)
    told = [f"{found[outcome]} {what}" for outcome, what in WAYS_OUT.items() if found[outcome]]
    if worn:
        told.append(f"also tried as {words.plural(len(worn), 'workload')}")
    if flag(proof, "simulated"):
        told.append("simulated")
    tried = f" (ways out: {', '.join(told)})" if targets else ""
    why = f" - {word(proof, 'message')}" if word(proof, "state") == "unproven" else ""
    yield f"isolation {word(proof, 'state')}{tried}{why}"


def _findings(document: Document) -> Iterable[str]:
    grave = [found for found in by_severity(document) if word(found, "severity") != "info"]
    for found in grave[:SHOWN]:
        yield f"{word(found, 'severity'):<9} {word(found, 'subject')}: {word(found, 'message')}"
        yield f"  next: {word(found, 'remedy')}"
    if len(grave) > SHOWN:
        yield f"  and {words.plural(len(grave) - SHOWN, 'more finding')} in the report"


def _cleanup(document: Document) -> Iterable[str]:
    cleanup = part(document, "cleanup")
    if word(cleanup, "outcome") == "leftovers":
        yield "CLEANUP IS INCOMPLETE; remove what is left with the clean command:"
    elif word(cleanup, "outcome") == "kept":
        yield "cleanup   kept on request; remove it with the clean command:"
    yield from (f"  {name}" for name in names(cleanup, "leftovers"))


def _claim(document: Document) -> Iterable[str]:
    if word(document, "environment") == "embedded":
        yield "embedded  no container ran; this proves objects at most"
