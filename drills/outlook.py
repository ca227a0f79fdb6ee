"""Whether waiting can still mend a trouble of the sandbox. Pure.

In: a Trouble, what the backup holds, what was restored that may still make things. Out: an Outlook
with the reason. What is final is given up after a short while in which a controller of the sandbox
may act; what may pass is waited for, up to the deadline or as long as patience lasts.

| trouble | known | outlook |
|---|---|---|
| something named was left out by the drill | | final: the scenario |
| something named is not there | the backup holds it for this namespace | may pass |
| | a restored custom resource names it, or its name is part of it | may pass: that one makes it |
| | a claim of a restored StatefulSet's template | may pass: its controller makes it |
| | other custom resources of an operator were restored | unknown |
| | a custom resource that was left out, or whose kind is not served here | final, not the backup |
| | nothing of the kind | final: the backup lacks it |
| it is there and lacks the key | a restored custom resource names it | may pass |
| | nothing of the kind | final |
| an image's name is malformed, or must be on the node and is not | | final |
| no node has the labels that a pod asks for | a node is being added for it | may pass |
| | | final, after a longer while: nodes may be added |
| a claim cannot bind: no such class, no such volume, somebody else's volume | | final |
| an init container waits for a Job that was left out | | final |
| an admission policy or Pod Security denies the pod | | final, after a longer while |
| a webhook cannot be called; quota; capacity; pulls that back off; crashes | | may pass |
| all else | | unknown |
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from drills.findings import Cause
from drills.troubles import Missing, Trouble

SHORT = 10.0
"""Seconds that a final trouble must stand: controllers of the sandbox have acted by then."""
LONG = 30.0
"""The same where something of the cluster may act: an autoscaler, a policy that is synced."""
FINAL_CODES = frozenset(
    {
        "left-out-but-needed",
        "image-name-invalid",
        "image-never-pulled",
        "claim-lost",
        "claim-cannot-bind",
        "storage-class-missing",
        "waits-for-left-out",
    }
)
SLOWLY_FINAL = frozenset({"no-node-fits", "admission-denied", "pod-security-denied"})
PASSING = frozenset(
    {
        "quota-exceeded",
        "unschedulable",
        "claim-unbound",
        "image-not-pullable",
        "crash-loop",
        "out-of-memory",
    }
)


class Outlook(StrEnum):
    """What waiting can do."""

    FINAL = "final"
    MAY_PASS = "may pass"  # noqa: S105 - no secret
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """A restored object that makes others: `externalsecret backup-test/db`."""

    subject: str
    namespace: str
    name: str
    words: frozenset[str]
    """Every text in its spec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentMaker:
    """A custom resource of the backup that cannot make anything here."""

    subject: str
    namespace: str
    why: str
    """`was left out`, `is of a kind that this cluster does not serve`."""
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known besides the trouble itself; namespaces are those of the sandbox."""

    told: bool = True
    """Whether the rest says what the restore brings; else nothing that is missing is final."""
    held: Collection[tuple[str, str, str]] = frozenset()
    """(`plural.group`, namespace, name) of what the restore brings."""
    makers: tuple[Maker, ...] = ()
    absent_makers: tuple[AbsentMaker, ...] = ()
    templates: Collection[tuple[str, str]] = frozenset()
    """(namespace, beginning of the name) of claims that StatefulSets make."""
    growing: Collection[str] = frozenset()
    """Subjects for which a node is being added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """The outlook of one trouble; `why` is for people, `after` how long it must stand if final."""

    outlook: Outlook
    why: str = ""
    after: float = SHORT
    cause: Cause | None = None
    """Whose trouble it is where that is known better now; the backup is not blamed then."""


UNKNOWN = Prospect(outlook=Outlook.UNKNOWN)
PASSES = Prospect(outlook=Outlook.MAY_PASS)
FINAL = Prospect(outlook=Outlook.FINAL, why="nothing in the sandbox can mend this")
NOT_HELD = Prospect(
    outlook=Outlook.FINAL,
    why="the backup does not hold it, and nothing that was restored makes it",
)


def prospect(trouble: Trouble, known: Known) -> Prospect:
    """Return what waiting can do about the trouble, by the table above."""
    if trouble.code in FINAL_CODES:
        return FINAL
    if trouble.missing is not None:
        return _of_missing(trouble, trouble.missing, known)
    if trouble.code in SLOWLY_FINAL:
        return _slowly(trouble, known)
    return PASSES if trouble.code in PASSING else UNKNOWN


def _slowly(trouble: Trouble, known: Known) -> Prospect:
    if trouble.subject in known.growing:
        return Prospect(outlook=Outlook.MAY_PASS, why="a node is being added for it")
    if "failed calling webhook" in trouble.detail:
        return PASSES
    return Prospect(outlook=Outlook.FINAL, why=FINAL.why, after=LONG)


def _of_missing(trouble: Trouble, missing: Missing, known: Known) -> Prospect:
    if not known.told:
        return UNKNOWN
    beside = [maker for maker in known.makers if maker.namespace == trouble.namespace]
    named = next((maker for maker in beside if _makes(maker, missing.name)), None)
    promised = f"{named.subject} may make it" if named else _promised(trouble, missing, known)
    if promised:
        return Prospect(outlook=Outlook.MAY_PASS, why=promised)
    absent = next((a for a in known.absent_makers if a.namespace == trouble.namespace), None)
    if absent is not None:
        why = f"{absent.subject}, which may make it, {absent.why}"
        return Prospect(outlook=Outlook.FINAL, why=why, cause=absent.cause)
    if beside:
        why = f"{beside[0].subject} was restored, whose operator may make it"
        return Prospect(outlook=Outlook.UNKNOWN, why=why)
    return FINAL if missing.key_only else NOT_HELD


def _promised(trouble: Trouble, missing: Missing, known: Known) -> str:
    """Return what brings the whole object, '' where nothing does."""
    where, name = trouble.namespace, missing.name
    if missing.key_only:
        return ""
    if (missing.resource, where, name) in known.held:
        return "the backup holds it"
    if missing.resource == "persistentvolumeclaims" and any(
        space == where and name.startswith(start) for space, start in known.templates
    ):
        return "its StatefulSet makes it"
    return ""


def _makes(maker: Maker, name: str) -> bool:
    """Return whether it names the object, or gives it its own name: `pg` makes `pg-app`."""
    parts = {part for dotted in name.split(".") for part in (dotted, *_heads(dotted))}
    return name in maker.words or maker.name in parts


def _heads(name: str) -> list[str]:
    words = name.split("-")
    return ["-".join(words[:count]) for count in range(1, len(words))]
