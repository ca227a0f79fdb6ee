"""Two namespaces that call each other by full name: a whole drill leads the names along."""

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.cli import main
from tests.e2e.buckets import BACKUP, Bucket
from tests.e2e.conftest import Drilled

Drill = Callable[..., Drilled]
Write = Callable[..., Path]
Change = Callable[[dict[str, Any]], None]

RESTORE = "{namespaces: {production: drill-shop, db: drill-db}, rewriteNames: true, deadline: 60s}"
PLAIN = "{namespaces: {production: drill-shop, db: drill-db}, deadline: 60s}"
SECRET_URL = "postgres://shop:s3cret-w0rd@postgres.db.svc:5432/shop"
LED_URL = SECRET_URL.replace(".db.svc", ".drill-db.svc")
LONG = "upstream shop.production.svc.cluster.local;\n" + "# filler\n" * 10_000
SPACE = "production/"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def with_variable(*path: str) -> Change:
    """Return what gives the first container of the pod spec at `path` a variable and arguments."""

    def change(obj: dict[str, Any]) -> None:
        spec = obj
        for step in path:
            spec = spec[step]
        container = spec["containers"][0]
        container["env"] = [
            {"name": "FIRST", "value": "1"},
            {"name": "DB", "value": "jdbc:postgresql://shop:v4riable@postgres.db:5432/shop"},
            {"name": "LAST", "value": "notpostgres.db"},
        ]
        container["args"] = ["--db", "postgres.db.svc:5432"]

    return change


def settings(obj: dict[str, Any]) -> None:
    obj["data"]["nginx.conf"] = "server postgres.db.svc.cluster.local; # \u00fcber \U0001f600\x7f\n"


def credentials(obj: dict[str, Any]) -> None:
    obj["data"]["url"] = encoded(SECRET_URL)


TEMPLATE = ("spec", "template", "spec")
CHANGES: Mapping[str, Change] = {
    "/configmaps/namespaces/production/shop-config.json": settings,
    "/secrets/namespaces/production/shop-credentials.json": credentials,
    "/deployments.apps/namespaces/production/shop.json": with_variable(*TEMPLATE),
    "/replicasets.apps/namespaces/production/shop-654c845dd7.json": with_variable(*TEMPLATE),
    "/pods/namespaces/production/shop-654c845dd7-7mm2n.json": with_variable("spec"),
    "/pods/namespaces/production/shop-654c845dd7-5pqq7.json": with_variable("spec"),
    "/pods/namespaces/production/ledger-0.json": with_variable("spec"),
    "/statefulsets.apps/namespaces/production/ledger.json": with_variable(*TEMPLATE),
    "/controllerrevisions.apps/namespaces/production/ledger-674b7b55cd.json": with_variable(
        "data", *TEMPLATE
    ),
    "/cronjobs.batch/namespaces/production/billing.json": with_variable(
        "spec", "jobTemplate", *TEMPLATE
    ),
}


def made(api: str, kind: str, name: str, **parts: object) -> dict[str, object]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "db"}, **parts}


PORTS = [{"port": 5432, "protocol": "TCP", "targetPort": 5432}]
ADDED: Mapping[str, dict[str, object]] = {
    "namespaces/cluster/db": {
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "db"}
    },
    "services/namespaces/db/postgres": made(
        "v1", "Service", "postgres", spec={"clusterIP": "None", "ports": PORTS}
    ),
    "services/namespaces/db/web": made(
        "v1",
        "Service",
        "web",
        spec={"type": "ExternalName", "externalName": "shop.production.svc.cluster.local"},
    ),
    "services/namespaces/db/mail": made(
        "v1", "Service", "mail", spec={"type": "ExternalName", "externalName": "mail.example.com"}
    ),
    "configmaps/namespaces/db/hba": made("v1", "ConfigMap", "hba", data={"long.conf": LONG}),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _two_namespaces(bucket: Bucket) -> None:
    """Give the sample a second namespace, and settings that name Services in full."""
    bucket.change_archive(CHANGES, ADDED)

    def listed(document: object) -> None:
        assert isinstance(document, dict)
        document["v1/Namespace"].append("db")
        document["v1/Service"] += ["db/postgres", "db/web", "db/mail"]
        document["v1/ConfigMap"].append("db/hba")

    def included(document: object) -> None:
        assert isinstance(document, dict)
        document["spec"]["includedNamespaces"] = ["production", "db"]

    bucket.change_json(f"{BACKUP}-resource-list.json.gz", listed)
    bucket.change_json("velero-backup.json", included)


