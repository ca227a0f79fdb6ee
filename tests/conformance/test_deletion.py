"""Deleting: answers, preconditions, finalizers, owners, namespaces."""

from typing import Any

from tests.conformance.api import Api, config_map, fresh
from tests.conformance.conftest import eventually

_HELD = "conformance.example.com/held"


def _make(api: Api, ns: str, name: str, **metadata: object) -> dict[str, Any]:
    body = config_map(name)
    body["metadata"].update(metadata)
    made = api.post(f"{ns}/configmaps", body)
    assert made.status == 201, made.body
    return dict(made.body)


def _owned_by(owner: dict[str, Any], *, blocks: bool = False) -> list[dict[str, Any]]:
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
    return [{**reference, "blockOwnerDeletion": True} if blocks else reference]


def _gone(api: Api, path: str) -> bool:
    return bool(eventually(lambda: api.get(path).status == 404))


def test_deleting_answers_with_a_status_and_the_object_is_gone(api: Api, ns: str) -> None:
    made = _make(api, ns, "a")
    answer = api.delete(f"{ns}/configmaps/a")
    assert (answer.status, answer.body["kind"], answer.body["status"]) == (200, "Status", "Success")
    details = answer.body["details"]
    assert (details["name"], details["kind"]) == ("a", "configmaps")
    assert details["uid"] == made["metadata"]["uid"]
    assert api.get(f"{ns}/configmaps/a").status == 404


def test_deleting_what_is_not_there_is_404(api: Api, ns: str) -> None:
    assert api.delete(f"{ns}/configmaps/a").status == 404


def test_a_uid_precondition_protects_a_namesake(api: Api, ns: str) -> None:
    old = _make(api, ns, "a")["metadata"]["uid"]
    api.delete(f"{ns}/configmaps/a")
    new = _make(api, ns, "a")["metadata"]["uid"]
    refused = api.delete(f"{ns}/configmaps/a", {"preconditions": {"uid": old}})
    assert (refused.status, refused.reason) == (409, "Conflict")
    assert refused.message == (
        f'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition ({old}) does '
        f"not match the UID in record ({new}). The object might have been deleted and then "
        "recreated"
    )
    assert api.delete(f"{ns}/configmaps/a", {"preconditions": {"uid": new}}).status == 200


def test_a_version_precondition_protects_a_changed_object(api: Api, ns: str) -> None:
    version = _make(api, ns, "a")["metadata"]["resourceVersion"]
    api.patch(f"{ns}/configmaps/a", {"data": {"n": "1"}})
    refused = api.delete(f"{ns}/configmaps/a", {"preconditions": {"resourceVersion": version}})
    assert refused.status == 409
    assert f"the ResourceVersion in the precondition ({version}) does not match" in refused.message


def test_a_finalizer_holds_the_object_until_it_is_removed(api: Api, ns: str) -> None:
    _make(api, ns, "a", finalizers=[_HELD])
    answer = api.delete(f"{ns}/configmaps/a")
    assert (answer.status, answer.body["kind"]) == (200, "ConfigMap")
    held = api.get(f"{ns}/configmaps/a")
    assert held.metadata["deletionTimestamp"]
    assert held.metadata["deletionGracePeriodSeconds"] == 0
    api.patch(f"{ns}/configmaps/a", {"metadata": {"finalizers": None}})
    assert api.get(f"{ns}/configmaps/a").status == 404


def test_a_dying_object_takes_no_new_finalizers_and_keeps_its_timestamp(api: Api, ns: str) -> None:
    _make(api, ns, "a", finalizers=[_HELD])
    api.delete(f"{ns}/configmaps/a")
    refused = api.patch(f"{ns}/configmaps/a", {"metadata": {"finalizers": [_HELD, "x.io/more"]}})
    assert refused.status == 422
    assert "no new finalizers can be added if the object is being deleted" in refused.message
    api.patch(f"{ns}/configmaps/a", {"metadata": {"deletionTimestamp": None}})
    assert "deletionTimestamp" in api.get(f"{ns}/configmaps/a").metadata
    api.patch(f"{ns}/configmaps/a", {"metadata": {"finalizers": None}})


def test_dependents_go_with_their_owner(api: Api, ns: str) -> None:
    owner = _make(api, ns, "owner")
    _make(api, ns, "child", ownerReferences=_owned_by(owner))
    api.delete(f"{ns}/configmaps/owner", {"propagationPolicy": "Background"})
    assert _gone(api, f"{ns}/configmaps/child")


def test_a_dependent_with_another_living_owner_stays(api: Api, ns: str) -> None:
    one, two = _make(api, ns, "one"), _make(api, ns, "two")
    _make(api, ns, "child", ownerReferences=[*_owned_by(one), *_owned_by(two)])
    api.delete(f"{ns}/configmaps/one", {"propagationPolicy": "Background"})

    def owners() -> list[str]:
        body = api.get(f"{ns}/configmaps/child")
        return [one["name"] for one in body.metadata.get("ownerReferences", [])]

    assert eventually(lambda: owners() == ["two"])


