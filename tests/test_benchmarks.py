"""The benchmarks start from any folder and come to their end, as `make bench` runs them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "benchmarks"
MODULES = {"clone", "one_kind", "synthetic_backup"}
"""What benchmarks import; not run by themselves."""
SMALL: dict[str, list[str]] = {
    "startup": ["--runs", "1"],
    "hundred_drills": ["--count", "1"],
    "overhead": ["--runs", "1"],
    "verify": ["--gigabytes", "0.002", "--rounds", "1"],
    "scaling": ["--kinds", "configmaps", "--few", "5", "--many", "20"],
}
"""Each with as little work as it can be given."""


def run(name: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a benchmark from a folder that is not the clone, with nothing on the module path."""
    command = [sys.executable, str(FOLDER / f"{name}.py"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", sorted(SMALL))
def test_it_comes_to_its_end(name: str, tmp_path: Path) -> None:
    done = run(name, *SMALL[name], folder=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip()


def test_every_benchmark_is_run_here_or_needs_the_lab(tmp_path: Path) -> None:
    names = {path.stem for path in FOLDER.glob("*.py")} - MODULES
    assert names == {*SMALL, "lab"}
    assert run("lab", "--help", folder=tmp_path).returncode == 0


def test_make_bench_runs_all_of_them() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert set(re.findall(r"\$\(BIN\)/python benchmarks/(\w+)\.py", makefile)) == set(SMALL)


def test_a_cost_that_grows_too_much_is_told_by_the_exit_code(tmp_path: Path) -> None:
    limits = ["--only", "verify", "--limit", "0"]
    done = run("scaling", *SMALL["scaling"], *limits, folder=tmp_path)
    assert done.returncode == 1
    assert "1 over 0.0" in done.stdout
