"""Stage probe: put every question, many at once, each after those it needs.

In: the scenario's ProbeSpecs and what the drill knows. Out: one ProbeRecord each, in the order
declared, whatever happens. A probe whose need did not pass is not asked, and that is inconclusive.
"""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from drills.errors import Misconfigured
from drills.findings import Cause
from drills.ports import Deadline, Listener
from drills.probes import Probe, ProbeContext, find_probe
from drills.probes.asking import Limits, interrogate, not_asked
from drills.probes.recorded import wrapped
from drills.record import Outcome, ProbeRecord
from scenarios.model import ProbeSpec

AT_ONCE = 64
"""Probes that are out at a time: they wait for answers, they do not work."""
TICK = 0.2
"""Seconds between looks at the deadline and the wish to stop while probes are out."""
GRACE = 5.0
"""Seconds after the deadline until a probe that ignores its time-out is left to itself."""


def run_probes(
    specs: Sequence[ProbeSpec],
    context: ProbeContext,
    *,
    deadline: Deadline,
    stop: Callable[[], bool],
    listener: Listener,
    probes: Mapping[str, Probe] | None = None,
    mute: Mapping[str, str] | None = None,
    closed: Mapping[str, str] | None = None,
) -> tuple[ProbeRecord, ...]:
    """Ask all of `specs` and return their records; never raises for what a probe does.

    `probes` are looked at before those that are built in or installed. `mute` names those that
    nobody in this cluster can answer, with the reason: they are not asked. Nor are those in
    `closed`, whose way the drill itself closed.
    """
    limits = Limits(deadline=deadline, stop=stop)
    board = _Board(
        specs=tuple(specs),
        context=context,
        limits=limits,
        probes=probes or {},
        mute=mute or {},
        closed=closed or {},
    )
    while len(board.records) < len(board.specs):
        board.start_what_can_start()
        board.collect()
        while board.fresh:
            record = board.fresh.pop(0)
            listener.stage("probe", "progress", f"{record.name}: {record.outcome}")
    return tuple(board.records[at] for at in range(len(board.specs)))


@dataclass(slots=True, kw_only=True)
class _Board:
    """Which probes wait, are out, and are done."""

    specs: tuple[ProbeSpec, ...]
    context: ProbeContext
    limits: Limits
    probes: Mapping[str, Probe]
    mute: Mapping[str, str] = field(default_factory=dict)
    closed: Mapping[str, str] = field(default_factory=dict)
    records: dict[int, ProbeRecord] = field(default_factory=dict)
    fresh: list[ProbeRecord] = field(default_factory=list)
    """Records the listener has not heard of."""
    out: set[int] = field(default_factory=set)
    answers: "queue.SimpleQueue[tuple[int, ProbeRecord]]" = field(default_factory=queue.SimpleQueue)

    def start_what_can_start(self) -> None:
        """Send out every probe whose needs passed, up to the cap; settle those that cannot go."""
        settled = True
        while settled and not self.limits.stop():
            settled = any(self._consider(at) for at in self._waiting())
        if not self.out and not self.limits.stop():
            for at in self._waiting():
                self._settle(at, "its needs wait for each other", Cause.CONFIGURATION)

    def collect(self) -> None:
        """Take one record in; return after one tick at the latest."""
        try:
            at, record = self.answers.get(timeout=TICK if self.out else 0.0)
        except queue.Empty:
            self._give_up()
        else:
            self._keep(at, record)

    def _waiting(self) -> list[int]:
        busy = self.out | self.records.keys()
        return [at for at in range(len(self.specs)) if at not in busy]

    def _consider(self, at: int) -> bool:
        """Start or settle one waiting probe; return whether it was settled without asking."""
        spec = self.specs[at]
        if spec.name in self.mute:
            return self._settle(at, self.mute[spec.name], Cause.ENVIRONMENT)
        if spec.name in self.closed:
            return self._settle(at, self.closed[spec.name], Cause.ISOLATION)
        done = {self.specs[i].name: record for i, record in self.records.items()}
        names = {other.name for other in self.specs}
        for need in spec.needs:
            if need not in names:
                return self._settle(at, f"no probe is called {need!r}", Cause.CONFIGURATION)
            if need in done and done[need].outcome is not Outcome.PASSED:
                return self._settle(at, f"{need} did not pass", done[need].cause or Cause.PROBE)
        if all(need in done for need in spec.needs) and len(self.out) < AT_ONCE:
            return self._start(at)
        return False

    def _start(self, at: int) -> bool:
        spec = self.specs[at]
        try:
            probe = wrapped(spec, self.probes.get(spec.kind) or find_probe(spec.kind))
        except (Misconfigured, ImportError) as error:
            return self._settle(at, str(error), Cause.CONFIGURATION)
        self.out.add(at)
        threading.Thread(
            target=self._ask, args=(at, probe), name=f"probe {spec.name}", daemon=True
        ).start()
        return False

    def _ask(self, at: int, probe: Probe) -> None:
        record = interrogate(self.specs[at], probe, self.context, self.limits)
        self.answers.put((at, record))

    def _settle(self, at: int, why: str, cause: Cause) -> bool:
        self._keep(at, not_asked(self.specs[at], f"not asked: {why}", cause))
        return True

    def _keep(self, at: int, record: ProbeRecord) -> None:
        if at not in self.records:
            self.records[at] = record
            self.fresh.append(record)
        self.out.discard(at)

    def _give_up(self) -> None:
        """Write off what will not answer any more: the drill must end, and clean up."""
        if self.limits.stop():
            why, cause = "the drill was asked to stop", Cause.RUNNER
        elif self.limits.deadline.left < -GRACE:
            why, cause = "the deadline came before an answer", Cause.ENVIRONMENT
        else:
            return
        for at, spec in enumerate(self.specs):
            if at not in self.records:
                self._keep(at, not_asked(spec, why, cause))
