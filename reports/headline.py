"""The answer in one sentence and in one line, the same words in every format.

In: a report document. Out: the sentence at the top of a report, the last line on a terminal, and
what the environment may claim.
"""

from reports import words
from reports.reading import Document, flag, number, part, rows, word

EMBEDDED_CLAIM = (
    "Embedded cluster: no container ran. This drill proves at most that the backup can be read and "
    "its objects come back; it proves neither that a service would start nor that its data is "
    "usable. Drill on a real cluster for that."
)

_OPENINGS = {
    "failed": "This backup cannot be relied on: ",
    "warned": "The backup came back, with a warning: ",
    "inconclusive": "No answer: ",
}


def sentence(document: Document) -> str:
    """Return verdict and why in one sentence, with a full stop."""
    verdict = word(document, "verdict")
    if verdict == "passed":
        return _success(document)
    found = rows(document, "reasons")
    cause = word(found[0], "cause") if found else ""
    opening = _opening(verdict, cause, chosen=bool(part(document, "backup")))
    why = word(found[0], "message").rstrip(". ") if found else "no reason was recorded"
    more = f" ({words.plural(len(found) - 1, 'more reason')} below)" if len(found) > 1 else ""
    ending = _no_blame(verdict, cause)
    return f"{opening}{why}{more}{ending}."


def _opening(verdict: str, cause: str, *, chosen: bool) -> str:
    if verdict == "failed" and not chosen:
        return "There is nothing to restore: "
    if verdict == "failed" and cause != "backup":
        return "The drill failed: "
    return _OPENINGS.get(verdict, "")


def _no_blame(verdict: str, cause: str) -> str:
    if verdict != "inconclusive" or cause == "backup":
        return ""
    return ", which says nothing for or against the backup"


def _success(document: Document) -> str:
    backup = word(part(document, "backup"), "name") or "the backup"
    taken = number(part(document, "objectives", "rto"), "achievedSeconds")
    restored = number(part(document, "completeness"), "restored")
    parts = [
        "" if restored is None else words.plural(int(restored), "object"),
        _probes(document),
        "" if taken is None else f"ready after {words.duration(taken)}",
    ]
    return f"{backup} came back: {', '.join(item for item in parts if item)}."


def _probes(document: Document) -> str:
    asked = rows(document, "probes")
    if not asked:
        return "no probe was asked"
    passed = [probe for probe in asked if word(probe, "outcome") == "passed"]
    simulated = sum(1 for probe in passed if flag(probe, "simulated"))
    note = f" ({simulated} simulated)" if simulated else ""
    return f"{len(passed)} of {words.plural(len(asked), 'probe')} passed{note}"


def objective_line(objective: Document) -> str:
    """Return `2.1s of 15m`, `unknown of 15m`, or `2.1s` where there is no target."""
    achieved = words.duration(number(objective, "achievedSeconds"))
    target = number(objective, "targetSeconds")
    return achieved if target is None else f"{achieved} of {words.duration(target)}"


def verdict_line(document: Document) -> str:
    """Return the one line that ends a run: the verdict's word first, parts two spaces apart.

    What cleanup left behind is added at the end, because a passed drill may still have left it.
    """
    parts = [
        word(document, "verdict"),
        word(part(document, "scenario"), "name"),
        word(document, "environment"),
        f"RTO {objective_line(part(document, 'objectives', 'rto'))}",
        f"RPO {objective_line(part(document, 'objectives', 'rpo'))}",
        f"proof {word(document, 'proofLevel')}",
    ]
    cleanup = word(part(document, "cleanup"), "outcome")
    return "  ".join([*parts, *([] if cleanup == "clean" else [f"cleanup {cleanup}"])])
