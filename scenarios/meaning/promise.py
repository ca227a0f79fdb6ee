"""Promises: a proof level that some probe can show, on a cluster where it can be shown."""

from collections.abc import Iterator

from scenarios.document import Document
from scenarios.model import ProofLevel
from scenarios.problems import Complaint, Path, nearest, quoted
from scenarios.proofs import BUILT_IN_KINDS, can_show_data, kind_of, proof_of

_PROVE: Path = ("spec", "prove")


def check_promise(document: Document) -> Iterator[Complaint]:
    """Yield what keeps `spec.prove` from ever being reached."""
    said = document.text(*_PROVE)
    if said not in list(ProofLevel):
        return
    wanted = ProofLevel(said)
    if document.flag("spec", "cluster", "embedded") and wanted.rank > ProofLevel.OBJECTS.rank:
        message = f"the embedded cluster runs no containers and can never prove {said}"
        yield Complaint(path=_PROVE, message=message, hint="use objects, or a real cluster")
    probes = [probe for _, probe in document.probes()]
    if wanted is ProofLevel.OBJECTS or any(_is_unclear(probe) for probe in probes):
        return
    if not any(proof_of(probe).rank >= wanted.rank for probe in probes):
        hint = _candidate(probes) if wanted is ProofLevel.DATA else "add an http, tcp or exec probe"
        yield Complaint(path=_PROVE, message=f"no probe proves {said}", hint=hint)


def _is_unclear(probe: Document) -> bool:
    """Whether the probe's kind is absent or misspelt, which the form check has said."""
    kind = kind_of(probe)
    return not kind or (kind not in BUILT_IN_KINDS and nearest(kind, BUILT_IN_KINDS) is not None)


def _candidate(probes: list[Document]) -> str:
    able = [probe for probe in probes if can_show_data(kind_of(probe))]
    able.sort(key=lambda probe: not probe.has("expect", "timestamp"))
    if not able:
        return "add an exec probe that looks at the data, with proves: data"
    name = quoted(able[0].text("name"))
    return f"say proves: data on a probe whose answer only the data can give, perhaps {name}"
