"""Enforces NetworkPolicies on the real node, until it is ended.

Runs inside the node's network namespace: `python tests/lab/node/enforcer.py KUBECONFIG FOLDER`.
It watches policies, namespaces and pods, reads who has which address from what the network plugin
wrote, and swaps the firewall's table whenever one of them changes.
"""

import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.lab.node.firewall import OPEN, table
from tests.lab.node.policies import Pod, fences, pod_of
from tests.lab.node.switch import addresses, read, write
from tests.lab.parts import LabError
from tests.lab.watching import Watched

_TICK_SECONDS = 0.05
_LONGEST_SECONDS = 2.0
_SECONDS = 20.0


class Enforcer:
    """Keeps the firewall as the cluster and the switch say."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self._folder = folder
        self._changed = threading.Event()
        self._policies, self._namespaces, self._pods = (
            Watched(kubeconfig, api_version, kind, self._changed.set)
            for api_version, kind in (
                ("networking.k8s.io/v1", "NetworkPolicy"), ("v1", "Namespace"), ("v1", "Pod"),
            )
        )  # fmt: skip
        self._applied = ""
        self._looked_at: tuple[int, ...] = ()

    def start(self) -> None:
        """Begins to watch, and waits until everything was seen once."""
        for watched in (self._policies, self._namespaces, self._pods):
            watched.start()

    def step(self) -> None:
        """Applies what is to be applied now.

        Raises:
            LabError: The firewall does not take it.
        """
        self._looked_at = self._seen()
        pods = self._addressed()
        wanted = read(self._folder / "switch")
        rules = OPEN
        if wanted == "on":
            spaces = {
                name: found["metadata"].get("labels") or {}
                for (_, name), found in self._namespaces.objects().items()
            }
            rules = table(fences(pods, self._policies.objects().values(), spaces))
        if rules != self._applied:
            _apply(rules)
            self._applied = rules
        known = " ".join(sorted(pod.address for pod in pods))
        for name, text in (("known", known), ("state", wanted)):
            if read(self._folder / name) != text:
                write(self._folder / name, text)

    def wait(self) -> None:
        """Returns when something has changed: at once by a watch, soon by an address or the switch.

        Returns after a while in any case: two changes may bear the same time.
        """
        end = time.monotonic() + _LONGEST_SECONDS
        while not self._changed.wait(_TICK_SECONDS):
            if self._seen() != self._looked_at or time.monotonic() > end:
                break
        self._changed.clear()

    def _seen(self) -> tuple[int, ...]:
        """When the files that others write were last changed."""
        files = (self._folder / "pods", self._folder / "switch")
        return tuple(file.stat().st_mtime_ns for file in files if file.exists())

    def _addressed(self) -> tuple[Pod, ...]:
        objects = self._pods.objects()
        return tuple(
            pod_of(objects[owner], address)
            for address, owner in sorted(addresses(self._folder).items())
            if owner in objects
        )


def _apply(rules: str) -> None:
    done = subprocess.run(
        ["iptables-restore", "--wait", "5"],  # noqa: S607 - the one on the path
        input=rules, capture_output=True, text=True, timeout=_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise LabError(f"iptables-restore: {done.stderr.strip()}\n{rules}")


def main(kubeconfig: str, folder: str) -> None:
    """Enforces; what goes wrong is said, and tried again."""
    enforcer = Enforcer(Path(kubeconfig), Path(folder))
    enforcer.start()
    while True:
        try:
            enforcer.step()
        except Exception:  # noqa: BLE001 - closed is what stays: nothing new becomes known
            traceback.print_exc()
            time.sleep(1)
        enforcer.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