def probe(kind: str, name: str, path: str, value: str, *, namespace: str = "production") -> str:
    api = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "ReplicaSet": "apps/v1",
           "ControllerRevision": "apps/v1", "CronJob": "batch/v1"}.get(kind, "v1")  # fmt: skip
    question = {"apiVersion": api, "kind": kind, "name": name, "namespace": namespace}
    expect = {"jsonPath": path, "value": value}
    said = {"name": f"{kind} {name} {path}", "resource": question, "expect": expect, "retries": 0}
    line = yaml.safe_dump(said, default_flow_style=True, width=10**9)
    return f"    - {line}"


URL = "jdbc:postgresql://shop:v4riable@postgres.drill-db:5432/shop"
POD = ".spec.containers[0]"
TEMPLATE_POD = ".spec.template.spec.containers[0]"
PROBES = "".join(
    (
        probe("ConfigMap", "shop-config", "{.data['nginx\\.conf']}",
              "server postgres.drill-db.svc.cluster.local; # \u00fcber \U0001f600\x7f\n"),
        probe("ConfigMap", "shop-config", "{.data.DATABASE_HOST}",
              "ledger.drill-shop.svc.cluster.local"),
        probe("ConfigMap", "hba", "{.data['long\\.conf']}",
              LONG.replace(".production.", ".drill-shop."), namespace="db"),
        probe("Service", "web", "{.spec.externalName}", "shop.drill-shop.svc.cluster.local",
              namespace="db"),
        probe("Service", "mail", "{.spec.clusterIP}", "None", namespace="db"),
        *(
            probe(kind, name, f"{{{path}.{field}}}", value)
            for kind, name, path in (
                ("Deployment", "shop", TEMPLATE_POD),
                ("ReplicaSet", "shop-654c845dd7", TEMPLATE_POD),
                ("StatefulSet", "ledger", TEMPLATE_POD),
                ("ControllerRevision", "ledger-674b7b55cd", f".data{TEMPLATE_POD}"),
                ("CronJob", "billing", f".spec.jobTemplate{TEMPLATE_POD}"),
                ("Pod", "ledger-0", POD),
            )
            for field, value in (
                ("env[1].value", URL),
                ("env[2].value", "notpostgres.db"),
                ("args[1]", "postgres.drill-db.svc:5432"),
            )
        ),
        # The container that waits for the volume's data must still be there.
        probe("Pod", "ledger-0", "{.spec.initContainers[0].name}", "restore-wait"),
    )
)  # fmt: skip


