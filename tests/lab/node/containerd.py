"""The container runtime and the pods' network, with every path below the lab's own folder."""

import json
import sys
import time
from pathlib import Path

from tests.lab.images import IMAGES
from tests.lab.node.images import PAUSE
from tests.lab.node.machine import PLUGINS, call, plugin_folder
from tests.lab.node.switch import folder_of
from tests.lab.parts import LabError
from tests.lab.processes import Run, wait_until

_SECONDS = 30.0
_IMPORT_SECONDS = 300.0
_FENCE = "lab-fence"
_NODE_PODS = "10.244.0.0/24"


def socket_of(folder: Path) -> Path:
    """Where the runtime listens."""
    return folder / "containerd" / "sock"


def start_containerd(run: Run) -> None:
    """Writes the settings, starts the runtime, waits until it answers.

    Raises:
        LabError: It ended or did not answer in time, or the network plugins are missing.
    """
    folder = run.folder / "containerd"
    folder.mkdir()
    plugins = _plugins(run, folder / "plugins")
    network = folder / "network"
    network.mkdir()
    (network / "10-lab.conflist").write_text(_network(folder), encoding="utf-8")
    settings = folder / "config.toml"
    settings.write_text(_settings(folder, plugins), encoding="utf-8")
    process = run.start("containerd", ["containerd", "--config", str(settings)])
    wait_until(
        "container runtime",
        lambda: _ctr(run, "version", check=False) == 0,
        seconds=_SECONDS,
        process=process,
    )


def _plugins(run: Run, folder: Path) -> Path:
    """A folder with this machine's network plugins and our own."""
    found = plugin_folder()
    if found is None:
        raise LabError("network plugins are missing; run python tests/lab/lab.py build --node real")
    folder.mkdir()
    for plugin in PLUGINS:
        (folder / plugin).symlink_to(found / plugin)
    own = folder / _FENCE
    program = Path(__file__).with_name("plugin.py")
    # Without site packages it starts five times as fast.
    command = f"exec {sys.executable} -S -E {program} {folder_of(run)}"
    own.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    own.chmod(0o755)
    return folder


def import_images(run: Run) -> float:
    """Imports every archive of `build/images`, and returns how many seconds that took.

    Raises:
        LabError: An archive could not be imported.
    """
    begin = time.monotonic()
    for archive in sorted(IMAGES.glob("*.tar")):
        import_image(run, archive)
    return time.monotonic() - begin


def import_image(run: Run, archive: Path) -> None:
    """Imports one archive.

    Raises:
        LabError: It could not be imported.
    """
    _ctr(run, "--namespace=k8s.io", "image", "import", str(archive))


def _ctr(run: Run, *arguments: str, check: bool = True) -> int:
    address = f"--address={socket_of(run.folder)}"
    command = (*run.enter, "ctr", address, *arguments)
    return call(*command, check=check, seconds=_IMPORT_SECONDS).returncode


def _settings(folder: Path, plugins: Path) -> str:
    # oom scores: not every root may lower them. AppArmor profiles would stay in the kernel.
    # The `opt` plugin would make /opt/containerd on this machine.
    return f"""version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.internal.v1.opt"]

[grpc]
address = "{folder}/sock"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{plugins}"
conf_dir = "{folder}/network"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"""


def _network(folder: Path) -> str:
    # Point to point instead of a bridge: every packet between two pods is routed, so Services
    # and policies need no help of the kernel's bridge module.
    pods = {
        "type": "ptp",
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": _NODE_PODS}]],
            "routes": [{"dst": "0.0.0.0/0"}],
            "dataDir": str(folder / "addresses"),
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    fence = {"type": _FENCE}
    return json.dumps({"cniVersion": "0.4.0", "name": "lab", "plugins": [pods, ports, fence]})
