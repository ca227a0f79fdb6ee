"""Is the data of a backup's claims still in their repositories, as far as can be told?

In: what a backup has in repositories. Out: findings, each naming the claims that would suffer.
Where a repository's own tool opened it, that decides; its structure is judged only where not.
"""

import threading
from collections.abc import Iterable, Iterator

from drills.engines.velero.reader.tally import plain
from drills.engines.velero.reader.vault import Vault, look
from drills.engines.velero.remarks import damage, note, refused, unasked, warned
from drills.engines.velero.repository import (
    BRING_BACK,
    KOPIA,
    LOOK_INSIDE,
    Saved,
    by_repository,
    empty_of,
    lack_of,
)
from drills.findings import Finding
from drills.integrity.contract import BucketPorts, Heard, Snapshots


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
