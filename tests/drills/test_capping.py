"""A cap on replicas: what comes back smaller, and what must keep its size."""

from collections.abc import Mapping

from drills.backups import BackedUpObject, Inventory, ObjectKey
from drills.capping import SHOWN, capping, capping_note
from drills.findings import Severity

SPACES = ("production",)


def held(resource: str, name: str, owner: str | None = None, **spec: object) -> BackedUpObject:
    key = ObjectKey(resource=resource, namespace="production", name=name)
    body: Mapping[str, object] = {"spec": spec}
    return BackedUpObject(key=key, api_version="v1", kind="x", body=body, owner=owner)


def shop(name: str = "shop", replicas: object = 3) -> tuple[BackedUpObject, ...]:
    """Return a Deployment with its ReplicaSet and one of its pods."""
    return (
        held("deployments.apps", name, replicas=replicas),
        held("replicasets.apps", f"{name}-abc", f"Deployment/{name}", replicas=replicas),
        held("pods", f"{name}-abc-1", f"ReplicaSet/{name}-abc"),
    )


def inventory(*found: BackedUpObject, filled: tuple[str, ...] = ()) -> Inventory:
    return Inventory(
        objects=found,
        volumes=(),
        namespaces=frozenset(SPACES),
        recovery_point=None,
        filled_pods=frozenset(("production", name) for name in filled),
    )


def names(found: tuple[BackedUpObject, ...]) -> list[str]:
    return [obj.key.name for obj in found]


def test_a_deployment_is_capped_with_its_replica_set() -> None:
    """Otherwise its ReplicaSet would start all of them before the Deployment is there."""
    found = capping(inventory(*shop()), SPACES, 1)
    assert names(found.capped) == ["shop", "shop-abc"]
    assert found.kept == ()
    (note,) = capping_note(found, 1)
    assert note.severity is Severity.INFO
    assert note.message == "With at most 1 replica(s): production/shop (of 3)."


def test_what_is_no_larger_is_left_alone() -> None:
    found = capping(inventory(*shop(replicas=2), *shop("small", None)), SPACES, 2)
    assert (found.capped, found.kept) == ((), ())
    assert capping_note(found, 2) == ()


def test_without_a_cap_nothing_changes() -> None:
    assert capping(inventory(*shop()), SPACES, None).capped == ()


def test_other_namespaces_are_left_alone() -> None:
    assert capping(inventory(*shop()), ("staging",), 1).capped == ()


def test_pods_whose_volumes_are_filled_keep_all_their_siblings() -> None:
    """A pod that its controller deletes while Velero fills it would hold the restore up."""
    found = capping(inventory(*shop(), *shop("plain"), filled=("shop-abc-1", "gone")), SPACES, 1)
    assert names(found.kept) == ["shop", "shop-abc"]
    assert names(found.capped) == ["plain", "plain-abc"]
    (note,) = capping_note(found, 1)
    assert (
        "In full size, since volumes depend on their pods: production/shop (of 3)" in note.message
    )


def test_claims_of_their_own_keep_a_stateful_set_whole() -> None:
    """The claim of a pod that never starts is never bound, and Velero would wait for it."""
    plain = held("statefulsets.apps", "cache", replicas=3)
    own = held("statefulsets.apps", "db", replicas=3, volumeClaimTemplates=[{}])
    found = capping(inventory(plain, own), SPACES, 2)
    assert (names(found.capped), names(found.kept)) == (["cache"], ["db"])


def test_of_many_only_some_are_named() -> None:
    many = tuple(held("deployments.apps", f"d{i:02}", replicas=9) for i in range(SHOWN + 3))
    (note,) = capping_note(capping(inventory(*many), SPACES, 1), 1)
    assert "and 3 more" in note.message
