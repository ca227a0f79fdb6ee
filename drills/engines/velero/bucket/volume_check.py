"""Do the claims of a backup have their data, and is it still in the bucket?

In: what the archive and the records say. Out: findings, each naming the claims that would suffer.
"""

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace

from drills import objects
from drills.backups import BackedUpObject, BackedUpVolume
from drills.engines.velero.bucket.metadata import Metadata
from drills.engines.velero.bucket.records import Records
from drills.engines.velero.bucket.tally import plain, warned
from drills.engines.velero.bucket.vault import Vault, look
from drills.engines.velero.gaps import volume_findings
from drills.engines.velero.judgement import DATA_UPLOADS
from drills.engines.velero.remarks import damage, note, refused, unasked
from drills.engines.velero.repository import (
    BRING_BACK,
    KOPIA,
    LOOK_INSIDE,
    Saved,
    by_repository,
    empty_of,
    lack_of,
    saved_in,
)
from drills.engines.velero.volumes import VolumeSources, volumes_of
from drills.findings import Finding, Severity
from drills.integrity.contract import BucketPorts, Heard, Snapshots

ON_PURPOSE = re.compile(r"resource polic|opted out|has label")
"""Words of Velero's reasons for a volume that the user chose to leave out, v1.18
`pkg/backup/item_backupper.go`; "not satisfy the criteria" and missing plugins are none."""
CLAIMS = frozenset({"*", "pvc", "persistentvolumeclaim", "persistentvolumeclaims"})


def volumes_in(
    archived: Iterable[BackedUpObject], records: Records
) -> tuple[tuple[BackedUpVolume, ...], tuple[Saved, ...]]:
    """Return the claims with their volumes, and what of them lies in a repository."""
    archived = tuple(archived)
    sources = VolumeSources(
        info=records.info,
        pod_volume_backups=records.pod_volume_backups or (),
        native_snapshots=records.snapshots or (),
        data_uploads=tuple(o.body for o in archived if o.key.resource == DATA_UPLOADS and o.body),
    )
    volumes = volumes_of(
        (o for o in archived if o.key.resource == "persistentvolumeclaims"),
        (o for o in archived if o.key.resource == "persistentvolumes"),
        sources,
    )
    return volumes, tuple(saved_in(volumes, records.info or ()))


def claim_findings(meta: Metadata, volumes: Iterable[BackedUpVolume]) -> Iterator[Finding]:
    """Yield what is wrong with claims; what was left out on purpose is only a warning."""
    none_wanted = objects.mapping(meta.obj, "spec").get("snapshotVolumes") is False
    for volume in volumes:
        for finding in volume_findings((volume,), (volume.namespace,)):
            wanted = not (none_wanted or ON_PURPOSE.search(volume.reason))
            if volume.method == "none" and not wanted:
                yield replace(finding, code="volume-skipped", severity=Severity.WARNING)
            else:
                yield finding


def unknown_claims(
    meta: Metadata, archived: Iterable[BackedUpObject], records: Records
) -> Iterator[Finding]:
    """Yield a finding when volumeinfo speaks of claims that the archive does not hold."""
    if not _takes_claims(meta):
        return
    held = {(o.key.namespace, o.key.name) for o in archived}
    strange = [
        f"{objects.text(row, 'pvcNamespace')}/{objects.text(row, 'pvcName')}"
        for row in records.info or ()
        if objects.text(row, "pvcName")
        and (objects.text(row, "pvcNamespace"), objects.text(row, "pvcName")) not in held
    ]
    if strange:
        yield damage(
            "volume-records-differ",
            f"backup {meta.name}",
            f"volumeinfo names {len(strange)} claim(s) that the archive lacks: "
            f"{plain(', '.join(strange[:5]))}.",
            "Bring the right files back from the bucket's versions, or take a new backup.",
        )


def _takes_claims(meta: Metadata) -> bool:
    spec = objects.mapping(meta.obj, "spec")
    for word in ("includedResources", "includedNamespaceScopedResources"):
        named = {str(one) for one in objects.items(spec, word)}
        if named and not named & CLAIMS:
            return False
    left_out = {
        str(one)
        for word in ("excludedResources", "excludedNamespaceScopedResources")
        for one in objects.items(spec, word)
    }
    selected = "labelSelector" in spec or "orLabelSelectors" in spec
    return not left_out & CLAIMS and not selected


