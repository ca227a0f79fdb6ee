"""Creating, reading and changing objects."""

import re

from tests.conformance.api import Api, config_map, fresh


def test_create_answers_201_with_what_the_server_adds(api: Api, ns: str) -> None:
    made = api.post(f"{ns}/configmaps", config_map("a", k="v"))
    assert made.status == 201
    assert made.body["data"] == {"k": "v"}
    assert len(made.metadata["uid"]) == 36
    assert made.metadata["resourceVersion"].isdigit()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made.metadata["creationTimestamp"])


def test_second_create_of_a_name_is_409_already_exists(api: Api, ns: str) -> None:
    api.post(f"{ns}/configmaps", config_map("a"))
    again = api.post(f"{ns}/configmaps", config_map("a"))
    assert (again.status, again.reason) == (409, "AlreadyExists")
    assert again.message == 'configmaps "a" already exists'
    assert again.body["details"] == {"name": "a", "kind": "configmaps"}


def test_missing_object_is_404_with_details(api: Api, ns: str) -> None:
    gone = api.get(f"{ns}/configmaps/nothing")
    assert (gone.status, gone.reason) == (404, "NotFound")
    assert gone.message == 'configmaps "nothing" not found'
    assert gone.body["details"] == {"name": "nothing", "kind": "configmaps"}


def test_missing_object_of_a_group_names_the_group(api: Api, ns: str) -> None:
    where = ns.replace("/api/v1", "/apis/apps/v1")
    gone = api.get(f"{where}/deployments/nothing")
    assert gone.message == 'deployments.apps "nothing" not found'
    assert gone.body["details"]["group"] == "apps"


def test_unknown_resource_is_404(api: Api, ns: str) -> None:
    gone = api.get(f"{ns}/unicorns")
    assert gone.status == 404


def test_create_in_a_missing_namespace_is_404(api: Api) -> None:
    gone = api.post("/api/v1/namespaces/no-such-place/configmaps", config_map("a"))
    assert (gone.status, gone.message) == (404, 'namespaces "no-such-place" not found')


def test_generate_name_appends_five_characters(api: Api, ns: str) -> None:
    made = api.post(f"{ns}/configmaps", {"metadata": {"generateName": "job-"}})
    assert re.fullmatch(r"job-[a-z0-9]{5}", made.metadata["name"])


def test_a_name_that_is_no_dns_name_is_422(api: Api, ns: str) -> None:
    bad = api.post(f"{ns}/configmaps", config_map("Not_A_Name"))
    assert (bad.status, bad.reason) == (422, "Invalid")
    assert bad.message.startswith(
        'ConfigMap "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name": a lowercase'
    )
    assert bad.body["details"]["causes"][0]["field"] == "metadata.name"


def test_no_name_at_all_is_422(api: Api, ns: str) -> None:
    bad = api.post(f"{ns}/configmaps", {"metadata": {}})
    assert bad.status == 422
    assert "name or generateName is required" in bad.message


def test_wrong_kind_for_a_builtin_path_is_400(api: Api, ns: str) -> None:
    bad = api.post(
        f"{ns}/configmaps", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    )
    assert (bad.status, bad.reason) == (400, "BadRequest")
    assert 'Secret in version "v1" cannot be handled as a ConfigMap' in bad.message


def test_wrong_api_version_is_400(api: Api, ns: str) -> None:
    bad = api.post(
        f"{ns}/configmaps", {"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "a"}}
    )
    assert bad.status == 400


def test_namespace_in_body_and_path_must_agree(api: Api, ns: str) -> None:
    bad = api.post(f"{ns}/configmaps", {"metadata": {"name": "a", "namespace": "other"}})
    assert bad.status == 400
    assert "does not match the namespace sent on the request" in bad.message


def test_update_replaces_and_bumps_the_version(api: Api, ns: str) -> None:
    made = api.post(f"{ns}/configmaps", config_map("a", old="1"))
    body = {**made.body, "data": {"new": "2"}}
    changed = api.put(f"{ns}/configmaps/a", body)
    assert changed.status == 200
    assert changed.body["data"] == {"new": "2"}
    assert int(changed.metadata["resourceVersion"]) > int(made.metadata["resourceVersion"])
    assert changed.metadata["uid"] == made.metadata["uid"]


def test_update_with_a_stale_version_is_409_conflict(api: Api, ns: str) -> None:
    made = api.post(f"{ns}/configmaps", config_map("a", n="1"))
    api.put(f"{ns}/configmaps/a", {**made.body, "data": {"n": "2"}})
    late = api.put(f"{ns}/configmaps/a", {**made.body, "data": {"n": "3"}})
    assert (late.status, late.reason) == (409, "Conflict")
    assert late.message == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please '
        "apply your changes to the latest version and try again"
    )


