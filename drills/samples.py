"""Samples: what a probe's question found in the live source, before or after a backup.

In: samples that were kept, and when a backup was taken. Out: the Neighbours, the last sample before
the backup and the first after it. A sample holds numbers, digests and ids by the words of `expect`,
and the question as a digest only. Pure.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from scenarios.model import ProbeSpec

ENGINE_CLOCK = timedelta(seconds=1)
"""Engines write whole seconds: a backup that ended at 12:00:05 may have ended just before :06."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at the live source. `at`: when asking began, UTC; it took `seconds`."""

    at: datetime
    seconds: float
    scenario: str
    scenario_sha256: str
    probe: str
    question: str
    """Digest of what was asked, by which a drill finds it."""
    values: Mapping[str, object]
    """By the words of `expect`: numbers, texts, and for `files` digests by path."""
    simulated: bool = False

    @property
    def ended(self) -> datetime:
        """Return when the answer was there."""
        return self.at + timedelta(seconds=self.seconds)


class Samples(Protocol):
    """Keeps samples."""

    @property
    def place(self) -> str:
        """Return where they are kept, for messages."""
        ...

    def recall(self, scenario: str, question: str) -> tuple[Sample, ...]:
        """Return what was kept of one question; raises Misconfigured."""
        ...

    def keep(self, sample: Sample) -> None:
        """Add one; raises Misconfigured."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When the backup was taken: its data is from some instant in between."""

    began: datetime
    ended: datetime | None
    """None where unknown: then nothing is known to be after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The samples around a backup that are near enough."""

    before: Sample | None = None
    after: Sample | None = None
    nearest: timedelta | None = None
    """Distance of the nearest sample, near enough or not; None where there is none."""


def neighbours(samples: Iterable[Sample], window: Window, limit: timedelta) -> Neighbours:
    """Return the last sample that ended before the backup and the first that began after it.

    A sample taken while the backup was is neither: which of the two saw a row first is unknown.
    """
    kept = list(samples)
    before = max((each for each in kept if each.ended <= window.began), key=_ended, default=None)
    ended = window.ended + ENGINE_CLOCK if window.ended else datetime.max.replace(tzinfo=UTC)
    after = min((each for each in kept if each.at >= ended), key=_began, default=None)
    distances = {id(each): distance(each, window) for each in (before, after) if each is not None}
    return Neighbours(
        before=before if before and distances[id(before)] <= limit else None,
        after=after if after and distances[id(after)] <= limit else None,
        nearest=min(distances.values(), default=None),
    )


def distance(sample: Sample, window: Window) -> timedelta:
    """Return how long before the backup's start, or after its end, the sample was taken."""
    if sample.ended <= window.began:
        return window.began - sample.ended
    return sample.at - (window.ended or sample.at)


def question_digest(spec: ProbeSpec, namespace: str) -> str:
    """Return the digest of what is asked, of whom, in which source namespace.

    What is expected, how long to wait and the password are no part of it.
    """
    asked = _without_login(spec.question)
    asked["namespace"] = namespace
    asked.pop("id", None)
    text = json.dumps([spec.kind, asked], sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _without_login(question: Mapping[str, object]) -> dict[str, object]:
    return {
        word: _without_login(value) if isinstance(value, Mapping) else value
        for word, value in question.items()
        if word != "password"
    }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else str(value)


def _ended(sample: Sample) -> datetime:
    return sample.ended


def _began(sample: Sample) -> datetime:
    return sample.at
