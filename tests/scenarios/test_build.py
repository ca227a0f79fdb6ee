"""What a file says is what the Scenario holds; what it leaves out is the documented default."""

import copy
import json
import pickle
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from scenarios import (
    CleanupPolicy,
    NetworkIsolation,
    Pick,
    PickMode,
    ProofLevel,
    RetentionSpec,
    Scenario,
    load_scenario,
    parse_scenario,
)
from scenarios.published import definition, scenario_schema

EXAMPLES = Path(__file__).parent / "examples" / "valid"


def load(name: str, environ: Mapping[str, str] | None = None) -> Scenario:
    return load_scenario(EXAMPLES / f"{name}.yaml", environ or {})


def test_every_field_arrives() -> None:
    loaded = load("every-field")
    assert (loaded.name, loaded.description, loaded.owner) == ("every-field", "All of it", "me")
    assert loaded.schedule is not None
    assert loaded.schedule.time_zone == "America/New_York"
    assert (loaded.cluster.context, loaded.cluster.kubeconfig) == ("prod", "/etc/kubeconfig")
    assert loaded.target is not None
    assert loaded.target.in_cluster
    assert loaded.prove is ProofLevel.DATA
    assert loaded.cleanup is CleanupPolicy.ON_SUCCESS
    assert loaded.controls == ("ISO27001:A.8.13", "HIPAA:164.308(a)(7)(ii)(D)")
    assert loaded.isolation.network is NetworkIsolation.NONE
    assert loaded.objectives.rto == timedelta(minutes=15)
    assert loaded.objectives.rpo == timedelta(hours=24)
    assert loaded.objectives.lookback == timedelta(days=30)


def test_backup_and_restore_arrive() -> None:
    loaded = load("every-field")
    backup, restore = loaded.backup, loaded.restore
    assert backup.engine == backup.namespace == "velero"
    assert backup.labels == {"app.kubernetes.io/name": "shop", "tier": ""}
    assert backup.pick == Pick(mode=PickMode.RANDOM, window=timedelta(days=14), seed=7)
    assert backup.max_age == timedelta(days=15)
    assert backup.accept_partially_failed
    assert backup.options == {"anything": ("goes", {"here": 1})}
    assert restore.namespaces == {"production": "backup-test", "billing": "drill-billing"}
    assert restore.deadline == timedelta(hours=1, minutes=30)
    assert restore.cleanup_deadline == timedelta(seconds=90)
    assert restore.stable_for == timedelta(milliseconds=500)
    assert restore.exclude == ("jobs.batch", "*.example.org")
    assert restore.storage_classes == {"fast": "standard", "local-1": "standard"}
    assert restore.rewrite_names
    assert restore.namespace_labels == ("istio-injection", "istio.io/rev")
    assert restore.allow == ("networkpolicies.networking.k8s.io",)


def test_probes_arrive() -> None:
    objects, web, port, command, log = load("every-field").probes
    assert [probe.kind for probe in (objects, web, port, command, log)] == [
        "resource",
        "http",
        "tcp",
        "exec",
        "logs",
    ]
    assert not objects.required
    assert (objects.retries, objects.timeout) == (0, timedelta(seconds=5))
    assert objects.interval == timedelta(milliseconds=250)
    assert web.needs == ("objects",)
    assert web.expect["latency"] == "1s500ms"
    assert command.question["command"] == ("date", "")
    assert command.expect["value"] == {"min": -1.5}


def test_what_a_probe_proves_where_it_does_not_say() -> None:
    """Only a probe that says so proves data."""
    objects, web, port, command, log = load("every-field").probes
    assert objects.proves is ProofLevel.OBJECTS
    assert {web.proves, port.proves, log.proves} == {ProofLevel.SERVICE}
    assert command.proves is ProofLevel.DATA


def test_defaults_are_those_of_the_published_schema() -> None:
    loaded = load("smallest")
    fields = definition(scenario_schema(), "$defs", "probe", "properties")
    restore = definition(
        scenario_schema(), "properties", "spec", "properties", "restore", "properties"
    )
    with_probe = load("aliases").probes[0]
    assert definition(fields, "timeout")["default"] == "10s"
    assert with_probe.timeout == timedelta(seconds=10)
    assert definition(fields, "retries")["default"] == with_probe.retries
    assert definition(restore, "stableFor")["default"] == "300ms"
    assert loaded.restore.stable_for == timedelta(milliseconds=300)
    assert loaded.restore.deadline == timedelta(minutes=30)
    assert loaded.backup.pick == Pick()
    assert loaded.cleanup is CleanupPolicy.ALWAYS
    assert loaded.prove is None
    assert not loaded.probes


def test_words_that_look_like_numbers_stay_words() -> None:
    loaded = load("quoted-surprises")
    assert (loaded.owner, loaded.description) == ("12:30", "2026-11-21")
    assert loaded.probes[0].question["command"] == ("sleep", "010")


def test_the_environment_is_filled_in() -> None:
    """Text becomes a number or a boolean only where the schema asks for one."""
    environ = {"CONTEXT": "12", "PREFIX": "a", "PORT": "8080", "RETRIES": "3", "PROOF": "true"}
    loaded = load("environment", environ)
    assert loaded.cluster.context == "12"
    assert loaded.cluster.kubeconfig == "~/.kube/config"
    assert loaded.backup.schedule == "a-daily"
    assert loaded.isolation.require_proof
    assert loaded.probes[0].name == "costs $5, matches ^a$"
    assert loaded.probes[0].question["port"] == 8080
    assert loaded.probes[0].retries == 3
    assert loaded.probes[0].expect["body"] == {"matches": "^${literal}$"}


def test_the_environment_cannot_add_structure() -> None:
    text = (EXAMPLES / "smallest.yaml").read_text().replace("{context: prod}", "{context: '${X}'}")
    sly = "prod}\n  target: {context: other}\n  #"
    loaded = parse_scenario(text.encode(), source="", environ={"X": sly})
    assert loaded.cluster.context == sly
    assert loaded.target is None


def test_the_hash_is_of_the_file_as_it_is() -> None:
    data = (EXAMPLES / "environment.yaml").read_bytes()
    environ = {"CONTEXT": "p", "PREFIX": "a", "PORT": "80", "RETRIES": "3", "PROOF": "true"}
    loaded = parse_scenario(data, source="here.yaml", environ=environ)
    assert loaded.sha256 == sha256(data).hexdigest()
    assert loaded.source == "here.yaml"


def test_a_scenario_can_be_copied_and_its_questions_become_json() -> None:
    loaded = load("every-field")
    assert copy.deepcopy(loaded) == loaded
    assert pickle.loads(pickle.dumps(loaded)) == loaded  # noqa: S301  our own bytes
    assert json.loads(json.dumps(loaded.probes[1].question))["service"] == "shop"


def retention(text: str) -> RetentionSpec:
    base = (EXAMPLES / "every-field.yaml").read_text()
    grown = base.replace("\nspec:\n", f"\nspec:\n  retention: {text}\n", 1)
    return parse_scenario(grown.encode(), source="", environ={}).retention


def test_retention_arrives() -> None:
    """Tiers that are named replace the defaults; other settings leave them as they are."""
    assert load("every-field").retention == RetentionSpec()
    own = retention("{weekly: 14d, storageLimit: 2Gi, replica: ./copy, replicaLag: 2h}")
    assert (own.daily, own.weekly, own.monthly) == (None, timedelta(days=14), None)
    assert (own.storage_limit, own.replica) == (2 << 30, "./copy")
    assert own.replica_lag == timedelta(hours=2)
    assert retention("{storageLimit: 1Gi}").daily == timedelta(days=30)
