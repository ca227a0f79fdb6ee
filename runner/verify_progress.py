"""How far a check of backups is, on a terminal: share, rate, time left.

In: bytes and backups in all. Out: a context that shows one line, however narrow the terminal, and
gives a function to tell what was read. Colours follow NO_COLOR.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from runner.verify_text import size
from runner.verifying import Shown

SETTLING_SECONDS = 1.0
"""Before, a rate means nothing."""
MINUTE = 60


@contextmanager
def live_progress(total: int, backups: int) -> Iterator[Shown]:
    """Show a bar on stderr until the context is left."""
    noun = "backup" if backups == 1 else "backups"
    columns = (
        TextColumn(f"checking {backups} {noun}", table_column=_line()),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:3.0f}%", table_column=_line()),
        _Rate(_line()),
        _Left(_line()),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, expand=True) as shown:
        task = shown.add_task("", total=total)
        # On a terminal lines must go through the bar, or it stays between them.
        say = _through(console) if sys.stdout.isatty() else click.echo
        yield Shown(advance=lambda read: shown.advance(task, read), say=say)


def _through(console: Console) -> Callable[[str], None]:
    return lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)


def rate_text(rate: float | None, elapsed: float | None) -> str:
    """Return `48.2 MB/s`, nothing while it is not known."""
    known = rate and (elapsed or 0) >= SETTLING_SECONDS
    return f"{size(int(rate or 0))}/s" if known else ""


def left_text(seconds: float | None) -> str:
    """Return `9 s left`, `2 min left`, `1 h 5 min left`, nothing while it is not known."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return f"{seconds:.0f} s left"
    minutes = round(seconds / MINUTE)
    hours, minutes = divmod(minutes, MINUTE)
    return f"{hours} h {minutes} min left" if hours else f"{minutes} min left"


def _line() -> Column:
    return Column(no_wrap=True)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(rate_text(task.speed, task.elapsed))


class _Left(ProgressColumn):
    def render(self, task: Task) -> Text:
        known = rate_text(task.speed, task.elapsed)
        return Text(left_text(task.time_remaining) if known else "")
