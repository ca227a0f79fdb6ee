"""How much it weighs that a backup lacks what its pods name. Pure.

The first row that applies decides:

| the missing thing                                             | verify   | drill              |
|---------------------------------------------------------------|----------|--------------------|
| is made by a custom resource that the drill leaves out        |          | left open          |
| is made by a custom resource of the backup                    | note     | note               |
| is a Secret that only pulls images                            | warning  | warning            |
| belongs to a kind that the backup's own order leaves out      | warning  | left open          |
| is named by pods that were not running in the source either   | warning  | warning            |
| may be made by a custom resource that is called alike         | warning  | warning            |
| else: pods that ran would not start                           | critical | critical           |
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from drills.backups import BackedUpObject, Maker, ObjectKey
from drills.cluster import ServedKind
from drills.companions.lacks import Lack, Seen, companions_of
from drills.companions.named import ACCOUNTS, CLAIMS, CONFIG_MAPS, SECRETS, naming
from drills.coverage.scope import BackupScope
from drills.engine import LeftOutRule
from drills.findings import Cause, Finding, Severity
from drills.plan import rule_for

SHOWN = 5
KINDS: Mapping[str, str] = {
    SECRETS: "Secret",
    CONFIG_MAPS: "ConfigMap",
    ACCOUNTS: "ServiceAccount",
    CLAIMS: "PersistentVolumeClaim",
}
_CODES: Mapping[str, str] = {
    SECRETS: "secret-not-in-backup",
    CONFIG_MAPS: "configmap-not-in-backup",
    ACCOUNTS: "service-account-not-in-backup",
    CLAIMS: "claim-not-in-backup",
}


class Weight(Enum):
    """A row of the table."""

    MAKER_LEFT_OUT = "maker left out"
    MADE = "made"
    PULLS = "pulls"
    ORDERED = "ordered"
    NOT_RUNNING = "not running"
    GUESSED = "guessed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the findings are judged on."""

    scope: BackupScope | None = None
    """What the backup's own order leaves out, None where the engine does not tell."""
    left_out: tuple[LeftOutRule, ...] = ()
    """What the drill leaves out."""
    drill: bool = False
    """Whether this backup is about to be restored into an empty sandbox."""


def lack_findings(lacks: Iterable[Lack], ground: Ground) -> tuple[Finding, ...]:
    """Return one finding for all that weighs the same in one namespace."""
    groups: dict[tuple[Weight, str, str], list[Lack]] = defaultdict(list)
    for lack in lacks:
        groups[weight_of(lack, ground), lack.key.namespace, lack.key.resource].append(lack)
    return tuple(_finding(key[0], group, ground) for key, group in groups.items())


def drill_lacks(
    found: Iterable[BackedUpObject],
    makers: Iterable[Maker],
    namespaces: Iterable[str],
    ground: Ground,
) -> tuple[Finding, ...]:
    """Return what the pods that a drill restores would lack; what it leaves out names nothing."""
    scope = frozenset(namespaces)
    members = [obj for obj in found if obj.key.namespace in scope]
    named = (naming(obj) for obj in members if not rule_for(ground.left_out, obj.key.resource))
    lacks = companions_of((o.key for o in members), filter(None, named), makers).lacks()
    return lack_findings(lacks, ground)


def weight_of(lack: Lack, ground: Ground) -> Weight:
    """Return the row of the table that decides."""
    sure = lack.maker is not None and not lack.guessed
    left_out = lack.maker is not None and rule_for(ground.left_out, lack.maker.resource)
    rows = (
        (sure and bool(left_out), Weight.MAKER_LEFT_OUT),
        (sure, Weight.MADE),
        (lack.only_pulls, Weight.PULLS),
        (bool(_ordered(lack.key.resource, ground)), Weight.ORDERED),
        (lack.seen is not Seen.RUNNING, Weight.NOT_RUNNING),
        (lack.guessed, Weight.GUESSED),
    )
    return next((weight for applies, weight in rows if applies), Weight.MISSING)


def _ordered(resource: str, ground: Ground) -> str:
    """Return why the backup's order leaves the whole kind out, '' where it asks for it."""
    if ground.scope is None:
        return ""
    served = ServedKind(api_version="v1", kind=KINDS[resource], plural=resource, namespaced=True)
    return ground.scope.kind_left_out(served)


