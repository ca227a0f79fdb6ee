"""The proof under way: the control, the closed sandbox, and the sandbox after the restore.

In: the prober's pods, those that wear guises, and what to try. Out: a Proof after each asking.
What keeps the prober from answering is kept as the reason why nothing is proven; only a lost API
server and a wish to stop are raised.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from drills.errors import CannotAsk, DeadlinePassed, DrillError, OutsideRefused
from drills.ports import Clock, Deadline
from drills.proving import disguised
from drills.proving.disguised import Disguised
from drills.proving.facts import Aim, Proof, ProofState, Target, Tried, Unasked
from drills.proving.judging import judge
from drills.proving.prober import Answers, Probers

LIMIT = 1
"""Whole seconds that one target is tried: a blocked one takes as long as that."""
CONTROL_PATIENCE = 3.0
"""Seconds for a new pod's network to come up."""
CLOSE_PATIENCE = 10.0
"""Seconds for a network plugin to put the policy into force."""
AGAIN_PATIENCE = 5.0
"""Seconds for DNS and neighbours, so that a busy node is not taken for a restored policy."""
LEAST_ROUNDS = 3
"""Times that are asked however long one takes: a busy machine is slow, and misses."""
EVERY = 0.5

UNANSWERED = (OutsideRefused, CannotAsk, DeadlinePassed)


@dataclass(slots=True, kw_only=True)
class Proving:
    """What was tried so far."""

    probers: Probers
    disguised: Disguised
    clock: Clock
    blocked: Callable[[], Sequence[Target]]
    """Says what must not be reached; may ask the cluster."""
    embedded: bool = False
    unasked: Unasked | None = None
    _targets: dict[str, tuple[Target, ...]] = field(default_factory=dict)
    _before: Answers = field(default_factory=dict)
    _after: Answers = field(default_factory=dict)
    _again: Answers = field(default_factory=dict)
    _guises_until: float = 0.0
    """The monotonic instant until which pods in guise are waited for."""
    _retired: bool = False

    def control(self) -> None:
        """Start the pods and try everything while no policy is there."""
        self._asked(self._control)

    def closed(self) -> Proof:
        """Try everything with the policy in place, until it is in force or patience ends."""
        if self.unasked is None:
            self._asked(self._closed)
        if self.unasked is not None:
            # What could not answer must not stand in the restored application's way.
            with suppress(*UNANSWERED):
                self.probers.retire()
        return self.proof()

    def retire(self) -> None:
        """Take the pods away for the time of the restore."""
        if not self._retired and self.unasked is None:
            self._asked(self.probers.retire)
            self._retired = True

    def again(self) -> Unasked | None:
        """Try everything once more; return what kept the prober from it."""
        try:
            self._ask_again()
        except DrillError as error:
            return _unasked(error)
        return None

    def proof(self) -> Proof:
        """Return what all answers so far prove."""
        return judge(
            self.tried(),
            image=self.probers.pods.spec.image,
            unasked=self.unasked,
            simulated=self.probers.simulated or self.disguised.simulated,
            embedded=self.embedded,
            untried=self.disguised.untried,
        )

    def tried(self) -> tuple[Tried, ...]:
        """Return every target with its answers, those of guises last."""
        return (*self._tried(), *self._tried_in_guise())

    def _tried(self) -> Iterator[Tried]:
        for name, targets in self._targets.items():
            for at, target in enumerate(targets):
                yield Tried(
                    namespace=name,
                    target=target,
                    before=_at(self._before, name, at),
                    after=_at(self._after, name, at),
                    again=_at(self._again, name, at),
                )

    def _tried_in_guise(self) -> Iterator[Tried]:
        """Yield what must be blocked, with the control of the prober in the same namespace."""
        for guise, answers in self.disguised.answers.items():
            before = self._before[guise.namespace]
            asked = zip(self._targets[guise.namespace], before, answers, strict=True)
            for target, control, said in asked:
                if not target.aim.must_work:
                    yield Tried(
                        namespace=guise.namespace,
                        target=target,
                        before=control,
                        after=said,
                        workload=guise.workload,
                    )

    def _asked(self, act: Callable[[], None]) -> None:
        try:
            act()
        except UNANSWERED as error:
            self.unasked = _unasked(error)

    def _control(self) -> None:
        self.probers.make()
        self.disguised.make()
        self.probers.join()
        self._guises_until = self.clock.monotonic() + disguised.PATIENCE
        blocked = tuple(self.blocked())
        self._targets = {
            name: (*blocked, *self.probers.needed(name)) for name in self.probers.namespaces
        }
        for _ in self._rounds(CONTROL_PATIENCE):
            said = self.probers.ask(self._targets, LIMIT)
            self._before = {name: _either(self._before.get(name), said[name]) for name in said}
            if not self._lacking():
                return

    def _lacking(self) -> bool:
        """Return whether a new pod's network may still be coming up."""
        tried = self.tried()
        reached = {each.namespace for each in tried if each.before and not _needed(each)}
        return any(_needed(each) and not each.before for each in tried) or (
            reached != set(self._targets)
        )

    def _closed(self) -> None:
        self.disguised.join(self._guises_until)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="guises") as beside:
            for _ in self._rounds(CLOSE_PATIENCE):
                asked = beside.submit(self.disguised.ask, self._targets, LIMIT)
                self._after = self.probers.ask(self._targets, LIMIT)
                asked.result()
                if not self._unsettled():
                    return

    def _unsettled(self) -> bool:
        """Return whether the policy may still be on its way into force."""
        cut = any(_needed(each) and each.before and not each.after for each in self.tried())
        dumb = self.disguised.dumb and self.clock.monotonic() < self._guises_until
        return cut or dumb or self.proof().state is ProofState.OPEN

    def _ask_again(self) -> None:
        if self._retired:
            self.probers.make()
            self.probers.join()
            self._retired = False
            self._targets = {
                name: (
                    *(each for each in targets if each.aim is not Aim.NEIGHBOUR),
                    *self.probers.neighbours(name),
                )
                for name, targets in self._targets.items()
            }
        for _ in self._rounds(AGAIN_PATIENCE):
            said = self.probers.ask(self._targets, LIMIT)
            self._again = {name: _either(self._again.get(name), said[name]) for name in said}
            if not any(_lost(each) for each in self.tried()):
                return

    def _rounds(self, seconds: float) -> Iterator[None]:
        """Yield until `seconds` have passed, with a pause between."""
        until = Deadline(clock=self.clock, at=self.clock.monotonic() + seconds)
        for number in itertools.count():
            if number >= LEAST_ROUNDS and until.passed:
                return
            if number:
                self.clock.sleep(EVERY)
            yield


def _needed(tried: Tried) -> bool:
    return tried.target.aim.must_work


def _lost(tried: Tried) -> bool:
    """Return whether what must work did so before the restore and does not now."""
    return _needed(tried) and tried.after is True and not tried.again


def _at(answers: Answers, namespace: str, at: int) -> bool | None:
    return answers[namespace][at] if namespace in answers else None


def _either(
    known: Sequence[bool | None] | None, said: Sequence[bool | None]
) -> tuple[bool | None, ...]:
    """Return whether each was reached in any round."""
    if known is None:
        return tuple(said)
    return tuple(before or now for before, now in zip(known, said, strict=True))


def _unasked(error: DrillError) -> Unasked:
    return Unasked(why=str(error).rstrip("."), cause=error.cause, hint=error.hint)
