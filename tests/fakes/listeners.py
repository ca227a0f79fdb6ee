"""A journal and a listener that remember, for tests."""

from collections.abc import Mapping

from drills.ports import CommandResult, Marked


class MemoryJournal:
    """Keeps `drills.ports.Journal`; `lines` is what was written, in order."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Marked]] = []
        self.closed = False

    def intend(self, thing: Marked) -> None:
        """Remember an intention."""
        self.lines.append(("intend", thing))

    def made(self, thing: Marked) -> None:
        """Remember a creation."""
        self.lines.append(("made", thing))

    def gone(self, thing: Marked) -> None:
        """Remember a removal."""
        self.lines.append(("gone", thing))

    def close(self) -> None:
        """Remember the end."""
        self.closed = True


class MemoryListener:
    """Keeps `drills.ports.Listener`."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, str, str]] = []
        self.actions: list[tuple[str, str, str, Mapping[str, str]]] = []

    def stage(self, name: str, state: str, message: str = "") -> None:
        """Remember a stage."""
        self.stages.append((name, state, message))

    def action(self, action: str, resource: str, status: str, details: Mapping[str, str]) -> None:
        """Remember an action."""
        self.actions.append((action, resource, status, details))


class NoShell:
    """Keeps `drills.ports.Shell` and refuses to run anything."""

    def run(self, command: object, *, env: Mapping[str, str], timeout: float) -> CommandResult:
        """Fail: the code under test must not run commands."""
        raise AssertionError(f"nobody may run {command}")
