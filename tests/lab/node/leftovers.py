"""Ends everything that belongs to a node, and says what of it is still there.

In comes a run folder, whose name marks our namespaces and whose files tell what the machine was
like; out come no processes, no control groups, no link, no folder, or the words for what is left.
"""

import os
import shutil
import signal
import time
from pathlib import Path

from tests.lab import processes
from tests.lab.node import cgroups, machine, network
from tests.lab.node.before import Before
from tests.lab.processes import Run

_SECONDS = 20.0
_TICK_SECONDS = 0.1


def before_file(run: Run) -> Path:
    """Where it is written what the machine was like."""
    return run.folder / "before.json"


def end_all(run: Run) -> None:
    """Ends all programs and, unless another lab's node runs, all pods.

    Raises:
        LabError: A program cannot be ended.
    """
    # The groups have one name on the whole machine, and may be somebody else's.
    pods = not network.taken(run)
    # Nothing that it wrote is kept, so nothing is asked to end politely; the kubelet first, or
    # it would start anew what is ended.
    started = run.started()
    for process in sorted(started, key=lambda found: found.name != "kubelet"):
        if process.alive:
            _kill(process.pid)
    end = time.monotonic() + _SECONDS
    while (found := members(run, pods=pods)) and time.monotonic() < end:
        for pid in found:
            _kill(pid)
        time.sleep(_TICK_SECONDS)
    for process in started:
        processes.stop(process)


def clear(run: Run, *, keep_logs: bool = False) -> None:
    """Removes what processes leave: groups, changed settings, the folder with its volumes.

    While another lab's node runs, only the folder is ours to remove.
    """
    if not network.taken(run):
        end = time.monotonic() + _SECONDS
        while (cgroups.left() or network.link_exists()) and time.monotonic() < end:
            cgroups.remove()  # a group of a process that was killed is busy for a moment
            time.sleep(_TICK_SECONDS)
        if before_file(run).exists():
            Before.read(before_file(run)).restore()
    if not run.folder.exists():
        return
    for path in run.folder.iterdir():
        if not (keep_logs and path == run.logs):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if not keep_logs:
        run.folder.rmdir()


def members(run: Run, *, pods: bool) -> set[int]:
    """Processes that see our own file systems; with `pods`, those in our pods' groups too."""
    mark = network.mark(run)
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    found = {pid for pid in numbers if mark in _read(pid, "mountinfo")}
    return {pid for pid in found | (cgroups.members() if pods else set()) if not _is_zombie(pid)}


def left(run: Run, before: Before | None) -> tuple[str, ...]:
    """What is there although it should not be, in words; empty after a good `down`."""
    alone = not network.taken(run)
    ours = sorted(members(run, pods=alone))
    found = [f"process {pid} ({_read(pid, 'comm').strip()})" for pid in ours]
    if alone and network.link_exists():
        found.append(f"network interface {network.LINK}")
    if alone:
        found += [f"control group {group}" for group in cgroups.left()]
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
    found += [f"mount {line.split()[1]}" for line in mounts.splitlines() if str(run.folder) in line]
    found += _own_chains()
    if alone and before is not None:
        found += before.changes()
    if run.folder.exists():
        found.append(f"folder {run.folder}")
    return tuple(found)


def _own_chains() -> list[str]:
    """Firewall rules of the node outside its namespaces, where there should never be any."""
    saved = machine.call("iptables-save", check=False)
    lines = saved.stdout.splitlines()
    return [f"firewall chain {line.split()[0]}" for line in lines if line.startswith(":LAB-")]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _read(pid: int, file: str) -> str:
    try:
        return Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # it is gone


def _is_zombie(pid: int) -> bool:
    stat = _read(pid, "stat")
    return not stat or stat.rpartition(")")[2].split()[0] in {"Z", "X"}
