"""What the blobs of a kopia repository are, by their names alone. Pure.

Source: kopia v0.16 to v0.22, `internal/epoch/epoch_manager.go`, `repo/content/content_manager.go`,
`repo/content/indexblob`, `repo/format`, `repo/maintenance/maintenance_schedule.go`.

| name | what it is | sealed |
|---|---|---|
| `kopia.repository` | the format; nobody can open the repository without it | no (JSON) |
| `kopia.blobcfg` | retention; kopia takes its absence for the default | yes |
| `kopia.maintenance` | when maintenance ran last | yes |
| `kopia.repository.backup.*` | the format before an upgrade | no (JSON) |
| `udmrepo.Repository` | Velero's own mark | no (JSON) |
| `p...`, `q...` | packs: of data, of metadata | yes |
| `xn<epoch>_...`, `n...` | an index as one session wrote it (with epochs, without) | yes |
| `xs<epoch>_...`, `xr<first>_<last>_...` | indexes compacted into one | yes |
| `xe<epoch>` | says `epoch-marker`: the epoch advanced | no |
| `xw<unix time>` | says `deletion-watermark`: what was deleted until then is gone | no |
| `s...`, `m...`, `l...`, `_log_...` | open sessions, logs of compaction and of kopia | yes |
"""

import re
from collections.abc import Iterable

FORMAT, CONFIG, MARK = "kopia.repository", "kopia.blobcfg", "udmrepo.Repository"
SCHEDULE = "kopia.maintenance"
DATA_PACK, METADATA_PACK = "p", "q"
SEALED_BYTES = 28
"""Nonce and tag of AES-GCM: no encrypted blob is smaller."""
_INDEX = re.compile(r"x[nsr][0-9]+_|n[0-9a-f]")
_COMPACTED = ("xs", "xr", "xw", "xe")
_SESSION = re.compile(r"-s([0-9a-f]+)")


def is_index(name: str) -> bool:
    """Return whether the blob says where contents lie."""
    return _INDEX.match(name) is not None


def shows_maintenance(name: str) -> bool:
    """Return whether the blob is there only because maintenance ran.

    Maintenance rewrites packs and deletes the old ones, while indexes that name them stay until
    their epoch is compacted and cleaned up: sessions no longer match then.
    """
    return name == SCHEDULE or name.startswith(_COMPACTED)


def session_of(name: str) -> str:
    """Return the session that wrote a pack or an index, '' where the name does not tell."""
    match = _SESSION.search(name)
    return match[1] if match else ""


def unmatched(packs: Iterable[str], indexes: Iterable[str]) -> tuple[tuple[str, ...], int]:
    """Return the indexes whose session left no pack, and how many sessions left packs alone.

    A guess: it holds only as long as maintenance never ran.
    """
    wrote = {session_of(name) for name in packs} - {""}
    named = {session_of(name): name for name in indexes if session_of(name)}
    alone = tuple(sorted(name for session, name in named.items() if session not in wrote))
    return alone, len(wrote - named.keys()) if named else 0
