"""The Restore that is submitted: every setting stated, none left to a default."""

from dataclasses import replace

import pytest

from drills import objects
from drills.engines.velero.manifest import excluded, modifier_map, restore_name, restore_object
from drills.errors import TooMuchToRewrite
from drills.findings import Cause
from drills.objects import KubeObject
from tests.drills.engines.velero.orders import held, order_of


def spec_of(order_objects: tuple[str, ...], left_out: tuple[str, ...] = ()) -> KubeObject:
    order = order_of(*(held(resource, "x") for resource in order_objects), left_out=left_out)
    made = restore_object(order, "velero", timeout="600s", modifier=None)
    return objects.mapping(made, "spec")


def test_every_setting_is_stated() -> None:
    spec = spec_of(("configmaps",), left_out=("jobs.batch",))
    assert spec == {
        "backupName": "nightly-1",
        "includedNamespaces": ["production"],
        "namespaceMapping": {"production": "backup-test"},
        "includedResources": ["*"],
        "excludedResources": ["jobs.batch"],
        "existingResourcePolicy": "none",
        "restorePVs": True,
        "preserveNodePorts": False,
        "itemOperationTimeout": "600s",
        "hooks": {},
        "includeClusterResources": False,
    }


def test_with_claims_velero_must_handle_their_volumes() -> None:
    """False would leave claims pointing at production's volumes."""
    assert "includeClusterResources" not in spec_of(("persistentvolumeclaims",))


def test_a_whole_group_is_written_out() -> None:
    found = order_of(
        held("gateways.networking.istio.io", "x"),
        held("sidecars.networking.istio.io", "x"),
        left_out=("*.networking.istio.io", "jobs.batch"),
    )
    assert excluded(found) == (
        "gateways.networking.istio.io",
        "sidecars.networking.istio.io",
        "jobs.batch",
    )


def test_the_modifier_is_referred_to_by_its_name() -> None:
    order = order_of(held("cronjobs.batch", "x"))
    modifier = modifier_map(order, "velero")
    made = restore_object(order, "velero", timeout="60s", modifier=modifier)
    reference = objects.mapping(made, "spec", "resourceModifier")
    assert reference == {"apiGroup": "", "kind": "ConfigMap", "name": objects.name(modifier)}
    assert len(objects.mapping(modifier, "data")) == 1


def test_no_rules_no_modifier() -> None:
    assert modifier_map(order_of(held("configmaps", "x")), "velero") is None


def test_it_carries_our_marks_and_no_status() -> None:
    made = restore_object(order_of(), "velero", timeout="60s", modifier=None)
    assert objects.labels(made)["restore-drill/drill-id"] == "d1"
    assert "status" not in made


@pytest.mark.parametrize(
    ("drill_id", "name"),
    [("d1", "drill-d1"), ("Weekly_20261121T0900Z", "drill-weekly-20261121t0900z")],
)
def test_names_are_valid(drill_id: str, name: str) -> None:
    assert restore_name(drill_id) == name


def test_long_names_are_cut_and_stay_apart() -> None:
    one, two = restore_name("x" * 80 + "1"), restore_name("x" * 80 + "2")
    assert len(one) <= 63
    assert one != two


def test_rules_that_no_config_map_holds_are_told_before_anything_is_made() -> None:
    """The API server would refuse the ConfigMap; without it the copy would not be harmless."""
    kept = held("deployments.apps", "kept", spec={"replicas": 9, "volumeClaimTemplates": [{}]})
    names = (f"{i:05d}{'x' * 240}" for i in range(5000))
    large = (held("deployments.apps", name, spec={"replicas": 9}) for name in names)
    order = replace(order_of(kept, *large), most_replicas=1)
    with pytest.raises(TooMuchToRewrite, match="1,048,576") as raised:
        modifier_map(order, "velero", veil=True)
    assert raised.value.cause is Cause.CONFIGURATION
    assert "fewer namespaces" in raised.value.hint
