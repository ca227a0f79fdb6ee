"""What a real terminal shows while backups are checked, seen through a pseudo-terminal."""

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runner.exit_codes import ExitCode
from runner.verify_progress import left_text, rate_text
from tests.fakes.velero import SAMPLE

COLOUR = re.compile(r"\x1b\[[\d;]*m")
MOVES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, bucket: Path, columns: int, **env: str) -> None:
        self.master, slave = pty.openpty()
        command = [sys.executable, "-m", "runner", "verify", "--no-state", "--bucket", str(bucket)]
        known = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "24"}
        self.process = subprocess.Popen(
            command, env={**known, **env}, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.text = ""

    def until(self, pattern: str) -> None:
        """Read until the output matches, or ends."""
        while not re.search(pattern, self.text):
            try:
                piece = os.read(self.master, 1 << 16)
            except OSError:  # Linux: the other end is closed
                piece = b""
            if not piece:
                return
            self.text += piece.decode(errors="replace")

    def end(self) -> int:
        """Read to the end and return the exit code."""
        self.until(r"\Z(?!)")
        os.close(self.master)
        return self.process.wait(120)


def bar_lines(text: str) -> list[str]:
    plain = MOVES.sub("", COLOUR.sub("", text))
    return [line for line in re.split(r"[\r\n]+", plain) if line.startswith("checking")]


@pytest.mark.parametrize("columns", [100, 60])
def test_a_line_that_fits_and_goes_away(columns: int) -> None:
    terminal = Terminal(SAMPLE, columns)
    assert terminal.end() == 0
    lines = bar_lines(terminal.text)
    assert lines
    assert all(line.startswith("checking 2 backups") and len(line) <= columns for line in lines)
    assert all(re.search(r"\d%", line) for line in lines)
    assert "good     bulk-1" in terminal.text
    # Before a line is printed, and at the end, the bar's own line is cleared.
    assert terminal.text.count("\x1b[2K") >= 2


def test_without_colour_where_nobody_wants_it() -> None:
    shown, bare = Terminal(SAMPLE, 80), Terminal(SAMPLE, 80, NO_COLOR="1")
    assert shown.end() == bare.end() == 0
    assert COLOUR.search(shown.text)
    coloured = [code for code in COLOUR.findall(bare.text) if re.search("[34][0-9]", code)]
    assert coloured == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_ends_it_with_words(tmp_path: Path, workers: str) -> None:
    """In the middle of a file that takes hours: a terabyte with a hole for its content."""
    bucket = Path(shutil.copytree(SAMPLE, tmp_path / "bucket"))
    archive = bucket / "backups" / "bulk-1" / "bulk-1.tar.gz"
    archive.chmod(0o644)
    os.truncate(archive, 1 << 40)
    terminal = Terminal(bucket, 80, DRILL_VERIFY_WORKERS=workers)
    terminal.until(r"B/s")
    os.kill(terminal.process.pid, signal.SIGINT)
    assert terminal.end() == ExitCode.INCONCLUSIVE
    assert "SIGINT: stopping" in terminal.text
    last = MOVES.sub("", COLOUR.sub("", terminal.text)).splitlines()[-1]
    assert last.strip() == "stopped"
    assert "Traceback" not in terminal.text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (9.4, "9 s left"),
        (59, "59 s left"),
        (61, "1 min left"),
        (3900, "1 h 5 min left"),
    ],
)
def test_time_left_in_words(seconds: float | None, text: str) -> None:
    assert left_text(seconds) == text


def test_a_rate_is_told_once_it_means_something() -> None:
    assert rate_text(48.2e6, 3.0) == "48.2 MB/s"
    assert rate_text(48.2e6, 0.2) == rate_text(None, 9.0) == rate_text(0.0, 9.0) == ""
