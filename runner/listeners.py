"""Who hears what a drill is doing: the terminal, or the log."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self

import structlog
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from drills.ports import Listener
from reports.pages import prepare

STAGES = ("select", "verify", "isolate", "restore", "settle", "probe", "clean up")
SIGNS = {
    "started": ("…", "cyan"),
    "progress": ("…", "cyan"),
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "inconclusive": ("?", "yellow"),
    "skipped": ("-", "dim"),
}


class LogListener:
    """Writes one structured line for each stage and action."""

    def __init__(self, drill_id: str) -> None:
        self._log = structlog.get_logger().bind(drill=drill_id)

    def stage(self, name: str, state: str, message: str = "") -> None:
        """Log a stage; progress goes to debug."""
        if state == "progress":
            self._log.debug("stage progress", stage=name, detail=message)
        else:
            self._log.info(f"stage {state}", stage=name, detail=message)

    def action(self, action: str, resource: str, status: str, details: Mapping[str, str]) -> None:
        """Log something done to the outside."""
        self._log.info("action", action=action, resource=resource, status=status, **_safe(details))


class PreparingListener:
    """Has the report's templates compiled while cleanup waits for the sandbox to go."""

    def __init__(self, inner: Listener) -> None:
        self._inner = inner

    def stage(self, name: str, state: str, message: str = "") -> None:
        """Pass it on; where cleanup begins, there is time."""
        self._inner.stage(name, state, message)
        if (name, state) == ("clean up", "started"):
            threading.Thread(target=prepare, name="report templates", daemon=True).start()

    def action(self, action: str, resource: str, status: str, details: Mapping[str, str]) -> None:
        """Pass it on."""
        self._inner.action(action, resource, status, details)


class Board:
    """One live table for all drills on a terminal; threads report into it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[str, dict[str, tuple[str, str]]] = {}
        self._began: dict[str, float] = {}
        self._lock = threading.Lock()
        self.notice = ""
        """Shown below the drills; setting it is safe in a signal handler."""
        self._live = self._new_live()

    def _new_live(self) -> Live:
        """Return a Live that has drawn nothing yet: a used one would move up over what stands."""
        return Live(
            get_renderable=self._table,
            console=self._console,
            refresh_per_second=8,
            transient=True,
        )

    def __enter__(self) -> Self:
        """Start drawing."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing and leave the terminal clean."""
        self._live.stop()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the table off the terminal while something is printed.

        Drawn over, the table would erase as many printed lines as it is high.
        """
        self._live.stop()
        try:
            yield
        finally:
            self._live = self._new_live()
            self._live.start()

    def report(self, drill_id: str, stage: str, state: str, message: str) -> None:
        """Take note of a stage's state."""
        with self._lock:
            self._began.setdefault(drill_id, time.monotonic())
            self._rows.setdefault(drill_id, {})[stage] = (state, message)

    def done(self, drill_id: str) -> None:
        """Take a drill off the board."""
        with self._lock:
            self._rows.pop(drill_id, None)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        with self._lock:
            for drill_id, stages in self._rows.items():
                seconds = time.monotonic() - self._began[drill_id]
                table.add_row(Text(f"{drill_id}  {seconds:.0f}s", style="bold"))
                for name in STAGES:
                    state, message = stages.get(name, ("skipped", ""))
                    sign, style = SIGNS.get(state, ("·", ""))
                    line = Text(f"  {sign} {name:<9}", style=style)
                    line.append(f" {message}", style="dim")
                    line.truncate(self._console.width, overflow="ellipsis")
                    table.add_row(line)
        if self.notice:
            table.add_row(Text(self.notice, style="yellow"))
        return table


class BoardListener:
    """Reports one drill's stages to the board."""

    def __init__(self, board: Board, drill_id: str) -> None:
        self._board, self._drill_id = board, drill_id

    def stage(self, name: str, state: str, message: str = "") -> None:
        """Show a stage."""
        self._board.report(self._drill_id, name, state, message)

    def action(self, action: str, resource: str, status: str, details: Mapping[str, str]) -> None:
        """Show only what went wrong; the report has the rest."""
        del details
        if status not in {"success", "accepted", "gone"}:
            self._board.report(
                self._drill_id, "clean up", "progress", f"{action} {resource}: {status}"
            )


def _safe(details: Mapping[str, str]) -> dict[str, str]:
    return {f"detail_{key}": value for key, value in details.items()}
