"""What the engine promised of names is looked for in the sandbox itself."""

import base64
from dataclasses import replace

from drills.backups import BackedUpObject, ObjectKey
from drills.cluster import Kind
from drills.engine import RestoreOrder
from drills.errors import Forbidden
from drills.marks import marks
from drills.names import NameMap
from drills.objects import KubeObject
from drills.rewriting import named_in
from drills.stages.names_led import NamesLed, look_for_names
from tests.fakes.cluster import FakeCluster
from tests.fakes.drilling import DRILL
from tests.fakes.engine import SOURCE, backup, inventory
from tests.fakes.probing import SANDBOX

CONFIG_MAP, SECRET = Kind("v1", "ConfigMap"), Kind("v1", "Secret")
NAMES = NameMap(namespaces={SOURCE: SANDBOX}, services=frozenset({(SOURCE, "db")}))
OLD, NEW = f"db.{SOURCE}.svc", f"db.{SANDBOX}.svc"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def order(kind: str, resource: str, data: dict[str, str]) -> RestoreOrder:
    """Return an order over one object with these settings."""
    key = ObjectKey(resource=resource, namespace=SOURCE, name="settings")
    held = BackedUpObject(key=key, api_version="v1", kind=kind)
    named = named_in(key, {"data": data}, {SOURCE})
    return RestoreOrder(
        drill_id=DRILL,
        backup=backup(),
        inventory=replace(inventory(held), named=named),
        namespaces={SOURCE: SANDBOX},
        left_out=(),
        labels=marks(DRILL, "weekly"),
        names=NAMES,
    )


def live(kind: str, data: dict[str, str]) -> KubeObject:
    metadata = {"name": "settings", "namespace": SANDBOX}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data}


def looked(cluster: FakeCluster, wanted: RestoreOrder) -> NamesLed:
    kinds = {"configmaps": cluster.served(CONFIG_MAP), "secrets": cluster.served(SECRET)}
    return look_for_names(cluster, kinds, wanted)


def outcomes(led: NamesLed) -> list[tuple[str, str]]:
    return [(row.place, row.outcome) for row in led.rewritings]


def test_what_was_led_is_told() -> None:
    cluster = FakeCluster(None, live("ConfigMap", {"url": f"x://{NEW}/", "note": "db"}))
    led = looked(cluster, order("ConfigMap", "configmaps", {"url": f"x://{OLD}/"}))
    assert outcomes(led) == [("url", "rewritten")]
    assert led.findings == ()
    assert (led.rewritings[0].old, led.rewritings[0].new) == (OLD, NEW)


def test_what_still_leads_back_is_named() -> None:
    """One of two keys was led along: the other one is told, by its key."""
    cluster = FakeCluster(None, live("ConfigMap", {"a": NEW, "b": OLD}))
    led = looked(cluster, order("ConfigMap", "configmaps", {"a": OLD, "b": OLD}))
    assert outcomes(led) == [("a", "rewritten"), ("b", "unchanged")]
    (finding,) = led.findings
    assert (finding.code, finding.subject) == (
        "name-not-rewritten",
        f"configmaps {SOURCE}/settings",
    )
    assert finding.message == "b still leads to the source namespace."


def test_of_a_secret_only_the_key_is_told() -> None:
    url = f"postgres://u:hunter2@{OLD}/x"
    cluster = FakeCluster(None, live("Secret", {"url": encoded(url)}))
    led = looked(cluster, order("Secret", "secrets", {"url": encoded(url)}))
    assert outcomes(led) == [("url", "unchanged")]
    assert (led.rewritings[0].old, led.rewritings[0].new) == ("", "")
    said = repr(led)
    assert "still leads" in said
    assert OLD not in said
    assert "hunter2" not in said


def test_an_object_that_is_not_there_is_missed_elsewhere() -> None:
    led = looked(FakeCluster(), order("ConfigMap", "configmaps", {"url": OLD}))
    assert outcomes(led) == [("url", "absent")]
    assert led.findings == ()


def test_what_may_not_be_read_is_not_called_rewritten() -> None:
    cluster = FakeCluster(None, live("Secret", {"url": encoded(NEW)}))
    cluster.refuse("get", SECRET, Forbidden("no", hint=""))
    led = looked(cluster, order("Secret", "secrets", {"url": encoded(OLD)}))
    assert outcomes(led) == [("url", "unknown")]
    assert "could not be looked at" in led.findings[0].message


def test_a_kind_that_is_not_served_leaves_it_open() -> None:
    wanted = order("ConfigMap", "configmaps", {"url": OLD})
    assert outcomes(look_for_names(FakeCluster(), {}, wanted)) == [("url", "unknown")]


def test_without_the_wish_nothing_is_looked_at() -> None:
    wanted = replace(order("ConfigMap", "configmaps", {"url": OLD}), names=None)
    assert looked(FakeCluster(), wanted) == NamesLed()
