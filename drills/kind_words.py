"""The scenario's words for custom kinds, understood by what the backup holds. Pure.

Kubernetes' own kinds are known from the start (`scenarios.kinds`). Of others the backup tells what
`widget.example.com` means. A word that means nothing there:

| the cluster serves it                  | as in the last two rows                                |
| spelt almost like a kind of the backup | unknown-kind: the scenario is wrong                    |
| otherwise, under `exclude`             | a note: the backup holds none, so nothing is left out  |
| otherwise                              | nothing: it concerns no object of this backup          |
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from drills.backups import Inventory
from drills.findings import Cause, Finding, Severity
from drills.plan import DEFAULT_RULES
from drills.spelling import misspelt, what_there_is
from drills.unknown_names import wrong
from scenarios.kinds import KnownKind, is_pattern, kind_of_backup, known_as
from scenarios.model import Scenario

Served = Callable[[str], bool]
"""Whether the cluster serves a kind, by `plural.group`."""
_LEFT_OUT = frozenset(resource for resource, _ in DEFAULT_RULES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """The scenario with every kind as `plural.group`, and what could not be understood."""

    scenario: Scenario
    findings: tuple[Finding, ...]


def nothing_served(_: str) -> bool:
    """Stand for a cluster that nobody asked."""
    return False


def understood(
    scenario: Scenario, inventory: Inventory, served: Served = nothing_served
) -> Understood:
    """Return the scenario as this backup makes it read."""
    seen = {(obj.key.resource, obj.kind) for obj in inventory.objects}
    kinds = (
        *(kind_of_backup(resource, kind) for resource, kind in sorted(seen)),
        *(kind_of_backup(resource, _singular(resource)) for resource in sorted(_LEFT_OUT)),
    )
    restore, comparison = scenario.restore, scenario.backup.comparison
    meant = replace(
        scenario,
        restore=replace(
            restore, exclude=_full(restore.exclude, kinds), allow=_full(restore.allow, kinds)
        ),
    )
    if comparison is not None:
        excepted = replace(comparison, excepted=_full(comparison.excepted, kinds))
        meant = replace(meant, backup=replace(meant.backup, comparison=excepted))
    held = {resource for resource, _ in seen}
    return Understood(scenario=meant, findings=tuple(_findings(meant, held, served)))


def _singular(resource: str) -> str:
    plural = resource.partition(".")[0]
    if plural.endswith("ies"):
        return f"{plural.removesuffix('ies')}y"
    return plural.removesuffix("s")


def _full(words: Iterable[str], kinds: tuple[KnownKind, ...]) -> tuple[str, ...]:
    full = (word if is_pattern(word) else known_as(word, kinds) or word for word in words)
    return tuple(dict.fromkeys(full))


def _findings(scenario: Scenario, held: set[str], served: Served) -> Iterator[Finding]:
    for key, words in (
        ("restore.exclude", scenario.restore.exclude),
        ("restore.allow", scenario.restore.allow),
    ):
        for word in words:
            if is_pattern(word) or word in held or word in _LEFT_OUT or known_as(word):
                continue
            known = held | _LEFT_OUT if key == "restore.allow" else held
            if misspelt(word, known) and not served(word):
                yield _unknown(key, word, known)
            elif key == "restore.exclude":
                yield _none_there(word)


def _unknown(key: str, word: str, known: Iterable[str]) -> Finding:
    meant = what_there_is(word, [name for name in known if "." in name])
    return wrong(
        "unknown-kind",
        key,
        f"{key} names {word}, which is no kind of this backup. {meant}",
        f"Correct {key} in the scenario.",
    )


def _none_there(word: str) -> Finding:
    return Finding(
        code="excluded-kind-not-in-backup",
        severity=Severity.INFO,
        cause=Cause.CONFIGURATION,
        subject="restore.exclude",
        message=f"The backup holds no {word}, so leaving the kind out changes nothing.",
        remedy="See whether the name is right; otherwise there is nothing to do.",
    )
