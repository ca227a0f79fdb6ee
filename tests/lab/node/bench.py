"""A small application for the tests of the node lab itself, and the way into its pods.

In comes a cluster with a real node, out come a namespace with a web server on a volume and a
client beside it, and what commands in them answered.
"""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tests.lab import parts
from tests.lab.cluster import Cluster, read_manifest, status_of
from tests.lab.control_plane import MANIFESTS
from tests.lab.node.images import BUSYBOX
from tests.lab.processes import wait_until

SECONDS = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    errors: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A namespace with `web`, which serves `/data` on port 8080, and `client`."""

    cluster: Cluster
    kubeconfig: Path
    namespace: str

    def kubectl(self, *arguments: str) -> Answer:
        """Runs kubectl in this namespace."""
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return Answer(code=done.returncode, out=done.stdout, errors=done.stderr)

    def command(self, *arguments: str) -> list[str]:
        """The command line of kubectl, for whoever runs it."""
        options = [f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}"]
        return [str(parts.KUBECTL.path), *options, *arguments]

    def shell(self, pod: str, script: str) -> Answer:
        """Runs a script in a pod."""
        return self.kubectl("exec", pod, "--", "/bin/sh", "-c", script)

    def reaches(self, host: str, port: int = 80) -> bool:
        """Whether the client can open a connection: asked once, with two seconds' patience."""
        return self.shell("client", f"nc -w 2 {host} {port} </dev/null").code == 0

    def ready(self, pod: str) -> bool:
        """Whether a pod is Ready."""
        found = status_of(self.cluster.find("v1", "Pod", pod, self.namespace)).get("conditions", [])
        conditions = cast("list[dict[str, str]]", found)
        return any((item["type"], item["status"]) == ("Ready", "True") for item in conditions)


def lay(cluster: Cluster, kubeconfig: Path, namespace: str) -> Bench:
    """Applies the application and waits until it is Ready."""
    made = Bench(cluster=cluster, kubeconfig=kubeconfig, namespace=namespace)
    words = {"NAMESPACE": namespace, "IMAGE": BUSYBOX}
    for document in read_manifest(MANIFESTS / "bench.yaml", words):
        cluster.apply(document)
    wait_until("Ready pods", lambda: made.ready("web") and made.ready("client"), seconds=SECONDS)
    return made


@contextmanager
def bench(cluster: Cluster, kubeconfig: Path, namespace: str) -> Iterator[Bench]:
    """The application for a while."""
    try:
        yield lay(cluster, kubeconfig, namespace)
    finally:
        remove(cluster, namespace)


def remove(cluster: Cluster, namespace: str) -> None:
    """Deletes a namespace and waits until it is gone."""
    if cluster.find("v1", "Namespace", namespace) is not None:
        cluster.delete("v1", "Namespace", namespace)
    wait_until(
        f"end of namespace {namespace}",
        lambda: cluster.find("v1", "Namespace", namespace) is None,
        seconds=SECONDS,
    )


def policy(namespace: str, **spec: object) -> Mapping[str, object]:
    """A NetworkPolicy called `lab` about all pods of a namespace."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "lab", "namespace": namespace},
        "spec": {"podSelector": {}, **spec},
    }
