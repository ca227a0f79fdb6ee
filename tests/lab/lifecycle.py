"""The lab as a whole: is it built, does it run, bring it up, take it down.

Up and down hold a lock, so that two callers at once do not start two labs in one folder.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from tests.lab import parts, processes
from tests.lab.backups import apply_production, back_up, start_velero, storage_available
from tests.lab.cluster import Cluster
from tests.lab.control_plane import (
    api_ready,
    choose_places,
    start_control_plane,
)
from tests.lab.fake_node import start_fake_node
from tests.lab.processes import FAKE_NODE

PROGRAMS = 8
_PATIENCE_SECONDS = 20.0


class State(StrEnum):
    """What can be said about the lab."""

    RUNNING = "running"
    DOWN = "down"
    BROKEN = "broken"
    NOT_BUILT = "not built"


def why_not() -> str:
    """Why it cannot come up, and what to do about it; empty where it can."""
    names = ", ".join(parts.missing_parts())
    return f"not built: {names}; run python tests/lab/lab.py build" if names else ""


def state() -> State:
    """Looks at the parts, the processes and the API server; changes nothing."""
    if why_not():
        return State.NOT_BUILT
    running = [process for process in FAKE_NODE.started() if process.alive]
    if not running:
        return State.DOWN
    whole = len(running) == PROGRAMS and FAKE_NODE.complete.exists()
    return State.RUNNING if whole and comes_true(lambda: api_ready(FAKE_NODE)) else State.BROKEN


def comes_true(question: Callable[[], bool]) -> bool:
    """Whether the answer is yes before long; on a busy machine one slow answer is no proof."""
    try:
        processes.wait_until("answer", question, seconds=_PATIENCE_SECONDS)
    except parts.LabError:
        return False
    return True


def build() -> tuple[str, ...]:
    """Builds the parts that are missing and returns their names.

    Raises:
        LabError: A build failed.
    """
    missing = parts.missing_parts()
    for part in parts.PARTS:
        if part.name in missing:
            parts.build_part(part)
    return missing


def up() -> State:
    """Brings the lab up unless it runs; what an earlier attempt left is taken down first.

    Returns:
        The state before, so that a caller knows whether the lab is theirs to take down.

    Raises:
        LabError: The parts are not built, or something did not start.
    """
    with lock("lab"):
        before = state()
        if reason := why_not():
            raise parts.LabError(reason)
        if before is State.RUNNING and _velero_works():
            return before
        _take_down()
        try:
            _bring_up()
        except BaseException:
            _stop_all()  # the logs stay, for whoever reads the error
            raise
        return before if before is not State.RUNNING else State.BROKEN


def down() -> None:
    """Stops every program in reverse order and removes `run/`; nothing to do is fine."""
    with lock("lab"):
        _take_down()


def _bring_up() -> None:
    FAKE_NODE.folder.mkdir(parents=True)
    places = choose_places(FAKE_NODE)
    keys = start_control_plane(FAKE_NODE, places)
    cluster = Cluster(FAKE_NODE.kubeconfig)
    try:
        start_fake_node(FAKE_NODE, places, keys.server, cluster)
        start_velero(FAKE_NODE, places, cluster)
        apply_production(places, cluster)
        name = back_up(FAKE_NODE, cluster)
    finally:
        cluster.close()
    FAKE_NODE.complete.write_text(f"{name}\n", encoding="utf-8")


def _take_down() -> None:
    _stop_all()
    if FAKE_NODE.folder.exists():
        shutil.rmtree(FAKE_NODE.folder)


def _stop_all() -> None:
    for process in reversed(FAKE_NODE.started()):
        processes.stop(process)


def _velero_works() -> bool:
    cluster = Cluster(FAKE_NODE.kubeconfig)
    try:
        return comes_true(lambda: storage_available(cluster))
    finally:
        cluster.close()


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Waits until nobody else brings a lab of this kind up or down."""
    parts.BUILD.mkdir(exist_ok=True)
    with (parts.BUILD / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
