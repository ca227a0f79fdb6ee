"""The node's own network and mount namespaces, and the one link between them and this machine.

Nothing of the node's network is this machine's: its interfaces, its firewall rules and its
addresses end with the last process in the namespaces. Only one end of a link is outside, so that
tests reach the API server; it goes with its other end. Pods can reach nobody outside the node.
"""

import fcntl
import hashlib
import ipaddress
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from tests.lab.node.before import KUBELET, NETWORK_CACHE
from tests.lab.node.machine import call
from tests.lab.parts import LabError
from tests.lab.processes import Process, Run, wait_until

LINK = "lab-node"
KEEPER = "namespaces"
PODS = "10.244.0.0/16"
SERVICES = "10.96.0.0/16"
VOLUMES = Path("/run/volumes")
"""Where the node's own processes find the folders of claims."""
LOCK = Path("/run/lock/restore-drill-lab-node.lock")
"""Held by the process that keeps the namespaces: one real node on a machine."""
# For measuring between networks, so on nobody's route; then two private ones.
_CANDIDATES = ("198.18.77.0/30", "10.213.77.0/30", "172.29.77.0/30")
_SECONDS = 20.0


class NodeTaken(LabError):
    """Somebody else's real node runs on this machine."""

    def __init__(self) -> None:
        super().__init__(
            f"another real node runs on this machine ({LOCK} is held); take it down first"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The two addresses of the link."""

    outside: str
    node: str


def open_namespaces(run: Run) -> Process:
    """Starts the process that keeps the namespaces.

    Raises:
        NodeTaken: Another real node runs on this machine.
    """
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    keeper = run.start(
        KEEPER,
        [
            "flock", "--nonblock", "--no-fork", str(LOCK),
            # Slave: what the machine mounts later is seen, what we mount is not.
            "unshare", "--net", "--mount", "--propagation", "slave",
            "sleep", "infinity",
        ],
    )  # fmt: skip
    own = {namespace(os.getpid(), kind) for kind in ("net", "mnt")}

    def apart() -> bool:
        return not own & {namespace(keeper.pid, kind) for kind in ("net", "mnt")} - {""}

    try:
        wait_until("namespaces", apart, seconds=_SECONDS, process=keeper)
    except LabError as error:
        if keeper.alive:
            raise
        raise NodeTaken from error
    return keeper


def taken(run: Run) -> bool:
    """Whether somebody else's real node runs on this machine."""
    if any(process.alive and process.name == KEEPER for process in run.started()):
        return False
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def namespace(pid: int, kind: str) -> str:
    """Which namespace a process is in, such as `net:[4026531840]`; empty if it is gone."""
    try:
        return str(Path(f"/proc/{pid}/ns/{kind}").readlink())
    except OSError:
        return ""


def way_in(keeper: Process) -> tuple[str, ...]:
    """What to put before a command so that it runs inside."""
    return ("nsenter", f"--target={keeper.pid}", "--net", "--mount", "--")


def connect(keeper: Process) -> Ends:
    """Joins the namespaces to this machine, by a link with two addresses.

    Raises:
        LabError: No network is free for it.
    """
    ends = _free_ends()
    inside = way_in(keeper)
    call(
        "ip", "link", "add", LINK, "type", "veth", "peer", "name", "eth0", "netns", str(keeper.pid)
    )
    call("ip", "address", "add", f"{ends.outside}/30", "dev", LINK)
    call("ip", "link", "set", LINK, "up")
    call(*inside, "ip", "address", "add", f"{ends.node}/30", "dev", "eth0")
    for name in ("lo", "eth0"):
        call(*inside, "ip", "link", "set", name, "up")
    # Without any way to them the API server cannot call webhooks, whose Services kube-proxy turns
    # into pods; what it turns into nothing ends at the link.
    call(*inside, "ip", "route", "add", SERVICES, "dev", "eth0")
    # Pods and policies know the one address family only.
    for setting in ("ipv4/ip_forward", "ipv6/conf/all/disable_ipv6"):
        if Path(f"/proc/sys/net/{setting}").exists():
            call(*inside, "sh", "-c", f"echo 1 > /proc/sys/net/{setting}")
    return ends


def mark(run: Run) -> str:
    """What the file systems that only this lab's processes see are called."""
    return f"lab-node-{hashlib.sha256(str(run.folder).encode()).hexdigest()[:16]}"


def mount_own(run: Run, keeper: Process) -> None:
    """Gives the node its own `/run`, `/var/log` and plugin cache, and a shared folder for volumes.

    Claims' volumes are seen at `VOLUMES` too: what a backup says of them names no place on this
    machine.

    Args:
        run: The lab's folder; what is mounted in its `kubelet` folder, other pods see.
        keeper: The process that keeps the namespaces.
    """
    kubelet = run.folder / "kubelet"
    inside = way_in(keeper)
    for folder in ("/run", "/var/log", str(NETWORK_CACHE)):
        call(*inside, "mount", "-t", "tmpfs", mark(run), folder)
    call(*inside, "mkdir", "/run/lock", str(VOLUMES))
    volumes = run.folder / "volumes"
    volumes.mkdir()
    call(*inside, "mount", "--bind", str(volumes), str(VOLUMES))
    kubelet.mkdir()
    call(*inside, "mount", "--bind", str(kubelet), str(KUBELET))
    call(*inside, "mount", "--make-rshared", str(KUBELET))


def link_exists() -> bool:
    """Whether this machine's end of the link is there."""
    return LINK in {name for _, name in socket.if_nameindex()}


def _free_ends() -> Ends:
    words = call("ip", "-4", "route", "show", "table", "all").stdout.split()
    taken = [network for network in map(_network, words) if network is not None]
    for candidate in map(ipaddress.ip_network, _CANDIDATES):
        if not any(candidate.overlaps(network) for network in taken):
            outside, node = map(str, candidate.hosts())
            return Ends(outside=outside, node=node)
    raise LabError(f"the networks {', '.join(_CANDIDATES)} are all in use on this machine")


def _network(word: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(word)
    except ValueError:
        return None
