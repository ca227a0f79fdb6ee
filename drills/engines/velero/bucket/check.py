"""One backup of the bucket, file by file, then each file against the others.

In: the backup's listed files. Out: a BackupCheck. Whatever the files hold becomes a finding; what
kept us from reading becomes an unanswered one.
"""

from collections.abc import Iterator

from drills.engines.velero.bucket.catalogue import listed
from drills.engines.velero.bucket.leftovers import is_leftover, leftover
from drills.engines.velero.reader.judging import judged
from drills.engines.velero.reader.layout import Part, parts_of
from drills.engines.velero.reader.material import Material, read_backup
from drills.engines.velero.reader.sources import StoredFiles
from drills.engines.velero.reader.vaults import Vaults
from drills.engines.velero.reader.volume_check import volumes_in
from drills.integrity.contract import BucketPorts, Heard, Listed, Wish
from drills.integrity.result import BackupCheck, Facts

ENGINE = "velero"


class VeleroBucket:
    """Velero's backups in one store."""

    def __init__(self, ports: BucketPorts) -> None:
        self._ports = ports
        self._vaults = Vaults(ports)

    def backups(self, wish: Wish) -> Iterator[Listed]:
        """Yield the backups that are wished for; raises what keeps us from listing."""
        return listed(self._ports.store, wish)

    def check(self, listed: Listed, heard: Heard) -> BackupCheck:
        """Read one backup wholly; only Interrupted is raised."""
        if is_leftover(listed):
            return BackupCheck(
                name=listed.name, engine=ENGINE, findings=(leftover(listed),), leftover=True
            )
        begun = self._ports.clock.monotonic()
        files = StoredFiles(self._ports.store, parts_of(listed.name, listed.files))
        read = read_backup(files, listed.name, heard)
        meta = read.meta
        volumes = volumes_in(
            read.audit.volume_objects, read.audit.pods, read.records, meta.obj if meta else None
        )
        findings = judged(
            read,
            volumes,
            lambda saved: self._vaults.findings(saved, heard),
            self._ports.clock.now(),
        )
        return BackupCheck(
            name=listed.name,
            engine=ENGINE,
            uid=meta.uid if meta else "",
            phase=meta.phase if meta else "",
            terminal=bool(meta and meta.usable),
            schedule=meta.schedule if meta else None,
            started_at=meta.started if meta else None,
            expires_at=meta.expires if meta else None,
            files=tuple(sorted(read.files.facts, key=lambda fact: fact.name)),
            facts=_facts(read),
            findings=tuple(findings),
            seconds=self._ports.clock.monotonic() - begun,
        )


def _facts(read: Material) -> Facts:
    audit, stored = read.audit, read.files.bytes_of(Part.ARCHIVE)
    return Facts(
        objects=audit.objects,
        kinds=dict(sorted(audit.kinds.items())),
        namespaces=dict(sorted(audit.namespaces.items())),
        volumes=sum(1 for o in audit.volume_objects if o.kind == "PersistentVolumeClaim"),
        unpacked=audit.entropy.bytes,
        entropy=audit.entropy.bits,
        packing=round(audit.entropy.bytes / stored, 2) if stored else None,
        seconds=read.meta.seconds if read.meta else None,
    )
