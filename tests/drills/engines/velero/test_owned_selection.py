"""How Velero is kept from what a left-out kind owns: by a label of its own, else stilled."""

from dataclasses import replace

import yaml

from drills import objects
from drills.backups import BackedUpObject
from drills.engine import RestoreOrder
from drills.engines.velero.manifest import DATA_KEY, modifier_map, restore_object
from drills.marks import STILLED
from drills.plan import owned_by_left_out
from tests.drills.engines.velero.orders import held, order_of


def job_pod(name: str, **labels: str) -> BackedUpObject:
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "purge", "controller": True}
    return held(
        "pods",
        name,
        apiVersion="v1",
        kind="Pod",
        metadata={"labels": labels, "ownerReferences": [owner]},
        spec={"containers": [{"name": "c", "image": "x"}]},
    )


JOB = held("jobs.batch", "purge", apiVersion="batch/v1", kind="Job", spec={})
SHOP = held("services", "shop", apiVersion="v1", kind="Service", metadata={"labels": {"app": "s"}})


def order(*found: BackedUpObject) -> RestoreOrder:
    plain = order_of(*found, left_out=("jobs.batch",))
    out = owned_by_left_out(plain.inventory, plain.namespaces, plain.left_out)
    return replace(plain, owned_out=out)


def selector(of: RestoreOrder) -> object:
    return objects.dig(
        restore_object(of, "velero", timeout="1s", modifier=None), "spec", "labelSelector"
    )


def rules_for_pods(of: RestoreOrder) -> list[str]:
    made = modifier_map(of, "velero")
    document = yaml.safe_load(objects.text(made, "data", DATA_KEY)) if made else {}
    return [
        rule["conditions"]["resourceNameRegex"]
        for rule in document.get("resourceModifierRules", ())
        if STILLED in str(rule)
    ]


def test_pods_with_a_label_of_their_own_are_never_created() -> None:
    of = order(JOB, SHOP, job_pod("purge-a", app="s", uid="1"), job_pod("purge-b", uid="1"))
    assert selector(of) == {
        "matchExpressions": [{"key": "uid", "operator": "NotIn", "values": ["1"]}]
    }
    assert rules_for_pods(of) == []


def test_a_label_that_something_restored_bears_too_is_not_chosen() -> None:
    of = order(JOB, SHOP, job_pod("purge-a", app="s"))
    assert selector(of) is None
    assert rules_for_pods(of) == ["^purge\\-a$"]


def test_an_order_that_leaves_nothing_out_by_its_owner_asks_for_no_label() -> None:
    of = order(SHOP)
    assert selector(of) is None
    assert rules_for_pods(of) == []


def test_a_pod_whose_volumes_are_filled_gets_no_program_instead_of_no_node() -> None:
    """Velero would wait for a pod that is never scheduled."""
    plain = order(JOB, SHOP, job_pod("purge-a", app="s"))
    filled = replace(plain.inventory, filled_pods=frozenset({("production", "purge-a")}))
    made = modifier_map(replace(plain, inventory=filled), "velero")
    text = objects.text(made, "data", DATA_KEY)
    assert "strategicPatches" in text
    assert "left-out-by-the-drill" in text
    assert "schedulingGates" not in text
