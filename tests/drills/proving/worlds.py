"""A drill whose sandbox is proven, and short looks at its record."""

from drills import objects
from drills.backups import BackedUpObject
from drills.findings import Severity
from drills.proving.facts import Outcome as Shown
from drills.proving.facts import ProofState
from drills.record import DrillRecord
from scenarios.model import IsolationSpec, ProberSpec, Scenario
from tests.fakes.drilling import World, scenario
from tests.fakes.engine import SOURCE, backed, manifest
from tests.fakes.network import POD
from tests.fakes.probing import SANDBOX, deployment

IMAGE = "busybox:1.36"


def proving(*, required: bool = False, **more: object) -> Scenario:
    prober = ProberSpec(image=IMAGE, internet="1.1.1.1:443", also_blocked=("db.example.com:5432",))
    return scenario(isolation=IsolationSpec(require_proof=required, prober=prober), **more)


def service(name: str, address: str) -> tuple[dict[str, object], dict[str, object]]:
    """Return a live Service of production with something ready behind it."""
    place = {"namespace": SOURCE}
    found = manifest(
        "v1", "Service", name, metadata=place, spec={"clusterIP": address, "ports": [{"port": 80}]}
    )
    labels = {"kubernetes.io/service-name": name}
    ready = manifest(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        f"{name}-x",
        metadata={**place, "labels": labels},
        endpoints=[{"conditions": {"ready": True}}],
    )
    return dict(found), dict(ready)


def labelled(name: str, **labels: str) -> BackedUpObject:
    """Return a backed-up Deployment whose pods have these labels."""
    obj = deployment(name)
    spec = {**objects.mapping(obj, "spec"), "template": {"metadata": {"labels": labels}}}
    return backed({**obj, "spec": spec})


def state(record: DrillRecord) -> ProofState | None:
    return record.sandbox.proof.state if record.sandbox.proof else None


def codes(record: DrillRecord) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in record.findings}


def shown(record: DrillRecord) -> dict[str, Shown]:
    assert record.sandbox.proof is not None
    return {each.target.address: each.outcome for each in record.sandbox.proof.tried}


def worn(record: DrillRecord) -> dict[str, set[Shown]]:
    """Return what came of the ways out, by workload."""
    assert record.sandbox.proof is not None
    found: dict[str, set[Shown]] = {}
    for each in record.sandbox.proof.tried:
        if each.workload:
            found.setdefault(each.workload, set()).add(each.outcome)
    return found


def message(record: DrillRecord, code: str) -> str:
    return next(found.message for found in record.findings if found.code == code)


def standing(world: World) -> set[str]:
    names = {objects.name(pod) for pod in world.cluster.list(POD, SANDBOX)}
    return {name for name in names if name.startswith("restore-drill-guise")}
