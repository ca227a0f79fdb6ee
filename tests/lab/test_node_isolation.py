"""The real node's NetworkPolicies: they close the network when enforced, and only then."""

import secrets
from collections.abc import Iterator

import pytest

from tests.lab.conftest import Lab
from tests.lab.control_plane import read_places
from tests.lab.node.bench import SECONDS, Bench, bench, policy
from tests.lab.node.images import BUSYBOX
from tests.lab.node.switch import policies_state, set_policies
from tests.lab.processes import REAL_NODE, wait_until

pytestmark = [
    pytest.mark.node,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("own_node"),
]

_DNS = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}
_CLOSED = {"policyTypes": ["Ingress", "Egress"]}


@pytest.fixture(scope="module")
def inside(node_lab: Lab) -> Iterator[Bench]:
    """A namespace that policies are about."""
    with bench(node_lab.cluster, node_lab.kubeconfig, f"lab-in-{secrets.token_hex(4)}") as made:
        yield made


@pytest.fixture(scope="module")
def outside(node_lab: Lab) -> Iterator[Bench]:
    """A namespace that none is about."""
    with bench(node_lab.cluster, node_lab.kubeconfig, f"lab-out-{secrets.token_hex(4)}") as made:
        yield made


@pytest.fixture(autouse=True)
def _open_again(inside: Bench) -> Iterator[None]:
    before = policies_state()
    set_policies(enforced=True)
    yield
    where = ("networking.k8s.io/v1", "NetworkPolicy", "lab", inside.namespace)
    if inside.cluster.find(*where) is not None:
        inside.cluster.delete(*where)
    wait_until("open network", lambda: inside.reaches("web"), seconds=SECONDS)
    set_policies(enforced=before == "on")


def _web(of: Bench) -> str:
    return f"web.{of.namespace}.svc.cluster.local"


def _close(inside: Bench, **spec: object) -> None:
    """Applies a policy and waits until it shows: by what every one of these tests closes."""
    inside.cluster.apply(policy(inside.namespace, **{**_CLOSED, **spec}))
    wait_until(
        "closed network", lambda: not inside.reaches("kubernetes.default", 443), seconds=SECONDS
    )


def test_everything_is_open_without_a_policy(inside: Bench, outside: Bench) -> None:
    assert inside.reaches(_web(outside))
    assert outside.reaches(_web(inside))


def test_a_closed_namespace_reaches_nobody_and_is_reached_by_nobody(
    inside: Bench, outside: Bench
) -> None:
    _close(inside, egress=[_DNS])
    assert inside.shell("client", f"nslookup -type=a {_web(outside)}").code == 0
    assert not inside.reaches(_web(outside))
    assert not inside.reaches("web")
    assert not outside.reaches(_web(inside))
    # What the node itself asks is not the policy's business.
    assert inside.ready("web")


def test_without_dns_no_name_is_found(inside: Bench) -> None:
    _close(inside)
    assert inside.shell("client", "timeout 5 nslookup -type=a web").code != 0


def test_namespaces_may_be_let_in_and_out(inside: Bench, outside: Bench) -> None:
    names = [inside.namespace]
    own = {
        "namespaceSelector": {
            "matchExpressions": [
                {"key": "kubernetes.io/metadata.name", "operator": "In", "values": names}
            ]
        }
    }
    _close(inside, ingress=[{"from": [own]}], egress=[_DNS, {"to": [own]}])
    assert inside.reaches("web")
    assert not inside.reaches(_web(outside))
    assert not outside.reaches(_web(inside))


def test_addresses_may_be_let_out_but_for_exceptions(inside: Bench) -> None:
    places = read_places(REAL_NODE)
    store, port = places.address, places.s3
    everywhere = {"cidr": "0.0.0.0/0", "except": ["10.96.0.0/16", "10.244.0.0/16", f"{store}/32"]}
    _close(inside, egress=[{"to": [{"ipBlock": everywhere}]}])
    assert not inside.reaches(store, port)
    block = {"cidr": f"{store}/32"}
    rule = {"to": [{"ipBlock": block}], "ports": [{"port": port}]}
    inside.cluster.apply(policy(inside.namespace, **_CLOSED, egress=[rule]))
    wait_until("way to the store", lambda: inside.reaches(store, port), seconds=SECONDS)
    assert not inside.reaches(store, 10250)


def test_a_switch_turns_them_all_off_and_on(inside: Bench, outside: Bench) -> None:
    _close(inside, egress=[_DNS])
    set_policies(enforced=False)
    assert inside.reaches(_web(outside))
    assert outside.reaches(_web(inside))
    set_policies(enforced=True)
    assert not inside.reaches(_web(outside))


def test_a_new_pod_is_closed_from_its_first_packet(inside: Bench, outside: Bench) -> None:
    """Nothing is let out between a pod's start and the moment at which its address is known."""
    _close(inside, egress=[_DNS])
    tries = f"i=0; while [ $i -lt 20 ]; do nc -w 1 {_web(outside)} 80 </dev/null && echo OUT; "
    script = f"{tries} i=$((i+1)); done; echo over"
    document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "early", "namespace": inside.namespace},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {"name": "early", "image": BUSYBOX, "command": ["/bin/sh", "-c", script],
                 "imagePullPolicy": "IfNotPresent"}
            ],
        },
    }  # fmt: skip
    inside.cluster.apply(document)
    wait_until("word", lambda: "over" in inside.kubectl("logs", "early").out, seconds=SECONDS)
    assert "OUT" not in inside.kubectl("logs", "early").out
    inside.cluster.delete("v1", "Pod", "early", inside.namespace)
