"""How fast `verify` reads stored backups, beside the tools at hand: python benchmarks/verify.py.

In: sizes. Out: one big backup checked by turns with `gzip -dc | sha256sum` and with the unpacker
alone; then several backups, one at a time and two at a time. Whole processes, start included, in
one go: medians of wall and processor seconds, ratios, and the largest memory of the check.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import synthetic_backup

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
GIB = 1 << 30
BIG = "bench-20261121000000"
SEVERAL = 4
Times = dict[str, list[tuple[float, float]]]
"""Wall and processor seconds of each run."""


def main() -> None:
    """Build the backups, then measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gigabytes", type=float, default=1.0, help="unpacked size")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--random", type=float, default=0.3, help="share of bytes that pack badly")
    options.add_argument("--folder", type=Path, help="keep and reuse the backups here")
    options.add_argument("--unpack", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--check", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--workers", default="1", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.unpack:
        unpack(given.unpack)
    elif given.check:
        check(given.check, given.workers)
    else:
        with tempfile.TemporaryDirectory() as passing:
            measure(given.folder or Path(passing), given)


def measure(folder: Path, given: argparse.Namespace) -> None:
    """Print medians over alternating rounds."""
    one, several = folder / "one", folder / "several"
    size = int(given.gigabytes * GIB)
    made(one, BIG, size, given.random)
    for number in range(SEVERAL):
        made(several, f"bench-{number}", size // SEVERAL, given.random)
    archive = one / "backups" / BIG / f"{BIG}.tar.gz"
    unpacked = int(child("--unpack", archive))
    packed = archive.stat().st_size
    print(f"one backup: archive {packed / 1e6:.0f} MB, unpacked {unpacked / 1e6:.0f} MB")
    times: Times = {}
    memory = 0
    for _ in range(given.rounds):
        timed(times, "gzip -dc | sha256sum", lambda: pipeline(archive))
        memory = max(memory, int(timed(times, "verify", lambda: child("--check", one))))
        timed(times, "the unpacker alone", lambda: child("--unpack", archive))
    told(times, unpacked)
    print(f"memory of verify       {memory / 1024:7.1f} MiB at most")
    print(f"{SEVERAL} backups of a quarter of that each:")
    times = {}
    for _ in range(given.rounds):
        timed(times, "verify, one at a time", lambda: child("--check", several))
        timed(times, "verify, two at a time", lambda: child("--check", several, "--workers", "2"))
    told(times, unpacked)


def made(folder: Path, name: str, size: int, share: float) -> None:
    """Build a backup unless it is there."""
    if not (folder / "backups" / name / "velero-backup.json").exists():
        synthetic_backup.build(folder, name, size, share)


def timed(times: Times, name: str, act: Callable[[], str]) -> str:
    """Run `act`, note what it took, and return what it returns."""
    begun, before = time.perf_counter(), processor_seconds()
    found = act()
    spent = (time.perf_counter() - begun, processor_seconds() - before)
    times.setdefault(name, []).append(spent)
    return found


def processor_seconds() -> float:
    """Return what the processes that ended so far have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def told(times: Times, unpacked: int) -> None:
    """Print a line for each; the ratio is to the first."""
    medians = {
        name: [statistics.median(o) for o in zip(*t, strict=True)] for name, t in times.items()
    }
    first = next(iter(medians.values()))[0]
    for name, (wall, processor) in medians.items():
        rate = f"{unpacked / wall / 1e6:6.0f} MB/s"
        print(f"{name:22} {wall:7.2f} s {processor:7.2f} cpu-s {rate}  x{first / wall:.2f}")


def pipeline(archive: Path) -> str:
    """Run what people run by hand."""
    unzip = subprocess.Popen(["gzip", "-dc", str(archive)], stdout=subprocess.PIPE)  # noqa: S607
    subprocess.run(["sha256sum"], stdin=unzip.stdout, check=True, stdout=subprocess.DEVNULL)  # noqa: S607
    if unzip.wait():
        raise SystemExit("gzip failed")
    return ""


def child(*arguments: object) -> str:
    """Run this script as a process of its own; return the last line that it prints."""
    command = [sys.executable, __file__, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]


def unpack(archive: Path) -> None:
    """Unpack by what `verify` unpacks with; print the size."""
    from drills.integrity.inflate import inflate  # noqa: PLC0415 - after sys.path

    with archive.open("rb") as body:
        print(sum(map(len, inflate(iter(lambda: body.read(1 << 20), b"")))))


def check(folder: Path, workers: str) -> None:
    """Run the command; print the most memory it had, in KiB: getrusage would count the parent's."""
    from runner.cli import main as run  # noqa: PLC0415 - after sys.path

    code = run(["verify", "--bucket", str(folder), "--no-state", "--workers", workers])
    if code:
        raise SystemExit(code)
    lines = Path("/proc/self/status").read_text().splitlines()
    print(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")))


if __name__ == "__main__":
    main()