def test_orphans_lose_their_owner_and_stay(api: Api, ns: str) -> None:
    owner = _make(api, ns, "owner")
    _make(api, ns, "child", ownerReferences=_owned_by(owner))
    api.delete(f"{ns}/configmaps/owner", {"propagationPolicy": "Orphan"})
    assert _gone(api, f"{ns}/configmaps/owner")
    assert "ownerReferences" not in api.get(f"{ns}/configmaps/child").metadata


def test_foreground_deletion_waits_for_dependents(api: Api, ns: str) -> None:
    owner = _make(api, ns, "owner")
    _make(api, ns, "child", ownerReferences=_owned_by(owner, blocks=True), finalizers=[_HELD])
    api.delete(f"{ns}/configmaps/owner", {"propagationPolicy": "Foreground"})
    assert eventually(
        lambda: "deletionTimestamp" in api.get(f"{ns}/configmaps/child").body["metadata"]
    )
    held = api.get(f"{ns}/configmaps/owner")
    assert held.metadata["finalizers"] == ["foregroundDeletion"]
    api.patch(f"{ns}/configmaps/child", {"metadata": {"finalizers": None}})
    assert _gone(api, f"{ns}/configmaps/owner")


def test_an_object_whose_owner_never_was_is_collected(api: Api, ns: str) -> None:
    ghost = {"metadata": {"name": "ghost", "uid": "00000000-0000-0000-0000-000000000000"}}
    _make(api, ns, "child", ownerReferences=_owned_by(ghost))
    assert _gone(api, f"{ns}/configmaps/child")


def test_a_namespace_takes_everything_with_it(api: Api) -> None:
    path = f"/api/v1/namespaces/{fresh()}"
    api.post("/api/v1/namespaces", {"metadata": {"name": path.rpartition("/")[2]}})
    for number in range(20):
        _make(api, path, f"c{number}")
    answer = api.delete(path)
    assert (answer.status, answer.body["kind"]) == (200, "Namespace")
    assert answer.body["status"]["phase"] == "Terminating"
    assert _gone(api, path)
    assert api.get(f"{path}/configmaps").body["items"] == []


def test_a_new_namespace_gets_its_name_label_and_first_objects(api: Api, ns: str) -> None:
    name = ns.rpartition("/")[2]
    body = api.get(ns).body
    assert body["metadata"]["labels"]["kubernetes.io/metadata.name"] == name
    assert (body["spec"]["finalizers"], body["status"]["phase"]) == (["kubernetes"], "Active")
    assert "ca.crt" in api.get(f"{ns}/configmaps/kube-root-ca.crt").body["data"]


def test_a_terminating_namespace_refuses_content_and_says_what_holds_it(api: Api) -> None:
    path = f"/api/v1/namespaces/{fresh()}"
    name = path.rpartition("/")[2]
    api.post("/api/v1/namespaces", {"metadata": {"name": name}})
    _make(api, path, "held", finalizers=[_HELD])
    api.delete(path)
    refused = api.post(f"{path}/configmaps", config_map("late"))
    assert (refused.status, refused.reason) == (403, "Forbidden")
    assert refused.message == (
        f'configmaps "late" is forbidden: unable to create new content in namespace {name} '
        "because it is being terminated"
    )
    assert refused.body["details"]["causes"][0]["reason"] == "NamespaceTerminating"

    def told() -> dict[str, dict[str, str]]:
        status = api.get(path).body.get("status", {})
        return {one["type"]: one for one in status.get("conditions", [])}

    assert eventually(
        lambda: told().get("NamespaceFinalizersRemaining", {}).get("status") == "True",
        60,  # a busy namespace controller looks again only after a while
    )
    conditions = told()
    assert conditions["NamespaceContentRemaining"]["reason"] == "SomeResourcesRemain"
    assert (
        "configmaps. has 1 resource instances"
        in (conditions["NamespaceContentRemaining"]["message"])
    )
    assert (
        f"{_HELD} in 1 resource instances"
        in (conditions["NamespaceFinalizersRemaining"]["message"])
    )
    assert conditions["NamespaceDeletionContentFailure"]["status"] == "False"
    api.patch(f"{path}/configmaps/held", {"metadata": {"finalizers": None}})
    assert _gone(api, path)


def test_the_default_namespace_may_not_be_deleted(api: Api) -> None:
    refused = api.delete("/api/v1/namespaces/kube-system")
    assert refused.status == 403
    assert refused.message == (
        'namespaces "kube-system" is forbidden: this namespace may not be deleted'
    )
