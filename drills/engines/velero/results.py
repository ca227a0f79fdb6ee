"""What a Velero results file says, and whose trouble each message is. Pure.

In: `{"errors": {"velero": [], "cluster": [], "namespaces": {ns: []}}, "warnings": {...}}` (keys
left out when empty). Out: messages and findings, by the one table of `meanings`.

| message | as an error | as a warning |
|---|---|---|
| in the table | what its row says | the same |
| "already exists" | a warning, unless it is everywhere | the same |
| unknown | an open question, whole text, blames nobody | a note |
"""

import re
from collections.abc import Iterable, Iterator

from drills import objects
from drills.engines.velero.meanings import Meaning, meaning_of
from drills.findings import Cause, Finding, Severity

MOST_EXAMPLES = 3

ALREADY = re.compile(r"already exists", re.IGNORECASE)
HARMLESS = re.compile(
    r"kube-root-ca\.crt|openshift-service-ca\.crt|istio-ca-root-cert|endpoint(s|slice)"
    r"|system:(image-pullers|image-builders|deployers)",
    re.IGNORECASE,
)


def messages(document: object, word: str) -> tuple[str, ...]:
    """Return the `errors` or `warnings`, each with its namespace where it has one."""
    part = objects.mapping(document, word)
    general = (str(m) for place in ("velero", "cluster") for m in objects.items(part, place))
    spaces = objects.mapping(part, "namespaces")
    inside = (f"{ns}: {message}" for ns in sorted(spaces) for message in objects.items(spaces, ns))
    return (*general, *inside)


def error_findings(errors: Iterable[str], restore: str) -> tuple[Finding, ...]:
    """Return a finding for each sort of error."""
    return tuple(_findings(errors, restore, "error"))


def warning_findings(warnings: Iterable[str], restore: str) -> tuple[Finding, ...]:
    """Return a finding for each sort of warning."""
    return tuple(_findings(warnings, restore, "warning"))


def _findings(said: Iterable[str], restore: str, word: str) -> Iterator[Finding]:
    sorts: dict[str, list[str]] = {}
    meanings: dict[str, Meaning | None] = {}
    for message in said:
        code, meaning = _sort(message, word)
        if code:
            meanings[code] = meaning
            sorts.setdefault(code, []).append(message)
    for code, group in sorts.items():
        meaning = meanings[code]
        if code == "already-exists":
            yield _already(group, restore)
        elif meaning is None:
            yield _unknown(group, restore, word)
        else:
            yield _known(meaning, group, restore, word)


def _sort(message: str, word: str) -> tuple[str, Meaning | None]:
    """Return the code under which a message is reported, '' for one that is everywhere."""
    if ALREADY.search(message):
        return ("" if HARMLESS.search(message) else "already-exists"), None
    meaning = meaning_of(message)
    return (meaning.code if meaning else f"restore-{word}"), meaning


def _known(meaning: Meaning, group: list[str], restore: str, word: str) -> Finding:
    what = meaning.what or f"Velero reports {len(group)} {word}(s)"
    return Finding(
        code=meaning.code,
        severity=meaning.severity,
        cause=meaning.cause,
        subject=restore,
        message=f"{what}: {_examples(group)}.",
        remedy=meaning.remedy,
        unanswered=meaning.unanswered,
    )


def _unknown(group: list[str], restore: str, word: str) -> Finding:
    error = word == "error"
    return Finding(
        code=f"restore-{word}",
        severity=Severity.WARNING if error else Severity.INFO,
        cause=Cause.ENVIRONMENT,
        subject=restore,
        message=(
            f"Velero reports {len(group)} {word}(s) that this tool does not know: "
            f"{_examples(group)}."
        ),
        remedy=(
            "Look into the restore's log for what each is about, mend that, then drill again; "
            "nobody is blamed for a message that is not known."
            if error
            else "Nothing to do where nothing is missing: Velero itself counts it no failure."
        ),
        unanswered=error,
    )


def _already(group: list[str], restore: str) -> Finding:
    return Finding(
        code="already-exists",
        severity=Severity.WARNING,
        cause=Cause.ENVIRONMENT,
        subject=restore,
        message=f"{len(group)} object(s) stood in the sandbox already: {_examples(group)}.",
        remedy="See what creates them in a new namespace; the backup's version was not restored.",
    )


def _examples(group: list[str]) -> str:
    more = f" (and {len(group) - MOST_EXAMPLES} more)" if len(group) > MOST_EXAMPLES else ""
    return "; ".join(group[:MOST_EXAMPLES]).rstrip(".") + more
