"""The control groups of the node's pods: one group of our own below each controller.

In comes the machine's control group file system, version 1 or 2; out come the group `lab-node`
in each hierarchy, the processes in it, and in the end nothing.
"""

from collections.abc import Iterator
from pathlib import Path

NAME = "lab-node"
_TOP = Path("/sys/fs/cgroup")
_CPU_SETS = ("cpuset.cpus", "cpuset.mems")
_CONTROLLERS = ("cpu", "memory", "pids")


def why_not() -> str:
    """Why pods cannot have control groups here; empty where they can."""
    if not _TOP.is_dir():
        return f"no control groups: {_TOP} is missing"
    if _unified():
        known = (_TOP / "cgroup.controllers").read_text(encoding="utf-8").split()
    else:
        known = [path.name for path in _TOP.iterdir()]
    missing = [name for name in _CONTROLLERS if name not in known]
    if missing:
        return f"control groups without {', '.join(missing)}"
    probe = _hierarchies()[0] / f"{NAME}-probe"
    try:
        probe.mkdir(exist_ok=True)
        probe.rmdir()
    except OSError as error:
        return f"control groups cannot be made: {error}"
    return ""


def make() -> None:
    """Makes the group in every hierarchy."""
    if _unified():
        known = (_TOP / "cgroup.controllers").read_text(encoding="utf-8").split()
        for name in known:
            _hand_down(_TOP, name)
    for top in _hierarchies():
        group = top / NAME
        group.mkdir(exist_ok=True)
        for name in _CPU_SETS:  # empty in a new group of version 1, and nothing starts in it then
            if (top / name).exists() and not (group / name).read_text(encoding="utf-8").strip():
                (group / name).write_text((top / name).read_text(encoding="utf-8"))


def members() -> set[int]:
    """Every process that a pod of ours runs."""
    found: set[int] = set()
    for group in _groups():
        try:
            found.update(map(int, (group / "cgroup.procs").read_text(encoding="utf-8").split()))
        except OSError:
            continue  # gone meanwhile, or of a kind that cannot be asked
    return found


def remove() -> None:
    """Removes the groups that are empty, innermost first."""
    for group in sorted(_groups(), key=lambda path: len(path.parts), reverse=True):
        try:
            group.rmdir()
        except OSError:
            continue  # `left` will tell


def left() -> tuple[str, ...]:
    """Groups of ours that are still there."""
    return tuple(sorted(str(top / NAME) for top in _hierarchies() if (top / NAME).exists()))


def _unified() -> bool:
    return (_TOP / "cgroup.controllers").exists()


def _hierarchies() -> tuple[Path, ...]:
    if _unified():
        return (_TOP,)
    # Several names may be one hierarchy: `cpu` is then a link to `cpu,cpuacct`.
    return tuple(
        sorted({path.resolve() for path in _TOP.iterdir() if (path / "cgroup.procs").exists()})
    )


def _groups() -> Iterator[Path]:
    for top in _hierarchies():
        if (top / NAME).exists():
            yield from (path for path in (top / NAME, *(top / NAME).rglob("*")) if path.is_dir())


def _hand_down(group: Path, controller: str) -> None:
    try:
        (group / "cgroup.subtree_control").write_text(f"+{controller}", encoding="utf-8")
    except OSError:
        return  # the kubelet names what it misses
