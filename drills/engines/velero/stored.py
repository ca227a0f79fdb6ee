"""The backups of a store as Velero's own metadata describes them, without a cluster.

In: a store. Out: a Backup for each folder, the unreadable ones unusable with the reason.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from drills import objects
from drills.backups import Backup
from drills.engines.velero.bucket.catalogue import FOLDER, MOST_METADATA, listed
from drills.engines.velero.candidates import backup_of
from drills.engines.velero.documents import bounded, parsed
from drills.engines.velero.reader.layout import Part
from drills.engines.velero.survey import AVAILABLE
from drills.errors import BackupUnreadable, Missing
from drills.integrity.contract import Wish
from drills.ports import ObjectStore

CHUNK = 1 << 18


def stored_backups(store: ObjectStore, now: datetime) -> Iterator[Backup]:
    """Yield every backup, one small file read for each; raises what keeps us from the store."""
    for one in listed(store, Wish()):
        yield _backup(store, one.name, now)


def _backup(store: ObjectStore, name: str, now: datetime) -> Backup:
    try:
        with store.open(f"{FOLDER}{name}/{Part.METADATA}") as body:
            found = parsed(bounded(iter(lambda: body.read(CHUNK), b""), MOST_METADATA))
    except (Missing, BackupUnreadable) as error:
        return _unreadable(name, f"its metadata cannot be read: {error}")
    if not isinstance(found, Mapping) or objects.name(found) != name:
        return _unreadable(name, "its metadata is that of something else")
    location = objects.text(found, "spec", "storageLocation")
    return backup_of(found, {location: {"status": {"phase": AVAILABLE}}}, now)


def _unreadable(name: str, why: str) -> Backup:
    return Backup(name=name, engine="velero", phase="", recovery_point=None, unusable=why)
