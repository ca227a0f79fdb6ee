"""Is the repository that holds the volume data there? Contents are encrypted; its parts are not.

In: volumes with the uploader that saved them. Out: findings. Where: `<prefix>/kopia/<namespace>/`
(`kopia_blobs` tells what lies there), `<prefix>/restic/<namespace>/`. Only the absence of what no
repository can do without is damage; all else that looks wrong is unclear until somebody opens it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from drills import objects
from drills.backups import BackedUpVolume
from drills.engines.velero.kinds import REPOSITORY
from drills.engines.velero.kopia_blobs import DATA_PACK, FORMAT, METADATA_PACK, is_index
from drills.engines.velero.remarks import damage, note, unasked
from drills.engines.velero.site import Site
from drills.engines.velero.volumes import DATA_MOVER, POD_VOLUME
from drills.engines.velero.waiting import phase
from drills.errors import Forbidden, NotServed
from drills.findings import Finding
from drills.objects import KubeObject

KOPIA, RESTIC = "kopia", "restic"
ABSENT = "not initialized in the provided storage"
BRING_BACK = "Restore the repository's files from the bucket's versions, or take a new backup."
LOOK_INSIDE = "Open it with kopia or restic (`snapshot verify`, `check`), or drill the backup."
Parts = tuple[tuple[Callable[[str], bool], str], ...]
"""What a repository must have: how to know its files, what they are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """One claim's snapshot in a repository."""

    claim: str
    namespace: str
    uploader: str
    handle: str
    bytes: int | None


def saved_in(volumes: Iterable[BackedUpVolume], info: Iterable[KubeObject]) -> Iterator[Saved]:
    """Yield what lies in a repository of its own, with the uploader that put it there."""
    rows_by_claim = {
        (objects.text(row, "pvcNamespace"), objects.text(row, "pvcName")): row for row in info
    }
    for volume in volumes:
        if volume.has_data and volume.method in {POD_VOLUME, DATA_MOVER}:
            row = rows_by_claim.get((volume.namespace, volume.claim), {})
            details = objects.mapping(
                row, "pvbInfo" if volume.method == POD_VOLUME else "snapshotDataMovementInfo"
            )
            handle = objects.text(details, "snapshotHandle")
            if handle or volume.bytes:  # of an empty volume there is no snapshot
                yield Saved(
                    claim=volume.claim,
                    namespace=volume.namespace,
                    uploader=objects.text(details, "uploaderType") or "kopia",
                    handle=handle,
                    bytes=volume.bytes,
                )


def check_objects(site: Site, location: str, saved: Iterable[Saved]) -> tuple[Finding, ...]:
    """Without the store at hand: return what Velero's own BackupRepository objects say."""
    groups = by_repository(saved)
    if not groups:
        return ()
    try:
        known = site.ports.cluster.list(REPOSITORY, site.namespace)
    except (Forbidden, NotServed) as error:
        return (_not_looked_at(f"BackupRepository objects: {error}"),)
    found: list[Finding] = []
    for (uploader, namespace), group in groups.items():
        repository = next((r for r in known if _is_of(r, location, uploader, namespace)), None)
        if repository is None:
            found.append(_not_looked_at(f"the {uploader} repository of namespace {namespace}"))
        elif phase(repository) == "NotReady":
            found.append(_not_ready(repository, group))
    return tuple(found)


def _not_ready(repository: KubeObject, group: list[Saved]) -> Finding:
    """Return what a repository that Velero cannot open means.

    Its absence is told apart from a wrong password or a refusal by kopia's own words
    (repo.ErrRepositoryNotInitialized): only absence is the backup's fault.
    """
    message = objects.text(repository, "status", "message").rstrip(".")
    if ABSENT in message:
        return damage(
            "volume-data-missing",
            ", ".join(f"persistentvolumeclaim {one.namespace}/{one.claim}" for one in group),
            f"The repository that holds the volume data is gone: {message}.",
            BRING_BACK,
        )
    return unasked(
        "repository-not-ready",
        f"backuprepository {objects.name(repository)}",
        f"Velero cannot open it: {message}.",
        "Mend what the message names: the repository password, access, or its files.",
    )


def by_repository(saved: Iterable[Saved]) -> Mapping[tuple[str, str], list[Saved]]:
    """Return what was saved by (uploader, namespace): each pair is one repository."""
    groups: dict[tuple[str, str], list[Saved]] = {}
    for one in saved:
        if one.uploader in {KOPIA, RESTIC}:
            groups.setdefault((one.uploader, one.namespace), []).append(one)
    return groups


def lack_of(files: Mapping[str, int], uploader: str, group: Sequence[Saved]) -> str | None:
    """Return what a repository of these files (name to size) lacks for `group`, None if nothing."""
    if not files:
        return "is not there"
    for there, meaning in _kopia_parts(group) if uploader == KOPIA else _restic_parts(group):
        if not any(size and there(name) for name, size in files.items()):
            return f"has no {meaning}"
    return None


def empty_of(files: Mapping[str, int]) -> str | None:
    """Return which files are empty, None if none is.

    Neither uploader writes such, but they need not be any that these snapshots use.
    """
    empty = sorted(name for name, size in files.items() if not size)
    return f"it has {len(empty)} empty file(s): {', '.join(empty[:3])}" if empty else None


def _starts(prefix: str) -> Callable[[str], bool]:
    return lambda name: name.startswith(prefix)


def _kopia_parts(group: Sequence[Saved]) -> Parts:
    parts: Parts = (
        (lambda name: name == FORMAT, FORMAT),
        (is_index, "index blobs"),
        (_starts(METADATA_PACK), "metadata packs"),
    )
    holds_data = any(one.bytes for one in group)
    return (*parts, (_starts(DATA_PACK), "data packs")) if holds_data else parts


def _restic_parts(group: Sequence[Saved]) -> Parts:
    parts = (("config", "config"), ("keys/", "keys"), ("index/", "index"), ("data/", "data packs"))
    named = (*parts, *((f"snapshots/{o.handle}", f"snapshot {o.handle}") for o in group))
    return tuple((_starts(prefix), meaning) for prefix, meaning in named)


def _is_of(repository: object, location: str, uploader: str, namespace: str) -> bool:
    spec = objects.mapping(repository, "spec")
    return (
        objects.text(spec, "volumeNamespace") == namespace
        and objects.text(spec, "backupStorageLocation") == location
        and objects.text(spec, "repositoryType") == uploader
    )


def _not_looked_at(what: str) -> Finding:
    return note(
        "repository-not-looked-at",
        "volume data",
        f"The bucket itself was not at hand, so this was not looked at: {what}.",
        "Name the bucket in the scenario (--store) to have the repository's files checked.",
    )
