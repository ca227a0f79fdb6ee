"""The kubelet and the service proxy: what makes the namespaces a node of the cluster.

In come a control plane and a container runtime, out come a Ready node called `lab-node`, pods
that run, and Services that lead to them.
"""

from pathlib import Path
from typing import cast

import yaml

from tests.lab import parts
from tests.lab.certificates import write_kubeconfig
from tests.lab.cluster import Cluster, status_of
from tests.lab.control_plane import Keys, Places, api_url
from tests.lab.node import cgroups
from tests.lab.node.containerd import socket_of
from tests.lab.node.network import PODS
from tests.lab.processes import Run, wait_until

NODE = "lab-node"
DNS = "10.96.0.10"
_SECONDS = 60.0


def start_kubelet(run: Run, places: Places, keys: Keys, cluster: Cluster) -> None:
    """Starts kubelet and proxy, and waits until the node is Ready.

    Raises:
        LabError: It was not, in time.
    """
    folder = run.folder / "node"
    folder.mkdir()
    for name, user, group in (
        ("kubelet", f"system:node:{NODE}", "system:nodes"),
        ("kube-proxy", "system:kube-proxy", ""),
    ):
        pair = keys.authority.issue(name, user=user, group=group)
        write_kubeconfig(folder / f"{name}.kubeconfig", api_url(places), keys.authority, pair)
    # Nobody outside can be asked for names; CoreDNS knows the cluster's own.
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n", encoding="utf-8")
    settings = folder / "kubelet.yaml"
    settings.write_text(yaml.safe_dump(_settings(run, places, keys)), encoding="utf-8")
    process = run.start(
        "kubelet",
        [
            str(parts.KUBELET.path),
            f"--config={settings}",
            f"--kubeconfig={folder / 'kubelet.kubeconfig'}",
            f"--hostname-override={NODE}",
            f"--node-ip={places.address}",
        ],
    )
    _start_proxy(run, folder)
    wait_until("Ready node", lambda: node_ready(cluster), seconds=_SECONDS, process=process)


def node_ready(cluster: Cluster) -> bool:
    """Whether the node says that it is Ready."""
    found = status_of(cluster.find("v1", "Node", NODE)).get("conditions", ())
    conditions = cast("tuple[dict[str, str], ...]", found)
    return any((item["type"], item["status"]) == ("Ready", "True") for item in conditions)


def _settings(run: Run, places: Places, keys: Keys) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": places.address,
        "authentication": {"x509": {"clientCAFile": str(keys.authority.certificate)}},
        "tlsCertFile": str(keys.server.certificate),
        "tlsPrivateKeyFile": str(keys.server.key),
        "containerRuntimeEndpoint": f"unix://{socket_of(run.folder)}",
        "podLogsDir": str(run.folder / "node" / "pod-logs"),
        "resolvConf": str(run.folder / "node" / "resolv.conf"),
        "clusterDNS": [DNS],
        "clusterDomain": "cluster.local",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroups.NAME}",
        "failCgroupV1": False,
        "failSwapOn": False,
        # A full disk must not make it delete images that nobody can pull again.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": dict.fromkeys(
            ("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available"), "1%"
        ),
        # Tests wait for states that the kubelet sees: often, and without sparing the API server.
        "syncFrequency": "5s",
        "fileCheckFrequency": "0s",
        "volumeStatsAggPeriod": "0s",
        "nodeStatusUpdateFrequency": "5s",
        "registryPullQPS": 0,
    }


def _start_proxy(run: Run, folder: Path) -> None:
    run.start(
        "kube-proxy",
        [
            str(parts.PROXY.path),
            f"--kubeconfig={folder / 'kube-proxy.kubeconfig'}",
            "--proxy-mode=iptables",
            f"--cluster-cidr={PODS}",
            f"--hostname-override={NODE}",
            # These belong to the whole machine, and cannot be changed from within.
            "--conntrack-max-per-core=0",
            "--conntrack-min=0",
            "--healthz-bind-address=127.0.0.1:10256",
            "--metrics-bind-address=127.0.0.1:10249",
        ],
    )
