"""A hundred drills at once against the embedded cluster, in one process.

Each drill has a sandbox of its own; Velero restores one at a time, as the real one does. Prints
wall time, verdicts and the peak of this process's memory, after ten drills and after all: bounded
memory shows as a small difference.
"""

import argparse
import json
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path

from clone import ROOT

from runner.cli import main
from scenarios import load_scenario


def scenario_files(folder: Path, count: int) -> list[Path]:
    """Write `count` copies of the quickstart, each with its own name and sandbox."""
    text = (ROOT / "scenarios" / "quickstart.yaml").read_text()
    files = []
    for number in range(count):
        path = folder / f"drill-{number}.yaml"
        path.write_text(
            text.replace("name: quickstart", f"name: quickstart-{number}").replace(
                "backup-test", f"backup-test-{number}"
            )
        )
        load_scenario(path, {})
        files.append(path)
    return files


def peak_mib() -> float:
    """Return the peak resident memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(files: list[Path], folder: Path) -> tuple[float, Counter[str]]:
    """Drill all files at once; return wall seconds and the verdicts."""
    began = time.perf_counter()
    main(
        [
            "run",
            *map(str, files),
            "--parallel",
            str(len(files)),
            "--report-dir",
            str(folder),
            "--log-format",
            "json",
        ]
    )
    seconds = time.perf_counter() - began
    verdicts = [json.loads(p.read_text())["verdict"] for p in folder.glob("*/report.json")]
    return seconds, Counter(verdicts)


def bench(count: int) -> None:
    """Run ten drills, then `count`, and print what they took."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = scenario_files(folder, count)
        for number in (min(10, count), count):
            seconds, verdicts = run(files[:number], folder / f"reports-{number}")
            print(
                f"{number} drills at once: {seconds:.1f} s wall, {dict(verdicts)}, "
                f"peak {peak_mib():.0f} MiB"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    bench(parser.parse_args().count)
