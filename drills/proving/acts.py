"""When a drill proves its sandbox's isolation: fed from its state, written back to it.

`begin` before the policy is made, `prove` right after it, `guises_gone` around both, `asked_again`
while the restored application is asked.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from drills.errors import DrillError
from drills.findings import Cause
from drills.notes import Halt
from drills.plan import rule_for
from drills.proving.disguised import Disguised
from drills.proving.facts import Proof, ProofState, Target, Unasked
from drills.proving.guises import Guise, guises
from drills.proving.judging import judge
from drills.proving.pods import Pods
from drills.proving.prober import Probers
from drills.proving.proving import Proving
from drills.proving.targets import backed_up_services, live_services, must_be_blocked
from drills.proving.telling import findings, findings_after
from drills.stages.isolate import Maker
from drills.state import Drill
from scenarios.model import NetworkIsolation, ProberSpec, Scenario

NO_IMAGE = Unasked(
    why="no prober image is named",
    cause=Cause.CONFIGURATION,
    hint="Name one in isolation.prober.image or with --prober-image; busybox will do.",
)


def prober_of(scenario: Scenario, image: str) -> ProberSpec:
    """Return the scenario's prober; `image` is the runner's choice where it names none."""
    spec = scenario.isolation.prober
    return replace(spec, image=spec.image or image)


def begin(drill: Drill, maker: Maker) -> Proving | None:
    """Return the proof to be had; None where no policy is made or no image is named."""
    spec, deadline = prober_of(drill.scenario, drill.ports.prober_image), drill.deadline
    closing = drill.scenario.isolation.network is NetworkIsolation.DENY
    if not closing or not spec.image or deadline is None:
        return None
    restore = drill.scenario.restore
    pods = Pods(
        cluster=drill.ports.cluster,
        clock=drill.ports.clock,
        maker=maker,
        labels=drill.labels,
        spec=spec,
        lifetime=(restore.deadline + restore.cleanup_deadline).total_seconds(),
        deadline=deadline,
        stop=drill.stop,
    )

    def blocked() -> tuple[Target, ...]:
        sources = tuple(restore.namespaces)
        live = live_services(drill.ports.cluster, sources)
        known = backed_up_services(drill.notes.inventory, sources) if live is None else live
        return must_be_blocked(spec, known)

    return Proving(
        probers=Probers(pods=pods, namespaces=drill.targets),
        disguised=Disguised(pods=pods, wanted=_guises(drill)),
        clock=drill.ports.clock,
        blocked=blocked,
        embedded=drill.ports.cluster.embedded,
    )


def _guises(drill: Drill) -> tuple[Guise, ...]:
    if drill.order is None:
        return ()
    order = drill.order
    found = (obj for obj in order.inventory.objects if obj.key not in order.owned_out)
    return guises(found, order.namespaces, order.left_out)


@contextmanager
def guises_gone(drill: Drill) -> Iterator[None]:
    """See to it that no pod wears a guise when this ends, however it ends.

    Raises what keeps one standing: then nothing may be restored beside it.
    """
    try:
        yield
    except BaseException:
        with suppress(DrillError):
            _dismiss(drill)
        raise
    _dismiss(drill)


def _dismiss(drill: Drill) -> None:
    if drill.proving is not None:
        drill.proving.disguised.dismiss()


def prove(drill: Drill) -> str:
    """Try the closed sandbox and return the state in a word; raises Halt where proof is wanted.

    Nothing has been restored yet.
    """
    if drill.scenario.isolation.network is not NetworkIsolation.DENY:
        return "not closed, as the scenario asks"
    required = drill.scenario.isolation.require_proof
    proof = drill.proving.closed() if drill.proving is not None else judge((), unasked=NO_IMAGE)
    drill.notes.proof = proof
    drill.notes.findings += findings(proof, required=required)
    if required and proof.state is not ProofState.PROVEN:
        raise Halt
    if drill.proving is not None and _quota_comes_back(drill):
        drill.proving.retire()
    return f"isolation {proof.state}{' (simulated)' if proof.simulated else ''}"


@contextmanager
def asked_again(drill: Drill) -> Iterator[Callable[[], bool]]:
    """Try the sandbox once more beside what the block does; yields whether it was found open.

    What the restore opened is a critical finding, and such a sandbox is never kept.
    """
    proving = drill.proving
    if proving is None or proving.unasked is not None:
        yield lambda: False
        return
    again = _Again(proving)
    again.start()
    try:
        yield again.found_open
    finally:
        again.join()
    if again.failed is not None:
        raise again.failed
    drill.notes.proof = proof = proving.proof()
    required = drill.scenario.isolation.require_proof
    found = findings_after(proof, again.unasked, required=required)
    drill.notes.findings += found
    drill.dangerous = drill.dangerous or _opened(proof)


class _Again(threading.Thread):
    """One asking beside everything else; its errors are raised by whoever joins."""

    def __init__(self, proving: Proving) -> None:
        super().__init__(name="prober", daemon=True)
        self._proving = proving
        self._open = threading.Event()
        self.unasked: Unasked | None = None
        self.failed: Exception | None = None

    def run(self) -> None:
        """Ask."""
        try:
            self.unasked = self._proving.again()
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            self.failed = error
        if any(each.opened for each in self._proving.tried()):
            self._open.set()

    def found_open(self) -> bool:
        """Return whether something became reachable."""
        return self._open.is_set()


def _opened(proof: Proof) -> bool:
    return any(each.opened for each in proof.tried)


def _quota_comes_back(drill: Drill) -> bool:
    """Return whether a restored ResourceQuota would count the prober's pods."""
    order = drill.order
    return order is not None and any(
        obj.key.resource == "resourcequotas" and obj.key.namespace in order.namespaces
        for obj in order.inventory.objects
        if rule_for(order.left_out, obj.key.resource) is None
    )
