"""`verify.html`: what a run of `verify` saw, on one page that needs neither network nor script.

In: the document of a `verify.json`. Out: HTML bytes. The words are in templates/verify.html.j2.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reports import words
from reports.pages import page
from reports.reading import Document, by_severity, count, part, rows, word

_LOOKS = {"good": "passed", "damaged": "failed", "unknown": "inconclusive"}
"""Verdict to the drill's verdict whose colour and sign it has."""

SHOWN = 5
"""Findings of one kind that are listed at once; one broken disk may bring hundreds."""
_WORST_FIRST = ("damaged", "unknown", "good")


def render_verify_html(document: Document) -> bytes:
    """Return the page as UTF-8; the same document always gives the same bytes."""
    newest_first = sorted(
        rows(document, "backups"), key=lambda one: word(one, "startedAt"), reverse=True
    )
    backups = sorted(newest_first, key=lambda one: _WORST_FIRST.index(word(one, "verdict")))
    return page(
        "verify.html.j2",
        report=document,
        sentence=verify_sentence(document),
        look=_look(document),
        looks=_LOOKS,
        backups=[_shown(one) for one in backups],
        newest=newest_good(backups),
        groups=_groups(_findings(document)),
    )


def verify_sentence(document: Document) -> str:
    """Return verdict and why in one sentence, with a full stop."""
    totals = part(document, "totals")
    by_verdict, found = part(totals, "byVerdict"), part(totals, "findings")
    checked = words.plural(count(totals, "backups"), "backup")
    if word(document, "verdict") == "damaged":
        critical = words.plural(count(found, "critical"), "critical finding")
        bad = count(by_verdict, "damaged")
        if not bad:
            return f"{checked} read, none damaged itself, but {critical} about the place."
        return f"{bad} of {checked} damaged, {critical}: a restore would suffer."
    if word(document, "verdict") == "unknown":
        asked = words.plural(count(totals, "unanswered"), "question")
        return f"No answer: {asked} stayed open, which says nothing for or against the backups."
    warnings = count(found, "warning")
    told = f", with {words.plural(warnings, 'warning')}" if warnings else ""
    return f"{checked} read, nothing found that speaks against a restore{told}."


def _look(document: Document) -> str:
    look = _LOOKS[word(document, "verdict")]
    warned = count(part(document, "totals", "findings"), "warning") > 0
    return "warned" if look == "passed" and warned else look


def _shown(backup: Document) -> dict[str, object]:
    found = rows(backup, "findings")
    weights = {
        one: sum(word(f, "severity") == one for f in found) for one in ("critical", "warning")
    }
    return {
        **backup,
        "told": ", ".join(f"{many} {one}" for one, many in weights.items() if many),
    }


def newest_good(backups: Iterable[Document]) -> Document | None:
    """Return the backup to restore from when the others cannot be: the newest good one."""
    good = [one for one in backups if word(one, "verdict") == "good" and word(one, "startedAt")]
    return max(good, key=lambda one: word(one, "startedAt"), default=None)


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that say the same of several backups, shown as one."""

    findings: tuple[Document, ...]

    @property
    def first(self) -> Document:
        """Return the one that stands for all."""
        return self.findings[0]

    @property
    def shown(self) -> tuple[Document, ...]:
        """Return those that are listed at once."""
        return self.findings[:SHOWN]

    @property
    def folded(self) -> tuple[Document, ...]:
        """Return those that are listed when the reader asks for them."""
        return self.findings[SHOWN:]


def _groups(findings: Iterable[Document]) -> tuple[Group, ...]:
    """Return the findings with those of one code and one remedy together, in the order given."""
    groups: dict[tuple[str, str, str], list[Document]] = {}
    for one in findings:
        key = (word(one, "severity"), word(one, "code"), word(one, "remedy"))
        groups.setdefault(key, []).append(one)
    return tuple(Group(tuple(found)) for found in groups.values())


def _findings(document: Document) -> tuple[Document, ...]:
    """Return all findings with what they concern, the weightiest first."""
    around = [{**one, "about": "the place as a whole"} for one in rows(document, "findings")]
    each = [
        {**one, "about": word(backup, "name")}
        for backup in sorted(
            rows(document, "backups"), key=lambda one: word(one, "startedAt"), reverse=True
        )
        for one in rows(backup, "findings")
    ]
    return by_severity({"findings": [*around, *each]})
