"""Sudden changes of a backup against its own schedule's history. Pure.

In: a check and earlier memories. Out: warnings. Against the median of the last few, so that one
odd backup neither hides the next nor makes it look odd.
"""

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from drills.findings import Cause, Finding, Severity
from drills.integrity.memory import Memory
from drills.integrity.result import BackupCheck, Facts

FEWEST = 3
"""Earlier backups without which nothing is called sudden."""
MOST = 7
LEAST_SIZE, LEAST_OBJECTS, LEAST_PACKING = 0.5, 0.8, 0.6
"""Shares of the median below which a fall is told."""
MORE_ENTROPY = 0.5
"""Bits per byte; JSON has about 4.5, base64 of something encrypted 6."""
LONGER, LONGER_SECONDS = 2.0, 60.0
PASSING = frozenset({"events", "events.events.k8s.io", "jobs.batch", "pods", "leases"})
"""Kinds that come and go."""


def sudden(check: BackupCheck, memories: Sequence[Memory]) -> Iterator[Finding]:
    """Yield what differs from the backups of its schedule that came before it."""
    earlier = [
        memory
        for memory in memories
        if memory.schedule
        and memory.schedule == check.schedule
        and memory.started_at
        and check.started_at
        and memory.started_at < check.started_at
    ]
    earlier.sort(key=lambda memory: str(memory.started_at))
    last = [memory.facts for memory in earlier[-MOST:]]
    if len(last) < FEWEST or not check.facts.unpacked:
        return
    yield from _fallen(check, last)
    yield from _gone(check, last)
    yield from _longer(check, last)
    yield from _random(check, last)


def _fallen(check: BackupCheck, last: list[Facts]) -> Iterator[Finding]:
    size = median(facts.unpacked for facts in last)
    if check.facts.unpacked < LEAST_SIZE * size:
        yield _told("size-fell", check, f"unpacks to {check.facts.unpacked} bytes", f"{size:.0f}")
    number = median(facts.objects for facts in last)
    if check.facts.objects < LEAST_OBJECTS * number:
        yield _told("objects-fell", check, f"holds {check.facts.objects} objects", f"{number:.0f}")


def _gone(check: BackupCheck, last: list[Facts]) -> Iterator[Finding]:
    recent = last[-FEWEST:]
    kinds = frozenset.intersection(*(frozenset(facts.kinds) for facts in recent))
    if lost := sorted(kinds - check.facts.kinds.keys() - PASSING):
        yield _told("kind-vanished", check, f"holds no {', '.join(lost[:5])} any more", "some")
    spaces = frozenset.intersection(*(frozenset(facts.namespaces) for facts in recent))
    if lost := sorted(spaces - check.facts.namespaces.keys()):
        what = f"holds nothing of namespace {', '.join(lost[:5])} any more"
        yield _told("namespace-vanished", check, what, "something")


def _longer(check: BackupCheck, last: list[Facts]) -> Iterator[Finding]:
    usual = _usual(last, lambda facts: facts.seconds)
    took = check.facts.seconds
    if usual and took and took > LONGER * usual and took - usual > LONGER_SECONDS:
        yield _told("duration-doubled", check, f"took {took:.0f} s", f"{usual:.0f} s")


def _random(check: BackupCheck, last: list[Facts]) -> Iterator[Finding]:
    usual, now = _usual(last, lambda facts: facts.entropy), check.facts.entropy
    packing, packed = _usual(last, lambda facts: facts.packing), check.facts.packing
    denser = bool(usual and now and now > usual + MORE_ENTROPY)
    stiffer = bool(packing and packed and packed < LEAST_PACKING * packing)
    if denser or stiffer:
        what = f"looks random ({now} bits a byte, packs {packed} times)"
        yield _told("entropy-jumped", check, what, f"{usual} bits, {packing} times")


def _usual(last: list[Facts], of: Callable[[Facts], float | None]) -> float | None:
    found = [value for facts in last if (value := of(facts)) is not None]
    return median(found) if len(found) >= FEWEST else None


def _told(code: str, check: BackupCheck, what: str, usual: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.WARNING,
        cause=Cause.BACKUP,
        subject=f"backup {check.name}",
        message=f"It {what}; the backups of its schedule before it: {usual}.",
        remedy=_REMEDIES.get(code, "See what changed in the cluster at that time."),
    )


_REMEDIES = {
    "entropy-jumped": "See whether something encrypts the cluster's Secrets and ConfigMaps.",
    "duration-doubled": "See the backup's log for what was slow; raise its time-outs in time.",
}