def test_names_are_led_into_the_sandbox(drill: Drill, write: Write, bucket: Bucket) -> None:
    """In every kind of object, told in the report one by one, and the volume's data comes back."""
    scenario = write(restore=RESTORE, probes=PROBES)
    done = drill(scenario, "--embedded", "--store", bucket.folder)
    wrong = [(p["name"], p["message"]) for p in done.document["probes"] if p["outcome"] != "passed"]
    assert not wrong
    assert (done.code, done.verdict) == (0, "passed")
    assert done.document["volumes"][0]["outcome"] == "restored"
    assert "already-exists" not in done.findings("warning")
    led = {
        (one["object"], one["place"], one["from"], one["to"], one["outcome"])
        for one in done.document["rewritings"]
    }
    assert {one[4] for one in led} == {"rewritten"}
    pod = "deployments.apps production/shop"
    assert (pod, "DB of container shop", "postgres.db", "postgres.drill-db", "rewritten") in led
    assert (pod, "args of container shop", "postgres.db.svc", "postgres.drill-db.svc",
            "rewritten") in led  # fmt: skip
    assert ("secrets production/shop-credentials", "url", None, None, "rewritten") in led
    assert "does not test" in done.findings("info")["names-rewritten"]["message"]
    assert "points-at-production" not in done.findings("info")
    assert any("names " in line and "rewritten in" in line for line in done.lines)
    placed = [one for one in done.document["audit"] if "shop-credentials" in one["resource"]]
    assert [one["resource"] for one in placed] == ["Secret drill-shop/shop-credentials"]


def test_a_secret_is_led_along_before_any_pod_reads_it(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    """Velero leaves alone what is there; nothing of the value is in what it was given."""
    asked = probe("Secret", "shop-credentials", "{.data.url}", encoded(LED_URL))
    asked += probe("Secret", "shop-credentials", "{.data.username}", encoded("shop"))
    done = drill(write(restore=RESTORE, probes=asked), "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (0, "passed"), (
        done.document["traceback"] or done.document["reasons"]
    )
    submitted = json.dumps(done.document["restore"]["submitted"])
    assert "characters, not shown" in submitted
    for text in (SECRET_URL, LED_URL, "s3cret-w0rd"):
        assert text not in json.dumps(done.document)
        assert encoded(text) not in submitted
    assert "v4riable" not in json.dumps(done.document)


def test_without_the_wish_nothing_is_led_along(drill: Drill, write: Write, bucket: Bucket) -> None:
    asked = probe("ConfigMap", "shop-config", "{.data.DATABASE_HOST}",
                  "ledger.production.svc.cluster.local")  # fmt: skip
    done = drill(write(restore=PLAIN, probes=asked), "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (0, "passed"), (
        done.document["traceback"] or done.document["reasons"]
    )
    assert done.document["rewritings"] == []
    assert "names-rewritten" not in done.findings("info")
    assert "restore.rewriteNames" in done.findings("info")["points-at-production"]["remedy"]


def test_the_plan_shows_each_name(
    write: Write, bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = write(restore=RESTORE, probes=PROBES)
    assert main(["plan", str(scenario), "--embedded", "--store", str(bucket.folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        "rewrite  configmaps production/shop-config nginx.conf: "
        "postgres.db.svc.cluster.local -> postgres.drill-db.svc.cluster.local"
    ) in lines
    assert (
        "rewrite  secrets production/shop-credentials url: names of Services; not shown"
    ) in lines
    assert "s3cret" not in "\n".join(lines)


def test_the_plan_carries_no_terminal_sequence(
    write: Write, bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names in an archive are whatever somebody put there."""

    def evil(obj: dict[str, Any]) -> None:
        variables = obj["spec"]["template"]["spec"]["containers"][0]["env"]
        variables[1]["name"] = "\x1b]0;owned\x07\u202eDB"

    bucket.change_archive({"/deployments.apps/namespaces/production/shop.json": evil}, {})
    scenario = write(restore=RESTORE, probes=PROBES)
    main(["plan", str(scenario), "--embedded", "--store", str(bucket.folder)])
    out = capsys.readouterr().out
    assert "rewrite  deployments.apps production/shop" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_a_dry_run_tries_the_objects_with_their_new_names(
    write: Write, bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = write(restore=RESTORE, probes=PROBES)
    main(["plan", "--dry-run", str(scenario), "--embedded", "--store", str(bucket.folder)])
    out = capsys.readouterr().out
    tried = next(line for line in out.splitlines() if line.startswith("dry run"))
    accepted, _, of, *_ = tried.removeprefix("dry run  ").split()
    assert accepted == of
