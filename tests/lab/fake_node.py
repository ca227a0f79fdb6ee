"""The lab's one node, which is made up, and the web server that answers for its pods.

In comes a running control plane, out come a kwok that plays the kubelet (pods become Ready,
exec, logs and port-forward answer) and a web server on this machine's own address.
"""

import sys
from pathlib import Path

from tests.lab import parts
from tests.lab.certificates import Pair
from tests.lab.cluster import Cluster, read_manifest
from tests.lab.control_plane import MANIFESTS, Places
from tests.lab.processes import Run

_LOCAL = "127.0.0.1"
_NOBODY = 65534


def start_fake_node(run: Run, places: Places, server: Pair, cluster: Cluster) -> None:
    """Starts what plays the node, and makes the Node object.

    Args:
        run: The lab's folder.
        places: Where everything listens.
        server: The certificate of the kubelet's end.
        cluster: The API server's client.
    """
    web = _start_web(run, places)
    _start_kwok(run, places, server, web)
    for document in read_manifest(MANIFESTS / "node.yaml", {}):
        cluster.apply(document)


def _start_web(run: Run, places: Places) -> Path:
    """Starts what answers for the fake pods: a web server on this machine's own address."""
    web = run.folder / "web"
    web.mkdir()
    (web / "healthz").write_text("ok\n", encoding="utf-8")
    command = [sys.executable, "-m", "http.server", str(places.web)]
    run.start("web", [*command, "--bind", places.address, "--directory", str(web)])
    return web


def _start_kwok(run: Run, places: Places, pair: Pair, web: Path) -> None:
    text = (MANIFESTS / "kwok.yaml").read_text(encoding="utf-8")
    for word, value in (
        ("${ADDRESS}", places.address),
        ("${WEB_PORT}", str(places.web)),
        ("${WEB}", str(web)),
        ("${LOG}", str(run.folder / "pod.log")),
        ("${NOBODY}", str(_NOBODY)),
    ):
        text = text.replace(word, value)
    # In the format of the container runtimes: instant, stream, F for a full line, the line.
    line = "2026-01-01T00:00:00.000000000Z stdout F the stand-in is listening\n"
    (run.folder / "pod.log").write_text(line, encoding="utf-8")
    (run.folder / "kwok.yaml").write_text(text, encoding="utf-8")
    run.start(
        "kwok",
        [
            str(parts.KWOK.path),
            f"--kubeconfig={run.kubeconfig}",
            f"--config={run.folder / 'kwok.yaml'}",
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
