"""Rules that lead names along: exact, small enough, and never a Secret's."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from drills import objects
from drills.backups import BackedUpObject, ObjectKey
from drills.engine import RestoreOrder
from drills.engines.velero import naming
from drills.engines.velero.judgement import backed_up, with_data
from drills.engines.velero.manifest import modifier_map
from drills.engines.velero.modifier import rules
from drills.engines.velero.naming import NameRules, name_rules
from drills.engines.velero.preview.patching import Modifier
from drills.engines.velero.rule import STRATEGIC, merge_rule, rendered
from drills.engines.velero.service_rules import service_rules
from drills.names import NameMap
from drills.objects import KubeObject
from drills.rewriting import named_in
from tests.drills.engines.velero.orders import order_of

SPACES = {"production": "backup-test", "db": "drill-db"}
NAMES = NameMap(namespaces=SPACES, services=frozenset({("db", "postgres")}))


def thing(resource: str, name: str = "shop", **parts: object) -> tuple[ObjectKey, KubeObject]:
    key = ObjectKey(resource=resource, namespace="production", name=name)
    return key, {"metadata": {"name": name, "namespace": "production"}, **parts}


def order(*found: tuple[ObjectKey, KubeObject]) -> RestoreOrder:
    """Return an order as reading an archive of these objects would make it."""
    held, named = [], []
    for key, obj in found:
        mine = named_in(key, obj, SPACES)
        known = backed_up(key, obj)
        held.append(with_data(known, obj, {one.place.key for one in mine}) if mine else known)
        named += mine
    made = order_of(*held, namespaces=SPACES)
    inventory = replace(made.inventory, named=tuple(named))
    return replace(made, inventory=inventory, names=NAMES)


def pod(*containers: Mapping[str, object], init: tuple[object, ...] = ()) -> KubeObject:
    return {"initContainers": list(init), "containers": list(containers)}


def applied(found: tuple[ObjectKey, KubeObject]) -> KubeObject:
    key, obj = found
    return Modifier(rules(order(found))).applied(key.resource, obj)


WEB: KubeObject = {
    "name": "web",
    "image": "registry.db/web",
    "command": ["run", "postgres.db"],
    "env": [{"name": "A", "value": "1"}, {"name": "DB", "value": "x://postgres.db.svc/"}],
    "livenessProbe": {"exec": {"command": ["ready", "-h", "postgres.db"]}, "periodSeconds": 5},
}
SIDE: KubeObject = {"name": "side", "env": [{"name": "A", "value": "1"}]}


def test_a_rule_fits_one_object_of_the_source() -> None:
    """Conditions see the object as backed up: with the namespace of the source."""
    (rule,) = rules(order(thing("configmaps", "a.b", data={"k": "postgres.db"})))
    conditions = objects.mapping(rule, "conditions")
    assert objects.items(conditions, "namespaces") == ["production"]
    pattern = objects.text(conditions, "resourceNameRegex")
    assert re.search(pattern, "a.b")
    assert not re.search(pattern, "a-b")


def test_only_keys_that_change_are_in_the_rule() -> None:
    found = thing("configmaps", data={"k": "postgres.db", "big": "x" * 100})
    (rule,) = rules(order(found))
    (patch,) = objects.items(rule, "mergePatches")
    assert json.loads(objects.text(patch, "patchData")) == {"data": {"k": "postgres.drill-db"}}
    assert objects.mapping(applied(found), "data")["big"] == "x" * 100


def test_a_workloads_patch_finds_its_containers_by_name() -> None:
    """Velero has put `restore-wait` before them; nothing but what changes is in the patch."""
    key, obj = thing("pods", spec=pod(WEB, SIDE, init=({"name": "init", "args": ["postgres.db"]},)))
    (rule,) = rules(order((key, obj)))
    (patch,) = objects.items(rule, STRATEGIC)
    data = json.loads(objects.text(patch, "patchData"))
    assert data["spec"]["containers"] == [
        {
            "name": "web",
            "command": ["run", "postgres.drill-db"],
            "env": [{"name": "DB", "value": "x://postgres.drill-db.svc/"}],
            "livenessProbe": {"exec": {"command": ["ready", "-h", "postgres.drill-db"]}},
        }
    ]
    waiting = {"name": "restore-wait", "args": ["uid"]}
    init = ({"name": "init", "args": ["postgres.db"]},)
    made = Modifier([rule]).applied("pods", {**obj, "spec": pod(WEB, SIDE, init=(waiting, *init))})
    assert objects.items(made, "spec", "initContainers") == [
        waiting,
        {"name": "init", "args": ["postgres.drill-db"]},
    ]
    web, side = objects.items(made, "spec", "containers")
    assert objects.items(web, "env")[0] == {"name": "A", "value": "1"}
    assert objects.text(web, "image") == "registry.db/web"
    assert objects.dig(web, "livenessProbe", "periodSeconds") == 5
    assert side == SIDE


@pytest.mark.parametrize(
    "resource",
    ["deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch"],
)
def test_templates_of_all_workloads(resource: str) -> None:
    found = thing(resource, spec={"template": {"spec": pod(WEB)}})
    assert "postgres.db" not in json.dumps(applied(found))


def test_a_revision_changes_as_its_workload_does() -> None:
    """Where the two differ, the controller would replace the restored pods."""
    template = {"template": {"$patch": "replace", "spec": pod(WEB, SIDE)}}
    revision = applied(thing("controllerrevisions.apps", data={"spec": template}))
    workload = applied(thing("statefulsets.apps", spec={"template": {"spec": pod(WEB, SIDE)}}))
    path = ("spec", "template", "spec", "containers")
    assert objects.dig(revision, "data", *path) == objects.dig(workload, *path)


def test_a_secret_is_placed_and_never_in_a_rule() -> None:
    text = base64.b64encode(b"x://u:hunter2@postgres.db/").decode()
    key, obj = thing("secrets", type="Opaque", data={"url": text})
    wanted = order((key, obj))
    assert name_rules(wanted) == NameRules(placed=frozenset({key}))
    assert rules(wanted) == ()
    assert text not in repr(wanted)
    assert "postgres.db" not in repr(wanted)


@pytest.mark.parametrize("kind", ["helm.sh/release.v1", "kubernetes.io/tls"])
def test_other_secrets_hold_no_settings(kind: str) -> None:
    text = base64.b64encode(b"postgres.db").decode()
    assert name_rules(order(thing("secrets", type=kind, data={"k": text}))) == NameRules()


def test_a_long_text_is_placed() -> None:
    found = thing("configmaps", data={"k": "postgres.db " + "x" * 70_000})
    assert name_rules(order(found)).placed == {found[0]}
    assert rules(order(found)) == ()


def test_a_password_in_a_config_map_is_not_copied_into_another() -> None:
    found = thing("configmaps", data={"k": "x://u:hunter2@postgres.db/"})
    assert name_rules(order(found)).placed == {found[0]}
    assert rules(order(found)) == ()


def test_no_report_shows_the_settings_in_a_rule() -> None:
    """A variable may hold a password; what is submitted goes into the report."""
    variables = [{"name": "DB", "value": "x://u:hunter2@postgres.db/"}]
    wanted = order(
        thing("deployments.apps", spec={"template": {"spec": pod({**WEB, "env": variables})}})
    )
    assert "hunter2" in str(modifier_map(wanted, "velero"))
    shown = str(modifier_map(wanted, "velero", veil=True))
    assert "hunter2" not in shown
    assert "characters, not shown" in shown


def test_many_texts_go_into_rules_as_far_as_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small ones first, workloads always: what is placed can only be data."""
    monkeypatch.setattr(naming, "BUDGET", 2_000)
    small = thing("configmaps", "small", data={"k": "postgres.db"})
    large = thing("configmaps", "large", data={"k": "postgres.db " + "x" * 1_900})
    pods = thing("pods", spec=pod(WEB))
    made = name_rules(order(large, small, pods))
    assert made.placed == {large[0]}
    assert len(made.rules) == 2


