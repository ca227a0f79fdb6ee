"""Samples in a file: one JSON object a line, only ever added to.

In: a path. Out: the Samples port. Two writers take turns; a line that a crash tore, or that nobody
can read, is passed over: a drill then finds no record, and says so.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from drills.errors import Misconfigured
from drills.samples import Sample


class SampleFile:
    """Keeps `drills.samples.Samples`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def place(self) -> str:
        """Return the path."""
        return str(self._path)

    def recall(self, scenario: str, question: str) -> tuple[Sample, ...]:
        """Return the samples of one question; raises Misconfigured."""
        try:
            lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        except OSError as error:
            raise self._refusal(error) from error
        marked = question.encode()
        return tuple(
            sample
            for sample in _read(line for line in lines if marked in line)
            if (sample.scenario, sample.question) == (scenario, question)
        )

    def keep(self, sample: Sample) -> None:
        """Add a line and bring it to the disk; raises Misconfigured."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.write(_mend(file.fileno()) + _line(sample))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> Misconfigured:
        return Misconfigured(
            f"the records {self._path} cannot be used: {error.strerror}",
            hint="Name a file that may be written with --records.",
        )


def _mend(descriptor: int) -> bytes:
    """Return what ends a line that a crash tore."""
    size = os.fstat(descriptor).st_size
    return b"\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else b""


def _line(sample: Sample) -> bytes:
    document = {
        "at": sample.at.astimezone(UTC).isoformat(),
        "seconds": sample.seconds,
        "scenario": sample.scenario,
        "scenarioSha256": sample.scenario_sha256,
        "probe": sample.probe,
        "question": sample.question,
        "values": dict(sample.values),
    }
    if sample.simulated:
        document["simulated"] = True
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"


def _read(lines: Iterator[bytes]) -> Iterator[Sample]:
    for line in lines:
        try:
            sample = _sample(json.loads(line))
            if sample.at.tzinfo is not None and sample.ended >= sample.at:
                yield sample
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            continue


def _sample(document: dict[str, object]) -> Sample:
    values = document["values"]
    if not isinstance(values, dict):
        raise TypeError("values")
    return Sample(
        at=datetime.fromisoformat(str(document["at"])),
        seconds=float(str(document["seconds"])),
        scenario=str(document["scenario"]),
        scenario_sha256=str(document["scenarioSha256"]),
        probe=str(document["probe"]),
        question=str(document["question"]),
        values=values,
        simulated=document.get("simulated") is True,
    )
