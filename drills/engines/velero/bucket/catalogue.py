"""Which backups a bucket holds.

In: a store, a wish. Out: each backup's files, by name, without reading more than one small file.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from drills import objects
from drills.engines.velero.documents import bounded, parsed
from drills.engines.velero.kinds import SCHEDULE_LABEL
from drills.engines.velero.namespace_patterns import covers
from drills.engines.velero.reader.layout import Part
from drills.errors import BackupUnreadable, Missing
from drills.integrity.contract import Listed, Wish
from drills.ports import ObjectStore, StoredObject

FOLDER = "backups/"
MOST_METADATA = 16 << 20


def listed(store: ObjectStore, wish: Wish) -> Iterator[Listed]:
    """Yield the backups that are wished for; raises what keeps us from listing."""
    prefixes = sorted(f"{FOLDER}{name}/" for name in wish.names) or [FOLDER]
    for prefix in prefixes:
        for name, files in groupby(store.list(prefix), _name):
            one = Listed(name=name, files=tuple(files), named=name in wish.names)
            if name and _wanted(store, one, wish):
                yield one


def _name(stored: StoredObject) -> str:
    """Return the folder's name, '' for a file beside the folders."""
    name, slash, _ = stored.key.removeprefix(FOLDER).partition("/")
    return name if slash else ""


def _wanted(store: ObjectStore, one: Listed, wish: Wish) -> bool:
    if wish.schedule is None and wish.namespace is None:
        return True
    document = _metadata(store, one)
    if document is None:
        return True
    schedule = objects.labels(document).get(SCHEDULE_LABEL)
    if wish.schedule is not None and schedule != wish.schedule:
        return False
    return wish.namespace is None or _covers(document, wish.namespace)


def _metadata(store: ObjectStore, one: Listed) -> object:
    """Return the backup's metadata; None where it cannot be read, which the check will tell."""
    try:
        with store.open(f"{FOLDER}{one.name}/{Part.METADATA}") as body:
            return parsed(bounded(iter(lambda: body.read(1 << 18), b""), MOST_METADATA))
    except (Missing, BackupUnreadable):
        return None


def _covers(document: object, namespace: str) -> bool:
    included = _names(objects.items(document, "spec", "includedNamespaces"))
    excluded = _names(objects.items(document, "spec", "excludedNamespaces"))
    return covers(included, excluded, namespace)


def _names(found: Iterable[object]) -> frozenset[str]:
    return frozenset(str(name) for name in found)
