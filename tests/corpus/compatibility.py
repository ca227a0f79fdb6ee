"""The table of docs/compatibility.md, made from the kept backups and from what the lab drilled.

In come the kept backups and `lab-drills.json`, which `tests/lab/test_node_corpus.py` writes; out
comes the page. Nothing in it is written by hand, so nothing in it can be wishful.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.corpus.kept import HERE, VERSIONS, Kept, Method, writes

LAB_DRILLS = HERE / "lab-drills.json"
PAGE = HERE.parents[1] / "docs" / "compatibility.md"
CSI = {"csi-snapshot": "CSI snapshot", "csi-data-mover": "CSI snapshot, data moved"}
"""Ways that the embedded cluster cannot restore; kept in `csi/velero-VERSION/FOLDER`."""
OTHERS = (*CSI.values(), "native snapshot")

_LAB, _EMBEDDED, _VERIFIED, _READ, _NEVER = "**lab**", "embedded", "verified", "read", "-"
_HEAD = """# Which backups this was tried on
<!-- Made from tests/corpus; pytest tests/corpus --update-golden writes it anew. -->
Each word stands for real backups that are kept in `tests/corpus`, written by an unmodified Velero
of that version on Kubernetes {kubernetes}.

"""
_WORDS = {
    _LAB: "restored by Velero {server} on a real node with real pods, on Kubernetes {cluster}, and"
    " judged rightly there; and all of the next",
    _EMBEDDED: "verified good by `verify --bucket` with no false alarm, each damage in it found;"
    " drilled on the embedded cluster, which moves no bytes, and judged rightly",
    _VERIFIED: "verified good by `verify --bucket` with no false alarm, each damage in it found;"
    " the embedded cluster cannot restore it, and says so",
    _READ: "no such backup is kept: the rules follow Velero's source, and are tested with files"
    " made after it",
    _NEVER: "this Velero does not write such backups",
}
_FOOT = """
Where a volume was opted out, judged rightly means that the drill fails and names the claim.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabDrill:
    """A kept backup that a real Velero restored, and was rightly judged."""

    velero: str
    """The version that wrote the backup."""
    kubernetes: str
    """The version of the cluster that it was restored to."""
    server: str
    """The version that restored it."""
    method: str
    verdict: str


def lab_drills(file: Path = LAB_DRILLS) -> tuple[LabDrill, ...]:
    """What the lab wrote down."""
    return tuple(LabDrill(**row) for row in json.loads(file.read_text(encoding="utf-8")))


def kept_by_csi(folder: Path = HERE / "csi") -> tuple[tuple[str, str], ...]:
    """Version and method of each bucket of `csi/`."""
    found = ((path.parent.name, path.name) for path in folder.glob("velero-*/*"))
    return tuple((version.removeprefix("velero-"), CSI[name]) for version, name in found)


def page(
    kept: Iterable[Kept],
    drilled: Iterable[LabDrill],
    by_csi: Iterable[tuple[str, str]] = (),
) -> str:
    """The page, as Markdown."""
    kept, drilled = tuple(kept), tuple(drilled)
    cells = {
        **{(one.version, str(one.method)): _EMBEDDED for one in kept},
        **dict.fromkeys(by_csi, _VERIFIED),
        **{(one.velero, one.method): _LAB for one in drilled},
    }
    methods = (*map(str, Method), *OTHERS)
    return (
        _HEAD.format(kubernetes=_several({one.kubernetes for one in kept}))
        + "".join(f"{row}\n" for row in _table(methods, cells))
        + "\n| word | means |\n|---|---|\n"
        + "".join(f"| {word} | {_told(means, drilled)} |\n" for word, means in _WORDS.items())
        + _FOOT
    )


def _told(means: str, drilled: Iterable[LabDrill]) -> str:
    drilled = tuple(drilled)
    return means.format(
        server=_several({one.server for one in drilled}),
        cluster=_several({one.kubernetes for one in drilled}),
    )


def _table(methods: Iterable[str], cells: Mapping[tuple[str, str], str]) -> Iterable[str]:
    yield f"| Velero | {' | '.join(VERSIONS)} |"
    yield f"|---|{'---|' * len(VERSIONS)}"
    for method in methods:
        found = (cells.get((version, method), _unkept(version, method)) for version in VERSIONS)
        yield f"| {method} | {' | '.join(found)} |"


def _unkept(version: str, method: str) -> str:
    """What is said of backups of which none is kept."""
    return _READ if writes(version, method) else _NEVER


def _several(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "(none yet)"
