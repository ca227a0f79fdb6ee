"""The judgement, second half: a network that is not closed, a sandbox that cannot go."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from drills.marks import MANAGED_BY
from tests.lab import shop_drills
from tests.lab.application import shopkeeping
from tests.lab.conftest import Lab
from tests.lab.drilling import Desk, stage
from tests.lab.footprint import Footprint, difference, footprint
from tests.lab.node.switch import policies_state, set_policies
from tests.lab.test_node_judged import SOURCES

pytestmark = [pytest.mark.node, pytest.mark.timeout(1200), pytest.mark.usefixtures("unharmed")]


@pytest.fixture(scope="module")
def good_backup(node_lab: Lab) -> str:
    """A backup of the whole shop."""
    shopkeeping.apply_shop(node_lab.cluster)
    return shopkeeping.back_up(node_lab.cluster, f"good-{secrets.token_hex(4)}")


@pytest.fixture
def ignored_policies(own_node: None) -> Iterator[None]:
    """The node's network lets everything through, whatever policies say."""
    before = policies_state()
    set_policies(enforced=False)
    yield
    set_policies(enforced=before == "on")


@contextmanager
def operator_away(shop: Lab) -> Iterator[None]:
    """Nobody takes the finalizer off a Shop that is deleted."""
    shopkeeping.scale(shop.cluster, "shop-operator", "shop-operator", 0)
    try:
        yield
    finally:
        shopkeeping.scale(shop.cluster, "shop-operator", "shop-operator", 1)


def _apart_from_the_operator(lab: Lab) -> Footprint:
    """Everything but the operator's own pod and what it stands in, which the test itself scales.

    Its records stay in: one that it keeps of a copy would be left behind.
    """
    seen = footprint(lab.cluster, lab.velero_namespace, SOURCES)
    kept = {
        name: mark
        for name, mark in seen.objects.items()
        if " shop-operator/shop-operator" not in name
    }
    return replace(seen, objects=kept)


@pytest.mark.usefixtures("ignored_policies")
def test_an_open_network_gets_no_data_where_proof_is_wanted(
    shop: Lab, node_desk: Desk, good_backup: str
) -> None:
    before = footprint(shop.cluster, shop.velero_namespace, SOURCES)
    ended = shop_drills.drill(node_desk, good_backup)
    assert (ended.code, ended.report["verdict"]) == (3, "inconclusive"), ended.text
    assert "restore" not in {found["name"] for found in ended.rows("stages")}
    assert {reason["cause"] for reason in ended.rows("reasons")} >= {"isolation"}
    assert ended.part("cleanup")["outcome"] == "clean"
    assert difference(before, footprint(shop.cluster, shop.velero_namespace, SOURCES)) == {}


@pytest.mark.usefixtures("ignored_policies")
def test_an_open_network_is_a_warning_where_it_is_not(
    shop: Lab, node_desk: Desk, good_backup: str
) -> None:
    """The data is there, and the report says that nothing held the copy back."""
    unproven = shop_drills.setting("isolation", requireProof=False)
    ended = shop_drills.drill(node_desk, good_backup, unproven)
    assert (ended.code, ended.report["verdict"]) == (0, "warned"), ended.text
    assert (ended.report["proofLevel"], shop_drills.isolation(ended)) == ("data", "open")
    assert "isolation-open" in {reason["code"] for reason in ended.rows("reasons")}


def test_a_finalizer_that_nobody_removes_is_named_and_the_verdict_stays(
    shop: Lab, node_desk: Desk, good_backup: str
) -> None:
    """The shop's operator takes the copy's Shop for its own, and is away when that shall go."""
    before = _apart_from_the_operator(shop)
    impatient = shop_drills.setting("restore", cleanupDeadline="40s")
    with node_desk.run(shop_drills.scenario(node_desk, good_backup, impatient)) as command:
        command.wait_for(stage("settle"), shop_drills.SECONDS)
        shopkeeping.await_finalizer(shop.cluster, "drill-api")
        with operator_away(shop):
            ended = command.end(shop_drills.SECONDS)
            assert ended.code == 4, ended.text
            assert ended.report["verdict"] == "passed", ended.text
            assert ended.part("cleanup")["outcome"] == "leftovers"
            words = " ".join(map(str, ended.part("cleanup")["leftovers"]))  # type: ignore[call-overload]
            assert "namespace drill-api" in words
            assert "shops.lab.example.com/record" in words
            assert len(node_desk.journals) == 1
    cleaned = node_desk.clean()
    assert cleaned.code == 0, cleaned.text
    assert difference(before, _apart_from_the_operator(shop)) == {}
    assert node_desk.journals == ()


def test_nothing_of_ours_is_left_in_the_cluster(shop: Lab) -> None:
    """After all the others; by the marks that everything of ours carries, and by name."""
    left = [
        f"{kind} {item['metadata'].get('namespace', '')}/{item['metadata']['name']}"  # type: ignore[attr-defined,index]
        for kind, item in shop.cluster.everything()
        if MANAGED_BY in str(item["metadata"].get("labels", {}))  # type: ignore[attr-defined]
    ]
    assert left == []
    assert not [name for name in shop.cluster.snapshot() if "drill-" in name]
