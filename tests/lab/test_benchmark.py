"""The side-by-side benchmark runs, and counts requests of both sides. Times are not judged."""

import os
import re
import subprocess
import sys

import pytest

from tests.lab.conftest import Lab
from tests.lab.drilling import ROOT

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]


def test_both_sides_are_measured(lab: Lab) -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/lab.py", "--runs", "1"],
        cwd=ROOT,
        env={**os.environ, "LAB_KUBECONFIG": str(lab.kubeconfig)},
        capture_output=True,
        text=True,
        timeout=560,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    bare, drilled = done.stdout.split("drill, all checks on")
    for side in (bare, drilled):
        for word in ("wall", "restore", "namespace going", "overhead", "requests"):
            assert re.search(rf"^  {word} +least +[0-9.]+", side, re.MULTILINE), side
