"""What each kind of probe can show, and what it shows where the scenario does not say."""

from scenarios.document import Document
from scenarios.model import ProofLevel

PROBE_FIELDS = frozenset(
    {"name", "expect", "required", "proves", "needs", "timeout", "interval", "retries"}
    | {"initialDelay", "use", "with"}
)

_DEFAULTS = {
    "resource": ProofLevel.OBJECTS,
    "http": ProofLevel.SERVICE,
    "tcp": ProofLevel.SERVICE,
    "exec": ProofLevel.SERVICE,
    "logs": ProofLevel.SERVICE,
    "sql": ProofLevel.SERVICE,
    "checksum": ProofLevel.SERVICE,
    "canary": ProofLevel.SERVICE,
    "prometheus": ProofLevel.SERVICE,
    "job": ProofLevel.SERVICE,
    "script": ProofLevel.SERVICE,
}
BUILT_IN_KINDS = frozenset(_DEFAULTS)
_CANNOT_SHOW_DATA = frozenset({"resource", "tcp", "prometheus"})


def kind_of(probe: Document) -> str:
    """Return the probe's kind, or '' where it has none or several."""
    asked = [key for key in probe.table() if key not in PROBE_FIELDS]
    built_in = [key for key in asked if key in BUILT_IN_KINDS]
    kinds = built_in or asked
    return kinds[0] if len(kinds) == 1 else ""


def proof_of(probe: Document) -> ProofLevel:
    """Return what a pass of the probe shows. Data is shown only where the scenario says so."""
    said = probe.text("proves")
    if said in list(ProofLevel):
        return ProofLevel(said)
    return _DEFAULTS.get(kind_of(probe), ProofLevel.OBJECTS)


def can_show_data(kind: str) -> bool:
    """Whether a probe of this kind sees anything of the data at all."""
    return kind not in _CANNOT_SHOW_DATA