class Vaults:
    """The repositories of one bucket, each looked at once however many backups use it."""

    def __init__(self, ports: BucketPorts) -> None:
        self._ports = ports
        self._known: dict[tuple[str, str], Vault] = {}
        self._lock = threading.Lock()

    def findings(self, saved: Iterable[Saved], heard: Heard) -> Iterator[Finding]:
        """Yield what is wrong with the repositories that hold `saved`."""
        for (uploader, namespace), group in by_repository(saved).items():
            claims = ", ".join(f"persistentvolumeclaim {namespace}/{o.claim}" for o in group)
            subject = plain(claims)
            vault = self._vault(uploader, namespace, heard)
            place = f"The {uploader} repository of {namespace}"
            opened = None
            if vault.refusal is None and uploader == KOPIA:
                opened = self._opened(uploader, namespace, group)
            if opened is None or opened.trouble:
                yield from _judged(vault, uploader, group, subject, place)
            if vault.refusal is None and uploader == KOPIA:
                yield from _by_kopia(opened, namespace, group, subject)

    def _vault(self, uploader: str, namespace: str, heard: Heard) -> Vault:
        with self._lock:
            key = (uploader, namespace)
            if key not in self._known:
                self._known[key] = look(self._ports.store, uploader, namespace, heard)
            return self._known[key]

    def _opened(self, uploader: str, namespace: str, group: list[Saved]) -> Snapshots | None:
        """Return what its own tool says of the repository, None where nobody can ask it."""
        reader = self._ports.snapshots
        wanted = frozenset(one.handle for one in group)
        return reader.snapshots(uploader, namespace, wanted) if reader else None


def _by_kopia(
    found: Snapshots | None, namespace: str, group: list[Saved], subject: str
) -> Iterator[Finding]:
    """Yield what kopia said; where it opened the repository, nothing else is asked."""
    if found is None:
        yield note(
            "snapshots-by-structure",
            subject,
            "The repository was checked by its structure; its snapshots were not opened.",
            "Install kopia and name the repository's password to have them looked up.",
        )
    elif found.trouble:
        why = f"The repository could not be opened: {plain(found.trouble)}."
        yield unasked("repository-not-opened", subject, why, "Mend what the message names.")
    elif found.damage:
        why = f"Nobody can open the repository: {plain(found.damage)}."
        yield damage("repository-damaged", subject, why, BRING_BACK)
    else:
        yield from _opened(found, namespace, group, subject)


def _opened(
    found: Snapshots, namespace: str, group: list[Saved], subject: str
) -> Iterator[Finding]:
    """Yield what kopia says of the backup's snapshots."""
    weighs = False
    for one in group:
        claim = plain(f"persistentvolumeclaim {namespace}/{one.claim}")
        if one.handle not in found.handles:
            why = f"The repository does not hold its snapshot {plain(one.handle)}."
            yield damage("snapshot-missing", claim, why, BRING_BACK)
        elif one.handle in found.broken:
            why = f"Its snapshot cannot be restored whole: {plain(found.broken[one.handle])}."
            yield damage("snapshot-damaged", claim, why, BRING_BACK)
        else:
            continue
        weighs = True
    if found.others_damaged:
        why = (
            "Packs of the repository are gone or cut off. "
            + ("Other" if weighs else "These snapshots were read and are whole; other")
            + " snapshots in it suffer."
        )
        yield warned("repository-loses-data", subject, why, BRING_BACK)
    if not weighs:
        read = {0: "no file was read", 100: "every file was read"}.get(
            found.read_percent, f"{found.read_percent} % of the files were read"
        )
        why = (
            f"kopia opened the repository: each snapshot is there, each block has its pack; {read}."
        )
        yield note("snapshots-opened", subject, why)


def _judged(
    vault: Vault, uploader: str, group: list[Saved], subject: str, place: str
) -> Iterator[Finding]:
    if vault.refusal is not None:
        yield refused("repository-not-read", subject, vault.refusal, f"{place} could not be read")
        return
    lack = lack_of(vault.files, uploader, group)
    broken = [*vault.damage, *_altered(vault, group)]
    if lack:
        why = f"{place} {lack}: the volume data cannot come back."
        yield damage("volume-data-missing", subject, why, BRING_BACK)
    elif broken:
        why = f"{place} is damaged: {plain('; '.join(broken[:3]))}."
        yield damage("repository-damaged", subject, why, BRING_BACK)
    elif unclear := _unclear(vault):
        why = f"{place}: {plain('; '.join(unclear[:3]))}."
        yield unasked("repository-unclear", subject, why, LOOK_INSIDE)


def _altered(vault: Vault, group: list[Saved]) -> Iterator[str]:
    """Yield the altered files without which restic does not restore these snapshots.

    It reads every index, and refuses one that does not match its name; of the keys one is enough
    (restic v0.16 to v0.18, `internal/repository/index`, `key.go`).
    """
    keys = [name for name in vault.files if name.startswith("keys/")]
    for name in vault.altered:
        folder, _, own = name.rpartition("/")
        ours = folder == "snapshots" and any(own.startswith(one.handle) for one in group)
        if folder == "index" or ours or (folder == "keys" and len(keys) == 1):
            yield f"its file {name} does not match the hash in its name"


def _unclear(vault: Vault) -> list[str]:
    """Return what may be damage; what was altered of other snapshots is not ours."""
    keys = [f"its key {name} was altered" for name in vault.altered if name.startswith("keys/")]
    empty = empty_of(vault.files)
    return [*vault.unclear, *keys, *((empty,) if empty else ())]