def _finding(weight: Weight, group: list[Lack], ground: Ground) -> Finding:
    first = group[0]
    kind = KINDS[first.key.resource]
    names = ", ".join(lack.key.name for lack in group[:SHOWN])
    more = " …" if len(group) > SHOWN else ""
    one = len(group) == 1
    what = f"{kind} {names}" if one else f"{len(group)} {kind}s ({names}{more})"
    says = _WORDS[weight](group, ground)
    opened = ground.drill and weight in {Weight.MAKER_LEFT_OUT, Weight.ORDERED}
    return Finding(
        code=_CODES[first.key.resource],
        severity=_SEVERITIES.get(weight, Severity.WARNING),
        cause=Cause.CONFIGURATION if opened else Cause.BACKUP,
        subject=f"{kind.lower()} {first.key.namespace}/{names}{more}",
        message=(
            f"The backup holds no {what}, which {_users(group)} of {first.key.namespace} "
            f"{'names' if one and first.count == 1 else 'name'}{says.message}"
        ),
        remedy=says.remedy,
        unanswered=opened,
    )


def _users(group: list[Lack]) -> str:
    shown = list(dict.fromkeys(user for lack in group for user in lack.by))[: SHOWN - 2]
    count = sum(lack.count for lack in group)
    more = f" and {count - len(shown)} more" if count > len(shown) else ""
    return f"{', '.join(shown)}{more}"


@dataclass(frozen=True, slots=True)
class _Says:
    message: str
    remedy: str


_SEVERITIES: Mapping[Weight, Severity] = {
    Weight.MADE: Severity.INFO,
    Weight.MISSING: Severity.CRITICAL,
}


def _maker(group: list[Lack]) -> str:
    key: ObjectKey | None = group[0].maker
    return f"{key.resource} {key.name}" if key else "nobody"


def _effect(group: list[Lack]) -> str:
    return {
        ACCOUNTS: "the API server would refuse the pods",
        CLAIMS: "the pods would wait for ever, or a StatefulSet would make an empty volume",
    }.get(group[0].key.resource, "the pods would never start")


def _missing(group: list[Lack], ground: Ground) -> _Says:
    label = ground.scope.exclusion[0] if ground.scope else ""
    return _Says(
        f": restored into a namespace of its own, {_effect(group)}.",
        "Have the backup include it: see whether it lacks a label that the backup selects by, "
        f"{f'carries {label}, ' if label else ''}or is gone from the source.",
    )


def _made(group: list[Lack], _: Ground) -> _Says:
    return _Says(
        f"; {_maker(group)} of the backup has it made by its controller.",
        "Nothing, where that controller runs in the target and reaches what it reads from.",
    )


def _maker_left_out(group: list[Lack], _: Ground) -> _Says:
    resource = group[0].maker.resource if group[0].maker else ""
    return _Says(
        f"; {_maker(group)} makes it, which the drill leaves out, so {_effect(group)} there.",
        f"Have the drill restore it (restore.allow: [{resource}]), or have the backup hold what "
        "it makes.",
    )


def _guessed(group: list[Lack], _: Ground) -> _Says:
    return _Says(
        f"; it is called after {_maker(group)}, whose operator may make it. If not, "
        f"{_effect(group)}.",
        "See that the operator runs in the target, or have the backup include it.",
    )


def _pulls(_: list[Lack], __: Ground) -> _Says:
    return _Says(
        " for pulling images: private ones could not be pulled.",
        "Have the backup include it, or see that the target's nodes may pull the images.",
    )


def _left_out(group: list[Lack], ground: Ground) -> _Says:
    why = _ordered(group[0].key.resource, ground)
    kind = KINDS[group[0].key.resource]
    return _Says(
        f": the backup's own order leaves every {kind} out ({why}). Unless somebody else "
        f"brings it, {_effect(group)}.",
        f"Have the backup include {group[0].key.resource}, or write down what brings them back "
        "before a restore.",
    )


def _not_running(group: list[Lack], _: Ground) -> _Says:
    return _Says(
        f". No pod that needs it was running when the backup was taken, so the source may lack "
        f"it too; in a restore {_effect(group)}.",
        "See in the source why these pods do not run; mend it there and take a new backup.",
    )


_WORDS: Mapping[Weight, Callable[[list[Lack], Ground], _Says]] = {
    Weight.MISSING: _missing,
    Weight.MADE: _made,
    Weight.MAKER_LEFT_OUT: _maker_left_out,
    Weight.GUESSED: _guessed,
    Weight.PULLS: _pulls,
    Weight.ORDERED: _left_out,
    Weight.NOT_RUNNING: _not_running,
}
