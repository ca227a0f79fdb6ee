"""The one table of findings: every file against the others. Pure.

In: all that was read of one backup, and which namespaces a drill restores (None for `verify`). Out:
its findings. A drill and `verify` say the same with the same weight, but for these:

| finding                                  | `verify`  | drill    | why                        |
|------------------------------------------|-----------|----------|----------------------------|
| a wanted namespace is not in the archive | warning   | critical | only a drill knows it      |
| a claim elsewhere has no data            | critical  | warning  | this restore needs it not  |
| objects elsewhere lost, phase says so    | critical  | warning  | likewise                   |
| a claim was left out on purpose          | warning   | critical | it would come back empty   |
| log missing, foreign file, counts differ | warning   | note     | no restore reads them      |
| a repository's structure is unclear      | unknown   | note     | the drill opens it         |
|                                          |           | warning  | the embedded cluster not   |
| a saved claim unknown to volumeinfo      | unknown   | note     | the drill restores it      |
| what pods name is not in the backup     | by order  | by rules | `companions/judging`       |
| repositories of other namespaces         | looked at | not      | this restore needs them not|
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from drills import objects
from drills.backups import BackedUpVolume
from drills.companions.judging import Ground, lack_findings
from drills.engines.velero.gaps import forgotten_findings, volume_findings
from drills.engines.velero.holdings import claims_in, without_volume
from drills.engines.velero.namespace_patterns import EVERY, NONE, matches
from drills.engines.velero.reader.absence import absent_files
from drills.engines.velero.reader.contents import KNOWN_FORMATS
from drills.engines.velero.reader.listed_index import Named
from drills.engines.velero.reader.material import Material
from drills.engines.velero.reader.metadata import metadata_findings
from drills.engines.velero.reader.records import counts_differ, error_findings, record_findings
from drills.engines.velero.reader.tally import plain
from drills.engines.velero.reader.volume_check import (
    Volumes,
    restic_findings,
    unknown_claims,
    volume_check,
)
from drills.engines.velero.remarks import damage, note, warned
from drills.engines.velero.repository import Saved
from drills.engines.velero.scope import scope_of
from drills.engines.velero.volumes import forgotten
from drills.findings import Finding, Severity

NEW_BACKUP = "Take a new backup; see what wrote to the bucket besides Velero."
INCIDENTAL = frozenset({"log-missing", "file-unknown", "counts-differ"})
"""What no restore suffers from: worth a note beside a drill, which shows more."""
UNCLEAR = "repository-unclear"
SHOWN_BY_A_DRILL = frozenset({UNCLEAR, "volume-records-differ"})
"""Questions that `verify` leaves open and the drill itself answers."""
Repositories = Callable[[Iterable[Saved]], Iterable[Finding]]
"""Says what is wrong with the repositories that hold these snapshots."""


def judged(
    read: Material,
    volumes: Volumes,
    repositories: Repositories,
    now: datetime,
    wanted: frozenset[str] | None = None,
    *,
    moves_bytes: bool = True,
) -> Iterator[Finding]:
    """Yield every finding of one backup; `wanted` are the namespaces that a drill restores.

    `moves_bytes`: whether the drill's cluster opens repositories.
    """
    for finding in _all(read, volumes, repositories, now, wanted):
        yield finding if wanted is None else _beside_a_drill(finding, moves_bytes=moves_bytes)


def _beside_a_drill(finding: Finding, *, moves_bytes: bool) -> Finding:
    if finding.code == UNCLEAR and not moves_bytes:
        said = finding.message.rstrip(".")
        return replace(
            finding,
            severity=Severity.WARNING,
            unanswered=False,
            message=f"{said}; the embedded cluster moves no volume data, so this drill did not "
            "open the repository either.",
            remedy="Open it with kopia or restic (`snapshot verify`, `check`), or drill the backup "
            "on a real cluster.",
        )
    shown = finding.unanswered and finding.code in SHOWN_BY_A_DRILL
    if shown or finding.code in INCIDENTAL:
        return replace(finding, severity=Severity.INFO, unanswered=False)
    return finding


def _all(
    read: Material,
    volumes: Volumes,
    repositories: Repositories,
    now: datetime,
    wanted: frozenset[str] | None,
) -> Iterator[Finding]:
    yield from read.files.findings
    yield from _strange(read)
    yield from _log(read)
    if read.meta is not None:
        yield from metadata_findings(read.meta, read.name, now)
        unarchived = without_volume(read.audit.volume_objects) if read.whole else frozenset()
        yield from record_findings(read.meta, read.records, unarchived)
        yield from error_findings(read.meta, read.records)
    if read.meta is None or read.meta.usable:
        yield from absent_files(read)
    yield from _entries(read)
    if read.whole:
        yield from _contents(read, wanted)
        yield from _against_list(read, wanted)
        yield from _volumes(read, volumes, repositories, wanted)


def _strange(read: Material) -> Iterator[Finding]:
    if read.strange:
        names = plain(", ".join(read.strange[:5]))
        why = f"Its folder holds {len(read.strange)} file(s) that no Velero writes: {names}."
        yield warned("file-unknown", f"backup {read.name}", why, "See who writes to the bucket.")


def _log(read: Material) -> Iterator[Finding]:
    if read.log_of is not None and read.log_of != read.name:
        yield damage(
            "file-of-other-backup",
            f"log of backup {read.name}",
            f"The log is that of backup {plain(read.log_of)}.",
            "Bring the right file back from the bucket's versions.",
        )


_ENTRIES = (
    ("path-escapes", "{n} entries lead out of the folder they would be extracted to"),
    ("entry-not-a-file", "{n} entries are links, devices or folders, which Velero never writes"),
    ("entry-unknown", "{n} entries are none that Velero writes"),
    ("object-unreadable", "{n} objects cannot be read, and would not be restored"),
    ("object-misplaced", "{n} objects lie under another's name"),
    ("object-twice", "{n} objects are archived twice, and which one is restored is chance"),
    ("object-unlisted", "{n} objects are in the archive and not in the backup's own list"),
    ("version-copy-missing", "{n} objects lack the copy below their preferred version"),
    ("version-copy-alone", "{n} copies below a version have no object, so it is not restored"),
    ("version-copy-differs", "{n} objects differ from their copy below the preferred version"),
)


def _entries(read: Material) -> Iterator[Finding]:
    for code, sentence in _ENTRIES:
        yield from read.audit.tally.finding(code, sentence, NEW_BACKUP)


def _contents(read: Material, wanted: frozenset[str] | None) -> Iterator[Finding]:
    subject, format_ = f"archive of backup {read.name}", read.audit.format
    if format_ not in KNOWN_FORMATS:
        said = "says nothing of its format" if format_ is None else f"has format {plain(format_)}"
        remedy = "Use a version of this tool that knows the format."
        yield damage("format-unknown", subject, f"The archive {said}.", remedy)
    if not read.audit.objects:
        why = "The archive holds no object: a restore does nothing and Velero calls it Completed."
        meant = read.index is not None and read.index.total == 0
        if meant and read.meta is not None and not read.meta.count("progress", "totalItems"):
            yield warned("archive-empty", subject, why, "See what the backup should select.")
        else:
            yield damage("archive-empty", subject, why)
    yield from _covered(read) if wanted is None else _wanted(read, wanted)


def _wanted(read: Material, wanted: frozenset[str]) -> Iterator[Finding]:
    """Yield what a drill cannot restore."""
    for namespace in sorted(wanted):
        if namespace not in read.audit.namespaces:
            yield damage(
                "namespace-not-in-backup",
                f"namespace {namespace}",
                f"Backup {read.name} holds nothing of namespace {namespace}; "
                "Velero would restore nothing and call it Completed.",
                "Include the namespace in the backup schedule and take a new backup.",
            )


def _covered(read: Material) -> Iterator[Finding]:
    """Yield what the backup was to cover and holds nothing of."""
    spec, held = objects.mapping(read.meta.obj if read.meta else {}, "spec"), read.audit.namespaces
    if not read.audit.objects:
        return
    names = [str(name) for name in objects.items(spec, "includedNamespaces")] or ["*"]
    for name in names:
        if name == NONE or any(matches(name, namespace) for namespace in held):
            continue
        if not _picks(spec, name):
            what = "it" if name != EVERY else "all namespaces"
            yield warned(
                "namespace-not-in-backup",
                f"namespace {plain(name)}" if what == "it" else f"backup {read.name}",
                f"Backup {read.name} was to include {what} and holds nothing of "
                f"{'it' if what == 'it' else 'any: cluster-scoped objects alone'}.",
                "See whether the namespace exists and the backup's selectors match anything.",
            )


def _picks(spec: objects.KubeObject, name: str) -> bool:
    """Return whether a backup of all namespaces names its kinds, cluster-scoped ones perhaps."""
    words = ("includedResources", "includedClusterScopedResources")
    return name == EVERY and any(objects.items(spec, word) for word in words)


def _against_list(read: Material, wanted: frozenset[str] | None) -> Iterator[Finding]:
    if read.index is None:
        return
    lost = read.index.total - read.index.ticked
    if lost:
        yield from _lost(read, wanted)
    if read.meta is None or not read.meta.usable:
        return
    if not objects.mapping(read.meta.obj, "status", "progress"):
        return
    for word in ("totalItems", "itemsBackedUp"):
        said = read.meta.count("progress", word)
        if said != read.index.total:
            yield counts_differ(read.meta, f"status.progress.{word}", said, read.index.total)


def _lost(read: Material, wanted: frozenset[str] | None) -> Iterator[Finding]:
    """Yield what the list names and the archive lacks.

    Of a backup that is known to have failed in part, what a drill does not restore is a warning.
    """
    partial = read.meta is not None and read.meta.phase == "PartiallyFailed"

    def touched(one: Named) -> bool:
        return wanted is None or not partial or not one[2] or one[2] in wanted

    if read.index is None:
        return
    lost, subject = read.files.lost(read.index, touched), f"archive of backup {read.name}"
    if told := lost.told(kept=True):
        yield damage(
            "archive-incomplete",
            subject,
            f"The backup's own list names objects that the archive lacks: {told}.",
            "See the backup's log for errors about them, then take a new backup.",
        )
    if told := lost.told(kept=False):
        yield warned(
            "archive-incomplete-elsewhere",
            subject,
            f"The backup lacks objects of namespaces not drilled here: {told}.",
            "See the backup's log for errors about them.",
        )


def _volumes(
    read: Material,
    volumes: Volumes,
    repositories: Repositories,
    wanted: frozenset[str] | None,
) -> Iterator[Finding]:
    if read.meta is None or not read.meta.usable:
        return
    if wanted is None:
        yield from volume_check(volumes.claims)
        ground = Ground(scope=scope_of(read.meta.obj))
        yield from lack_findings(read.audit.companions.lacks(), ground)
    else:
        yield from volume_findings(volumes.claims, wanted)
        yield from _claims_elsewhere(volumes.claims, wanted)
    yield from forgotten_findings(
        claim
        for claim in forgotten(claims_in(read.audit.volume_objects), read.audit.pods)
        if wanted is None or claim.key.namespace in wanted
    )
    yield from unknown_claims(read.meta, read.audit.volume_objects, read.records)
    saved = [one for one in volumes.saved if wanted is None or one.namespace in wanted]
    yield from restic_findings(saved)
    yield from repositories(saved)
    if any(volume.method == "NativeSnapshot" for volume in volumes.claims):
        why = "Native snapshots lie in the cloud's own storage; the bucket cannot show them."
        yield note("snapshots-elsewhere", f"backup {read.name}", why)


def _claims_elsewhere(
    claims: Iterable[BackedUpVolume], wanted: frozenset[str]
) -> Iterator[Finding]:
    others = [claim for claim in claims if claim.namespace not in wanted]
    found = volume_findings(others, {claim.namespace for claim in others})
    worst = [one.subject for one in found if one.severity is Severity.CRITICAL]
    if worst:
        yield warned(
            "volume-not-in-backup-elsewhere",
            "claims of namespaces not drilled here",
            f"{len(worst)} claim(s) of namespaces not drilled here have no data in the backup: "
            f"{plain(', '.join(worst[:5]))}.",
            "Drill those namespaces too, or run `verify` for each claim's own reason.",
        )
