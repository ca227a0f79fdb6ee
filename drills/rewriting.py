"""Rewriting of names from one sandbox namespace to another, where the scenario asks for it.

In: the inventory, the mapping of namespaces. Out: which names are led where, for the plan, the
report and the engine; and what still leads to the source afterwards. Of a Secret only the key is
told, never what stands there. Pure.
"""

from collections.abc import Collection, Iterable, Iterator

from drills.backups import FoundName, Inventory, ObjectKey, Reach
from drills.engine import LeftOutRule
from drills.findings import Cause, Finding, Severity
from drills.name_places import Place, texts
from drills.names import NameMap, mentions
from drills.objects import KubeObject
from drills.plan import rule_for
from drills.record import Rewriting

MOST = 200
"""Different names kept of one object, so that memory stays bounded."""


def named_in(key: ObjectKey, obj: KubeObject, namespaces: Collection[str]) -> tuple[FoundName, ...]:
    """Return what in `obj` may be the name of a Service in one of `namespaces`."""
    found: list[FoundName] = []
    for place, text in texts(key.resource, obj):
        for mention, count in mentions(text, namespaces).items():
            found.append(FoundName(source=key, place=place, mention=mention, count=count))
            if len(found) >= MOST:
                return tuple(found)
    return tuple(found)


def rewritings(
    inventory: Inventory, names: NameMap, left_out: tuple[LeftOutRule, ...]
) -> tuple[Rewriting, ...]:
    """Return one entry for each object, place and name that is led into the sandbox."""
    explained = {obj.key for obj in inventory.objects if obj.explanation is not None}
    found = (
        _rewriting(one, names)
        for one in inventory.named
        if names.knows(one.mention)
        and one.source not in explained
        and rule_for(left_out, one.source.resource) is None
    )
    return tuple(sorted(found, key=lambda one: (one.source, one.place, one.old)))


def _rewriting(found: FoundName, names: NameMap) -> Rewriting:
    hidden = found.source.resource == "secrets"
    return Rewriting(
        source=found.source,
        place=str(found.place),
        old="" if hidden else found.mention.text,
        new="" if hidden else names.renamed(found.mention),
        count=found.count,
    )


def unled(reaches: Iterable[Reach], inventory: Inventory, names: NameMap) -> Iterator[Reach]:
    """Yield the reaches that no rewriting takes away."""
    led = {
        (one.source, one.place.key, one.mention.service, one.mention.namespace)
        for one in inventory.named
        if names.knows(one.mention)
    }
    for reach in reaches:
        if (reach.source, reach.key, reach.name, reach.namespace) not in led:
            yield reach


def places_left(resource: str, obj: KubeObject, names: NameMap) -> tuple[Place, ...]:
    """Return where a restored object still names a source of the sandbox."""
    return tuple(place for place, text in texts(resource, obj) if names.left(text))


def rewriting_note(found: Collection[Rewriting]) -> tuple[Finding, ...]:
    """Return the note that the drill did not test what it rewrote; none where nothing was."""
    if not found:
        return ()
    objects, names = {one.source for one in found}, sum(one.count for one in found)
    return (
        Finding(
            code="names-rewritten",
            severity=Severity.INFO,
            cause=Cause.CONFIGURATION,
            subject="restore.rewriteNames",
            message=(
                f"{names} Service name(s) in {len(objects)} object(s) lead into the sandbox, not "
                "where the backup has them: this drill does not test the original values."
            ),
            remedy="Check the original names yourself where a real restore would rely on them.",
        ),
    )
