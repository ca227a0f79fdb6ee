"""One backup of the bucket, file by file, then each file against the others.

In: the backup's listed files. Out: a BackupCheck. Whatever the files hold becomes a finding; what
kept us from reading becomes an unanswered one.
"""

from collections.abc import Iterator

from drills.engines.velero.bucket.catalogue import listed
from drills.engines.velero.reader.archive_audit import ArchiveAudit
from drills.engines.velero.reader.files import (
    FileReader,
    operations_of,
    pod_volume_backups_of,
    results_of,
    volume_info_of,
)
from drills.engines.velero.reader.judging import Material, judged
from drills.engines.velero.reader.layout import CSI, Part, Parts, parts_of
from drills.engines.velero.reader.metadata import Metadata, metadata_of
from drills.engines.velero.reader.records import Records, added_later
from drills.engines.velero.reader.volume_check import Vaults
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
        begun = self._ports.clock.monotonic()
        parts = parts_of(listed.name, listed.files)
        read = _read(FileReader(self._ports.store, listed.name, parts, heard), listed.name, parts)
        findings = tuple(judged(read, self._vaults, self._ports.clock.now(), heard))
        meta = read.meta
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
            findings=findings,
            seconds=self._ports.clock.monotonic() - begun,
        )


def _read(files: FileReader, name: str, parts: Parts) -> Material:
    """Read every file: the list first, which the archive is ticked off against."""
    meta: Metadata | None = files.small(Part.METADATA, metadata_of)
    records = Records(
        info=files.small(Part.VOLUME_INFO, volume_info_of),
        pod_volume_backups=files.small(Part.POD_VOLUME_BACKUPS, pod_volume_backups_of),
        snapshots=files.small(Part.VOLUME_SNAPSHOTS, operations_of),
        operations=files.small(Part.ITEM_OPERATIONS, operations_of),
        results=files.small(Part.RESULTS, results_of),
    )
    for part in sorted(CSI & parts.known.keys()):
        files.rows(part)
    index = files.index()
    audit = ArchiveAudit(name, index, added_later(records))
    return Material(
        name=name,
        parts=parts,
        meta=meta,
        records=records,
        log_of=files.log(),
        index=index,
        audit=audit,
        whole=files.archive(audit),
        files=files,
    )


def _facts(read: Material) -> Facts:
    audit = read.audit
    stored = next((f.bytes for f in read.files.facts if f.name == f"{read.name}.tar.gz"), 0)
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
