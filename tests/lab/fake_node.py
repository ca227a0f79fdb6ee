"""The lab's one node, which is made up, and the web server that answers for its pods.

In comes a running control plane, out come a kwok that plays the kubelet (pods become Ready,
exec, logs and port-forward answer) and a web server on this machine's own address.
"""

import sys

from tests.lab import parts
from tests.lab.certificates import Pair
from tests.lab.cluster import Cluster, read_manifest
from tests.lab.control_plane import KUBECONFIG, MANIFESTS, Places
from tests.lab.processes import RUN, start

_WEB = RUN / "web"
_LOCAL = "127.0.0.1"
_NOBODY = 65534


def start_fake_node(places: Places, server: Pair, cluster: Cluster) -> None:
    """Starts what plays the node, and makes the Node object.

    Args:
        places: Where everything listens.
        server: The certificate of the kubelet's end.
        cluster: The API server's client.
    """
    _start_web(places)
    _start_kwok(places, server)
    for document in read_manifest(MANIFESTS / "node.yaml", {}):
        cluster.apply(document)


def _start_web(places: Places) -> None:
    """Starts what answers for the fake pods: a web server on this machine's own address."""
    _WEB.mkdir()
    (_WEB / "healthz").write_text("ok\n", encoding="utf-8")
    command = [sys.executable, "-m", "http.server", str(places.web)]
    start("web", [*command, "--bind", places.address, "--directory", str(_WEB)])


def _start_kwok(places: Places, pair: Pair) -> None:
    text = (MANIFESTS / "kwok.yaml").read_text(encoding="utf-8")
    for word, value in (
        ("${ADDRESS}", places.address),
        ("${WEB_PORT}", str(places.web)),
        ("${WEB}", str(_WEB)),
        ("${LOG}", str(RUN / "pod.log")),
        ("${NOBODY}", str(_NOBODY)),
    ):
        text = text.replace(word, value)
    # In the format of the container runtimes: instant, stream, F for a full line, the line.
    line = "2026-01-01T00:00:00.000000000Z stdout F the stand-in is listening\n"
    (RUN / "pod.log").write_text(line, encoding="utf-8")
    (RUN / "kwok.yaml").write_text(text, encoding="utf-8")
    start(
        "kwok",
        [
            str(parts.KWOK.path),
            f"--kubeconfig={KUBECONFIG}",
            f"--config={RUN / 'kwok.yaml'}",
            "--manage-all-nodes",
            f"--node-ip={_LOCAL}",
            f"--node-port={places.kubelet}",
            # Said outright: with a node port alone it would listen on every address.
            f"--server-address={_LOCAL}:{places.kubelet}",
            f"--tls-cert-file={pair.certificate}",
            f"--tls-private-key-file={pair.key}",
            "--node-lease-duration-seconds=40",
        ],
    )