def test_update_without_a_version_wins(api: Api, ns: str) -> None:
    api.post(f"{ns}/configmaps", config_map("a", n="1"))
    changed = api.put(f"{ns}/configmaps/a", config_map("a", n="2"))
    assert (changed.status, changed.body["data"]) == (200, {"n": "2"})


def test_update_with_another_uid_is_409(api: Api, ns: str) -> None:
    api.post(f"{ns}/configmaps", config_map("a"))
    body = config_map("a", n="2")
    body["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000"
    refused = api.put(f"{ns}/configmaps/a", body)
    assert (refused.status, refused.reason) == (409, "Conflict")
    assert "Precondition failed: UID in precondition" in refused.message


def test_update_of_a_missing_object_is_404(api: Api, ns: str) -> None:
    assert api.put(f"{ns}/configmaps/a", config_map("a")).status == 404


def test_update_under_another_name_is_400(api: Api, ns: str) -> None:
    api.post(f"{ns}/configmaps", config_map("a"))
    bad = api.put(f"{ns}/configmaps/a", config_map("b"))
    assert bad.status == 400
    assert "does not match the name on the URL" in bad.message


def test_an_update_that_changes_nothing_keeps_the_version(api: Api, ns: str) -> None:
    made = api.post(f"{ns}/configmaps", config_map("a", n="1"))
    same = api.put(f"{ns}/configmaps/a", made.body)
    assert same.metadata["resourceVersion"] == made.metadata["resourceVersion"]


def test_dry_run_stores_nothing(api: Api, ns: str) -> None:
    shown = api.post(f"{ns}/configmaps", config_map("a"), dryRun="All")
    assert (shown.status, api.get(f"{ns}/configmaps/a").status) == (201, 404)
    api.post(f"{ns}/configmaps", config_map("b", n="1"))
    api.patch(f"{ns}/configmaps/b", {"data": {"n": "2"}}, dryRun="All")
    api.delete(f"{ns}/configmaps/b", dryRun="All")
    assert api.get(f"{ns}/configmaps/b").body["data"] == {"n": "1"}


def test_string_data_of_a_secret_becomes_data(api: Api, ns: str) -> None:
    made = api.post(f"{ns}/secrets", {"metadata": {"name": "s"}, "stringData": {"k": "v"}})
    assert (made.body["data"], made.body["type"]) == ({"k": "dg=="}, "Opaque")
    assert "stringData" not in made.body


def test_deployment_gets_defaults_and_generation(api: Api, ns: str) -> None:
    where = ns.replace("/api/v1", "/apis/apps/v1") + "/deployments"
    pod = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    spec = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": pod}
    made = api.post(where, {"metadata": {"name": "d"}, "spec": spec, "status": {"replicas": 9}})
    assert made.status == 201, made.body
    assert made.metadata["generation"] == 1
    assert made.body["spec"]["template"]["spec"]["restartPolicy"] == "Always"
    assert made.body["status"].get("replicas") is None
    labelled = api.patch(f"{where}/d", {"metadata": {"labels": {"x": "y"}}})
    assert labelled.metadata["generation"] == 1
    paused = api.patch(f"{where}/d", {"spec": {"paused": True}})
    assert paused.metadata["generation"] == 2


def test_creating_on_the_whole_cluster_what_lives_in_namespaces_is_refused(api: Api) -> None:
    refused = api.post("/api/v1/configmaps", config_map(fresh()))
    assert refused.status in {404, 405}


def test_resource_version_in_a_new_object_is_refused(api: Api, ns: str) -> None:
    body = config_map("a")
    body["metadata"]["resourceVersion"] = "5"
    refused = api.post(f"{ns}/configmaps", body)
    assert refused.status in {400, 500}
    assert "resourceVersion should not be set on objects to be created" in refused.message
