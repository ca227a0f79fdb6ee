"""The judgement, second half: what a copy of the shop may not do, and what may hold it up."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from drills.marks import MANAGED_BY
from tests.lab import shop_drills
from tests.lab.application import shopkeeping
from tests.lab.conftest import Lab
from tests.lab.drilling import Desk, stage
from tests.lab.footprint import difference, footprint
from tests.lab.test_node_judged import SOURCES

pytestmark = [pytest.mark.node, pytest.mark.timeout(900)]


@contextmanager
def operator_away(shop: Lab) -> Iterator[None]:
    """Nobody takes the finalizer off a Shop that is deleted."""
    shopkeeping.scale(shop.cluster, "shop-operator", "shop-operator", 0)
    try:
        yield
    finally:
        shopkeeping.scale(shop.cluster, "shop-operator", "shop-operator", 1)


@pytest.mark.usefixtures("unharmed")
def test_a_node_port_that_is_taken_does_not_matter_and_is_told(
    shop: Lab, node_desk: Desk, backup_name: str
) -> None:
    """Production itself has port 30081; the copy's Service gets none, nor a load balancer."""
    shopkeeping.back_up(shop.cluster, backup_name)
    with node_desk.run(shop_drills.scenario(node_desk, backup_name)) as command:
        command.wait_for(stage("probe"), shop_drills.SECONDS)
        services = shop.cluster.list("v1", "Service", "drill-api")
        ended = command.end(shop_drills.SECONDS)
    assert ended.code == 0, ended.text
    names = {item["metadata"]["name"]: item["spec"]["type"] for item in services}  # type: ignore[index]
    assert names["web-nodeport"] == names["web-public"] == "ClusterIP"
    assert "30081" in str(ended.report["findings"]), ended.text


@pytest.mark.usefixtures("unharmed")
def test_settings_that_lead_to_production_are_named_without_their_values(
    shop: Lab, node_desk: Desk, backup_name: str
) -> None:
    shopkeeping.back_up(shop.cluster, backup_name)
    ended = shop_drills.drill(node_desk, backup_name)
    outside = str(shop_drills.finding(ended, "points-outside")["message"])
    assert "Secret api/payments key url" in outside, ended.text
    assert "made-up" not in ended.text + str(ended.report)


@pytest.mark.usefixtures("unharmed")
def test_a_finalizer_that_nobody_removes_is_named_and_the_verdict_stays(
    shop: Lab, node_desk: Desk, backup_name: str
) -> None:
    """The shop's operator takes the copy's Shop for its own, and is away when that shall go."""
    shopkeeping.back_up(shop.cluster, backup_name)
    before = footprint(shop.cluster, shop.velero_namespace, SOURCES)
    impatient = shop_drills.setting("restore", cleanupDeadline="25s")
    with node_desk.run(shop_drills.scenario(node_desk, backup_name, impatient)) as command:
        command.wait_for(stage("probe"), shop_drills.SECONDS)
        shopkeeping.await_finalizer(shop.cluster, "drill-api")
        with operator_away(shop):
            ended = command.end(shop_drills.SECONDS)
            assert ended.code == 4, ended.text
            assert ended.report["verdict"] in {"passed", "warned"}, ended.text
            assert ended.part("cleanup")["outcome"] == "leftovers"
            words = " ".join(map(str, ended.part("cleanup")["leftovers"]))  # type: ignore[call-overload]
            assert "namespace drill-api" in words
            assert "shops.lab.example.com/record" in words
            assert len(node_desk.journals) == 1
    cleaned = node_desk.clean()
    assert cleaned.code == 0, cleaned.text
    assert difference(before, footprint(shop.cluster, shop.velero_namespace, SOURCES)) == {}
    assert node_desk.journals == ()


def test_nothing_of_ours_is_left_in_the_cluster(shop: Lab) -> None:
    """After all the others; by the marks that everything of ours carries."""
    left = [
        f"{kind} {item['metadata'].get('namespace', '')}/{item['metadata']['name']}"  # type: ignore[attr-defined,index]
        for kind, item in shop.cluster.everything()
        if MANAGED_BY in str(item["metadata"].get("labels", {}))  # type: ignore[attr-defined]
    ]
    assert left == []
    assert not [name for name in shop.cluster.snapshot() if "drill-" in name]
