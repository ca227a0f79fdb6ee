"""What a probe is: a question put to the restored application, in one attempt.

In: the scenario's ProbeSpec and the ProbeContext of the drill. Out: an Answer, with what it does
not meet. Retries, order, time and outcomes are the business of `drills.stages.probe`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from drills.errors import CannotAsk
from drills.expectations import Mismatch
from drills.findings import Cause, Finding
from drills.objects import KubeObject
from drills.ports import Clock, Cluster, Shell
from drills.samples import Samples
from drills.veil import DrillVeil
from scenarios.model import Confidential, ProbeSpec


class Making(Protocol):
    """Creates things that carry the drill's marks, written into its journal first."""

    def make(self, manifest: KubeObject) -> KubeObject:
        """Create `manifest` and return it as the cluster has it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeContext:
    """What the drill knows when its probes are asked."""

    cluster: Cluster
    clock: Clock
    namespaces: Mapping[str, str]
    """Source to sandbox."""
    reference: datetime
    """The instant that data ages count back from: the drill's start, or the disaster."""
    restore_started_at: datetime
    """Nothing written later than this can have been restored."""
    requested: float
    """The restore request on the monotonic clock."""
    rpo: timedelta | None = None
    """The scenario's target, for `within: rpo`."""
    backup_started_at: datetime | None = None
    """The earliest instant that its data may be from."""
    backup_ended_at: datetime | None = None
    """For `notAfter: backupEnd`."""
    scenario: str = ""
    """The scenario's name, under which samples are kept."""
    samples: Samples | None = None
    """What was recorded of the live source; None where nothing is."""
    troubles: tuple[Finding, ...] = ()
    """Troubles of the environment that stood when the workloads were waited for."""
    drill_id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    """The drill's marks, for what a probe has made."""
    maker: Making | None = None
    """Makes things in the sandbox, which go with it; None where nothing may be made."""
    shell: Shell | None = None
    """Runs local commands; None where none may run."""
    local: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Environment for local commands: PATH, HOME, KUBECONFIG, DRILL_KUBE_CONTEXT."""
    veil: DrillVeil = field(default_factory=lambda: DrillVeil(Confidential()), repr=False)
    """Hides what no output may show; a probe that reads a secret teaches it."""

    def sandbox(self, question: Mapping[str, object]) -> str:
        """Return the sandbox namespace of the question; raises CannotAsk where none is meant.

        A namespace that is not mapped is refused: a probe may touch the sandbox only.
        """
        return self.namespaces[self.source(question)]

    def source(self, question: Mapping[str, object]) -> str:
        """Return the source namespace of the question; raises CannotAsk where none is meant."""
        source = question.get("namespace")
        if source is None and len(self.namespaces) == 1:
            return next(iter(self.namespaces))
        if isinstance(source, str) and source in self.namespaces:
            return source
        named = "no namespace" if source is None else f"namespace {source!r}"
        raise CannotAsk(
            f"the probe names {named}; restored are {', '.join(self.namespaces) or 'none'}",
            hint="name one of the source namespaces in restore.namespaces",
            cause=Cause.CONFIGURATION,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was observed in one attempt."""

    observed: Mapping[str, object]
    """By the words of `expect`; shown in reports, so never a secret's value."""
    mismatches: tuple[Mismatch, ...] | None = None
    """What does not fit; None leaves the comparison, word by word, to the stage."""
    simulated: bool = False
    values: Mapping[str, object] = field(default_factory=dict, repr=False)
    """What may be recorded, by the words of `expect`: numbers, digests, ids."""
    newest: datetime | None = None
    """Newest instant found in the restored data."""
    explicable: bool = True
    """Whether known trouble of the environment would explain a wrong answer."""


class Probe(Protocol):
    """Asks one kind of question."""

    @property
    def kind(self) -> str:
        """Return the scenario's word for it."""
        ...

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Ask once, within `timeout` seconds.

        A restored application that does not answer is an Answer with a mismatch. Raises CannotAsk,
        or another DrillError, where the question could not be put; with cause `configuration`
        it is not asked again.
        """
        ...
