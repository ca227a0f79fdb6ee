"""Exit codes: what a script or a CronJob learns without reading a report.

Imports nothing of the other floors, so that `--help` stays quick.
"""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """0 passed or warned, 1 failed, 2 nothing was touched, 3 inconclusive, 4 left something."""

    OK = 0
    FAILED = 1
    MISUSED = 2
    INCONCLUSIVE = 3
    LEFTOVERS = 4


WORST_FIRST = (
    ExitCode.FAILED,
    ExitCode.MISUSED,
    ExitCode.INCONCLUSIVE,
    ExitCode.LEFTOVERS,
    ExitCode.OK,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the exit code that stands for several drills."""
    return min(codes, key=WORST_FIRST.index, default=ExitCode.OK)
