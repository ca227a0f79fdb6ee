"""The real node: pods run, answer through Services and names, and can be looked into."""

import re
import secrets
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.lab.cluster import status_of
from tests.lab.conftest import Lab
from tests.lab.node.bench import SECONDS, Bench, bench, remove
from tests.lab.processes import REAL_NODE, wait_until

pytestmark = [pytest.mark.node, pytest.mark.timeout(600)]

_GET = r"printf 'GET /healthz HTTP/1.0\r\n\r\n' | nc -w 5 {0} {1}"


@pytest.fixture(scope="module")
def shop(node_lab: Lab) -> Iterator[Bench]:
    """The application that the tests of this file look at."""
    name = f"lab-pods-{secrets.token_hex(4)}"
    with bench(node_lab.cluster, node_lab.kubeconfig, name) as made:
        yield made


def test_a_pod_answers_through_its_service_by_name(shop: Bench) -> None:
    for host in ("web", f"web.{shop.namespace}.svc.cluster.local"):
        assert shop.shell("client", _GET.format(host, 80)).out.endswith("\nok\n")


def test_a_pod_reaches_itself_through_its_service(shop: Bench) -> None:
    # `web` alone is the pod itself there, by its hosts file.
    name = f"web.{shop.namespace}.svc.cluster.local"
    assert shop.shell("web", _GET.format(name, 80)).out.endswith("\nok\n")


def test_a_name_outside_the_cluster_does_not_exist(shop: Bench) -> None:
    answer = shop.shell("client", "nslookup -type=a example.com")
    assert "NXDOMAIN" in answer.out + answer.errors


def test_a_command_s_exit_code_comes_back(shop: Bench) -> None:
    answer = shop.shell("client", "echo out; echo err >&2; exit 3")
    assert (answer.code, answer.out) == (3, "out\n")
    assert answer.errors.startswith("err\n")


def test_logs_are_the_pod_s_own(shop: Bench) -> None:
    shop.shell("client", _GET.format("web", 80))
    wait_until(
        "line in the log", lambda: "url:/healthz" in shop.kubectl("logs", "web").out,
        seconds=SECONDS,
    )  # fmt: skip


def test_a_port_is_forwarded(shop: Bench) -> None:
    command = shop.command("port-forward", "pod/web", ":8080")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as forward:
        try:
            line = forward.stdout.readline() if forward.stdout is not None else ""
            port = re.search(r"127\.0\.0\.1:(\d+)", line)
            assert port is not None, line
            with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}/healthz", timeout=20) as found:
                assert found.read() == b"ok\n"
        finally:
            forward.terminate()


def test_pods_reach_the_api_server(shop: Bench) -> None:
    assert shop.reaches("kubernetes.default", 443)


def test_a_volume_is_a_folder_that_goes_with_its_claim(node_lab: Lab) -> None:
    if node_lab.kubeconfig != REAL_NODE.kubeconfig:
        pytest.skip("needs the real node of this folder: its volumes are looked at")
    name = f"lab-volume-{secrets.token_hex(4)}"
    with bench(node_lab.cluster, node_lab.kubeconfig, name) as made:
        made.shell("web", "echo here > /data/proof; sync")
        claim = node_lab.cluster.find("v1", "PersistentVolumeClaim", "data", name) or {}
        volume = str(cast("dict[str, str]", claim["spec"])["volumeName"])
        folder = Path(REAL_NODE.folder / "volumes" / volume)
        assert (folder / "proof").read_text() == "here\n"
        remove(node_lab.cluster, name)
        wait_until(
            "end of the volume",
            lambda: node_lab.cluster.find("v1", "PersistentVolume", volume) is None,
            seconds=SECONDS,
        )
        assert not folder.exists()


def test_the_node_says_what_it_is(node_lab: Lab) -> None:
    (node,) = node_lab.cluster.list("v1", "Node")
    info = cast("dict[str, str]", status_of(node)["nodeInfo"])
    assert info["containerRuntimeVersion"].startswith("containerd://")