def test_objects_that_change_alike_share_a_rule() -> None:
    """Velero tries every rule on every object, and one ConfigMap holds them all."""
    pods = [thing("pods", f"web-{n}", spec=pod(WEB)) for n in range(40)]
    sets = [thing("replicasets.apps", n, spec={"template": {"spec": pod(WEB)}}) for n in ("a", "b")]
    other = thing("pods", "web-4", spec=pod({**WEB, "command": ["run", "postgres.db.svc"]}))
    wanted = order(*(one for one in pods if one[0].name != "web-4"), *sets, other)
    assert len(name_rules(wanted).rules) == 3
    modifier = Modifier(rules(wanted))
    for key, obj in (*pods[:4], *pods[5:], *sets):
        assert "postgres.db" not in json.dumps(modifier.applied(key.resource, obj)), key
    changed = modifier.applied("pods", other[1])
    (web,) = objects.items(changed, "spec", "containers")
    assert objects.items(web, "command") == ["run", "postgres.drill-db.svc"]
    stranger = thing("pods", "web-40", spec=pod(WEB))[1]
    assert modifier.applied("pods", stranger) == stranger


def test_thousands_that_change_alike_fit() -> None:
    found = [
        thing("deployments.apps", f"web-{n}", spec={"template": {"spec": pod(WEB)}})
        for n in range(5_000)
    ]
    (rule,) = name_rules(order(*found)).rules
    assert "resourceNameRegex" not in objects.mapping(rule, "conditions")
    stranger = thing("deployments.apps", "other", spec={"template": {"spec": pod(SIDE)}})
    wanted = order(*found, stranger)
    assert len(rendered(rules(wanted))) < 200_000
    assert Modifier(rules(wanted)).applied("deployments.apps", stranger[1]) == stranger[1]


def test_an_alias_follows_its_service_and_others_lead_nowhere() -> None:
    def service(alias: str) -> BackedUpObject:
        key, obj = thing("services", spec={"type": "ExternalName", "externalName": alias})
        return backed_up(key, obj)

    def patch(alias: str, *others: str) -> object:
        found = service_rules([service(alias), *map(service, others)], NAMES)
        return json.loads(objects.text(objects.items(next(found), "mergePatches")[0], "patchData"))

    assert patch("postgres.db.svc.cluster.local", "mail.example.com") == {
        "spec": {"externalName": "postgres.drill-db.svc.cluster.local"}
    }
    for alias in ("postgres.db", "postgres.db.svc", "mail.example.com"):
        assert objects.dig(patch(alias), "spec", "clusterIP") == "None", alias


@given(st.text(max_size=40))
def test_whatever_a_text_holds_a_rule_carries_it(text: str) -> None:
    """Both documents are YAML, one within the other; JSON alone would not do beyond 16 bits."""
    rule = merge_rule("configmaps", ["production"], {"data": {"k": text}})
    (read,) = yaml.safe_load(rendered([rule]))["resourceModifierRules"]
    patch = read["mergePatches"][0]["patchData"]
    assert yaml.safe_load(patch) == {"data": {"k": text}}
    assert re.search("[\x7f-\uffff]", patch) is None
