"""What a real node needs of this machine: rights, namespaces, programs, packages.

Out come words for what is missing, so that tests and CI can say why there is no node.
"""

import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.lab.node import cgroups
from tests.lab.parts import LAB, LabError

PROGRAMS = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "iptables-restore": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "busybox": "busybox-static",
    "nsenter": "util-linux",
    "flock": "util-linux",
}
"""Each program that the node needs, and the Debian package that brings it."""
_PLUGIN_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
PLUGINS = ("ptp", "host-local", "portmap", "loopback")
_PLUGIN_PACKAGE = "containernetworking-plugins"
_APT_SECONDS = 600.0
_SECONDS = 20.0


def why_not() -> str:
    """Why this machine cannot run a real node; empty where it can.

    Says nothing about programs that can be built or installed: see `missing_packages`.
    """
    if platform.system() != "Linux":
        return f"a real node needs Linux, this is {platform.system()}"
    if os.geteuid() != 0:
        return "a real node needs root: namespaces, mounts, control groups"
    if not Path("/dev/kmsg").exists():
        return "the kubelet needs /dev/kmsg, which this machine does not have"
    if shutil.which("unshare") is None:
        return "unshare is missing (package util-linux)"
    return _impossible() or cgroups.why_not()


def _impossible() -> str:
    """What cannot be done here: tried in namespaces that end with the trial."""
    with tempfile.TemporaryDirectory(prefix=".overlay-", dir=LAB) as folder:
        layers = f"lowerdir={folder}/a,upperdir={folder}/b,workdir={folder}/c"
        for words, script in (
            ("namespaces of one's own", "mount -t tmpfs lab /run"),
            (
                "layered file systems in this folder",
                f"cd {folder}; mkdir a b c d; mount -t overlay lab -o {layers} d",
            ),
            (
                "links between namespaces",
                "! command -v ip || ip link add lab0 type veth peer name lab1",
            ),
            (
                "firewall rules of one's own",
                "! command -v iptables || { iptables -t nat -S && iptables -t security -S; }",
            ),
        ):
            done = call("unshare", "--net", "--mount", "sh", "-ec", script, check=False)
            if done.returncode != 0:
                return f"this machine does not allow {words}: {done.stderr.strip()}"
    return ""


def missing_packages() -> tuple[str, ...]:
    """Debian packages that would bring what is not installed."""
    wanted = {package for program, package in PROGRAMS.items() if shutil.which(program) is None}
    if plugin_folder() is None:
        wanted.add(_PLUGIN_PACKAGE)
    if not any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        wanted.add("postgresql")  # goes into the image of the shop's database
    return tuple(sorted(wanted))


def plugin_folder() -> Path | None:
    """Where the network plugins are; None if some are missing."""
    return next(
        (
            folder for folder in _PLUGIN_FOLDERS
            if all(os.access(folder / plugin, os.X_OK) for plugin in PLUGINS)
        ),
        None,
    )  # fmt: skip


def install_packages() -> tuple[str, ...]:
    """Installs what is missing where this is root on a Debian, and returns the packages.

    Raises:
        LabError: It is not, or the installation failed.
    """
    packages = missing_packages()
    if not packages:
        return ()
    words = " ".join(packages)
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise LabError(f"install these packages (Debian's names): {words}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}

    def apt(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            (str(shutil.which("apt-get")), "-y", "-q", *arguments),
            env=environment, capture_output=True, text=True, timeout=_APT_SECONDS, check=False,
        )  # fmt: skip

    install = ("install", "--no-install-recommends", *packages)
    if apt(*install).returncode != 0:  # its lists may be old
        apt("update")
        done = apt(*install)
        if done.returncode != 0:
            raise LabError(f"apt-get could not install {words}:\n{done.stderr[-1000:]}")
    return packages


def call(
    *command: str, check: bool = True, seconds: float = _SECONDS
) -> "subprocess.CompletedProcess[str]":
    """Runs a short command.

    Raises:
        LabError: It failed; its words are in the message.
    """
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(command)} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done
