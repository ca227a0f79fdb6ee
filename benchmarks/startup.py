"""How long a command line takes to answer: `--help`, and `validate` on ten scenarios.

Whole processes, the median of several runs; `python -c pass` stands beside them, because the
interpreter's own start is in every figure.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = sorted(str(path) for path in (ROOT / "scenarios").glob("*.yaml"))[:10]
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "python -m runner --help": ["-m", "runner", "--help"],
    f"validate {len(SCENARIOS)} scenarios": ["-m", "runner", "validate", *SCENARIOS],
}


def seconds(arguments: list[str]) -> float:
    """Return the wall time of one run of the interpreter."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def bench(runs: int) -> None:
    """Time each command `runs` times, in turn, after one warm-up."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(runs + 1):
        for name, arguments in COMMANDS.items():
            spent = seconds(arguments)
            if number:
                taken[name].append(spent)
    for name, values in taken.items():
        print(
            f"{name}: median {statistics.median(values) * 1000:.0f} ms "
            f"(min {min(values) * 1000:.0f}, max {max(values) * 1000:.0f})"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    bench(parser.parse_args().runs)
