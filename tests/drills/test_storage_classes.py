"""Another StorageClass for one drill: told before, looked at after."""

import json
from dataclasses import replace

from drills import objects
from drills.backups import BackedUpObject
from drills.engine import RestoreOrder
from drills.engines.velero.modifier import rules
from drills.engines.velero.preview.patching import Modifier
from drills.findings import Severity
from drills.storage_classes import mapping_note, unmapped
from tests.drills.engines.velero.orders import held, order_of

FAST = {"storageClassName": "fast", "accessModes": ["ReadWriteOnce"]}
CLAIM = held("persistentvolumeclaims", "data", spec=FAST)
OTHER = held("persistentvolumeclaims", "logs", spec={"storageClassName": "slow"})
TEMPLATES = [{"metadata": {"name": "data"}, "spec": FAST}, {"metadata": {"name": "x"}, "spec": {}}]
STATEFUL = held("statefulsets.apps", "db", spec={"volumeClaimTemplates": TEMPLATES})
MAPPING = {"fast": "standard"}


def order(*found: BackedUpObject) -> RestoreOrder:
    return replace(order_of(*found), storage_classes=MAPPING)


def changed(wanted: RestoreOrder, resource: str, obj: object) -> object:
    return Modifier(rules(wanted)).applied(resource, objects.mapping({"": obj}, ""))


def test_a_claim_of_that_class_gets_the_other_one() -> None:
    made = changed(order(CLAIM, OTHER), "persistentvolumeclaims", CLAIM.body)
    assert objects.mapping(made, "spec") == {**FAST, "storageClassName": "standard"}
    assert changed(order(CLAIM, OTHER), "persistentvolumeclaims", OTHER.body) == OTHER.body


def test_a_volume_from_a_snapshot_follows_under_whatever_name() -> None:
    """Velero renames it first, and a claim binds only a volume of its own class."""
    volume = {"metadata": {"name": "velero-clone-1"}, "spec": {"storageClassName": "fast"}}
    made = changed(order(CLAIM), "persistentvolumes", volume)
    assert objects.text(made, "spec", "storageClassName") == "standard"
    other = {"metadata": {"name": "x"}, "spec": {"storageClassName": "slow"}}
    assert changed(order(CLAIM), "persistentvolumes", other) == other


def test_new_claims_of_the_copy_get_it_too() -> None:
    made = changed(order(CLAIM, STATEFUL), "statefulsets.apps", STATEFUL.body)
    first, second = objects.items(made, "spec", "volumeClaimTemplates")
    assert objects.mapping(first, "spec") == {**FAST, "storageClassName": "standard"}
    assert objects.mapping(second, "spec") == {}


def test_a_class_that_no_claim_has_needs_no_rule() -> None:
    assert rules(order(OTHER)) == ()


def test_the_value_to_match_is_text_whatever_it_looks_like() -> None:
    """Velero reads `1` as a number, which no class is."""
    odd = held("persistentvolumeclaims", "odd", spec={"storageClassName": "1"})
    wanted = replace(order_of(odd), storage_classes={"1": "2"})
    first, _ = rules(wanted)
    assert objects.items(first, "conditions", "matches") == [
        {"path": "/spec/storageClassName", "value": '"1"'}
    ]
    assert json.loads(objects.text(objects.items(first, "mergePatches")[0], "patchData")) == {
        "spec": {"storageClassName": "2"}
    }


def test_the_plan_tells_what_the_drill_will_not_test() -> None:
    (finding,) = mapping_note((CLAIM, OTHER), {"production"}, MAPPING)
    assert (finding.code, finding.severity) == ("storage-class-mapped", Severity.INFO)
    assert "production/data (fast to standard)" in finding.message
    assert mapping_note((CLAIM,), {"elsewhere"}, MAPPING) == ()
    assert mapping_note((CLAIM,), {"production"}, {}) == ()


def test_a_claim_that_kept_its_class_is_named() -> None:
    live = {"metadata": {"name": "data", "namespace": "backup-test"}, "spec": FAST}
    (finding,) = unmapped((live,), MAPPING)
    assert finding.subject == "persistentvolumeclaim backup-test/data"
    assert finding.message == "It was to get class standard and has fast."
    assert unmapped((live,), {}) == ()
