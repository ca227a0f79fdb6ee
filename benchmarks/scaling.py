"""Whether cost grows with the objects or with their square: python benchmarks/scaling.py.

In: kinds, two numbers of objects. Out: for each kind a line for `verify --bucket` and one for a
drill on the embedded cluster: what an object costs with few and with many, and the ratio. Whole
processes; the ratio is of processor seconds, which a busy machine does not change, and the wall
time stands beside it. Ends with exit code 1 where a ratio is over the limit or a run went wrong.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import one_kind
from clone import ROOT

LIMIT = 2.0
PATIENCE = 3600.0
PASSED_OR_WARNED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run took, in seconds for each object."""

    wall: float
    processor: float


def main() -> int:
    """Measure every kind; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kinds", nargs="+", default=list(one_kind.KINDS), metavar="KIND")
    options.add_argument("--few", type=int, default=500)
    options.add_argument("--many", type=int, default=5000)
    options.add_argument("--limit", type=float, default=LIMIT, help="the largest ratio allowed")
    options.add_argument("--only", choices=list(RUNS), help="measure this alone")
    given = options.parse_args()
    print(f"{'':28}{given.few:>9} {given.many:>9}  ms an object (processor), ratio, wall seconds")
    over = 0
    for kind in given.kinds:
        for name in [given.only] if given.only else RUNS:
            if (kind, name) in NOT_SERVED:
                continue
            costs = [measured(kind, count, RUNS[name]) for count in (given.few, given.many)]
            over += told(f"{kind}, {name}", costs, given.many, given.limit)
    print(f"{over} over {given.limit}" if over else f"none over {given.limit}")
    return 1 if over else 0


def told(what: str, costs: list[Cost | None], many: int, limit: float) -> bool:
    """Print a line; return whether the cost grew too much."""
    few_cost, many_cost = costs
    if few_cost is None or many_cost is None:
        print(f"{what:28} went wrong", flush=True)
        return True
    ratio = many_cost.processor / few_cost.processor
    figures = f"{few_cost.processor * 1000:9.2f} {many_cost.processor * 1000:9.2f}  x{ratio:.2f}"
    print(f"{what:28}{figures}  {many_cost.wall * many:.1f} s", flush=True)
    return ratio > limit


def measured(kind: str, count: int, command: Callable[[Path], list[str]]) -> Cost | None:
    """Return what a run over `count` objects cost, None where it did not end well."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        one_kind.build(folder, kind, count)
        began, before = time.perf_counter(), processor_seconds()
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "runner", *command(folder)],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        wall, processor = time.perf_counter() - began, processor_seconds() - before
        if ended.returncode != PASSED_OR_WARNED:
            print((ended.stdout + ended.stderr)[-2000:], file=sys.stderr)
            return None
        return Cost(wall=wall / count, processor=processor / count)


def processor_seconds() -> float:
    """Return what the processes that ended so far have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def verify(folder: Path) -> list[str]:
    """Return the command that reads the stored backup."""
    return ["verify", "--bucket", str(folder / "bucket"), "--no-state"]


def drill(folder: Path) -> list[str]:
    """Return the command that restores it on the embedded cluster."""
    reports = ["--report-dir", str(folder / "reports"), "--log-format", "json"]
    store = ["--embedded", "--store", str(folder / "bucket")]
    return ["run", *store, *reports, str(folder / "scenario.yaml")]


RUNS = {"verify": verify, "drill": drill}
NOT_SERVED = {("custom", "drill")}
"""A drill brings no definitions, so the embedded cluster does not serve what they define."""


if __name__ == "__main__":
    raise SystemExit(main())
