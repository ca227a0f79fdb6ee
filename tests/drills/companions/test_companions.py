"""What pods name and the backup does not hold: who says so, and how much it weighs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.backups import BackedUpObject, Maker, ObjectKey
from drills.companions.judging import Ground, drill_lacks
from drills.companions.makers import maker_of, named_after
from drills.companions.named import needed_by
from drills.coverage.scope import BackupScope
from drills.engine import LeftOutRule
from drills.engines.velero.judgement import backed_up
from drills.findings import Cause, Finding, Severity

WHOLE = Ground(scope=BackupScope(), drill=True)
KINDS = {"pods": "Pod", "deployments.apps": "Deployment", "jobs.batch": "Job"}


def held(resource: str, name: str, **parts: object) -> BackedUpObject:
    extra = parts.pop("metadata", {})
    assert isinstance(extra, dict)
    metadata = {"name": name, "namespace": "production", **extra}
    key = ObjectKey(resource=resource, namespace="production", name=name)
    return backed_up(key, {"kind": KINDS.get(resource, "Thing"), "metadata": metadata, **parts})


def reading(name: str, key: str = "secretRef", **more: object) -> dict[str, object]:
    return {"containers": [{"name": "c", "envFrom": [{key: {"name": name, **more}}]}]}


def pod(
    spec: dict[str, object], name: str = "shop-1", phase: str = "Running", owner: str = ""
) -> BackedUpObject:
    kind, _, by = owner.partition("/")
    owners = [{"kind": kind, "name": by, "controller": True}] if owner else []
    return held(
        "pods", name, metadata={"ownerReferences": owners}, spec=spec, status={"phase": phase}
    )


def deployment(spec: dict[str, object], replicas: int = 1) -> BackedUpObject:
    return held("deployments.apps", "shop", spec={"replicas": replicas, "template": {"spec": spec}})


def found(
    *objects: BackedUpObject, ground: Ground = WHOLE, makers: tuple[Maker, ...] = ()
) -> tuple[Finding, ...]:
    return drill_lacks(objects, makers, ("production",), ground)


def test_what_is_held_is_not_missed() -> None:
    assert found(pod(reading("db")), held("secrets", "db")) == ()


def test_a_running_pod_that_lacks_a_secret_would_not_start() -> None:
    (finding,) = found(pod(reading("db")), deployment(reading("db")))
    assert finding.code == "secret-not-in-backup"
    assert finding.severity is Severity.CRITICAL
    assert finding.cause is Cause.BACKUP
    assert finding.subject == "secret production/db"
    assert "Pod shop-1" in finding.message
    assert finding.remedy


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (reading("c", "configMapRef"), "configmap-not-in-backup"),
        ({"serviceAccountName": "robot"}, "service-account-not-in-backup"),
        (
            {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]},
            "claim-not-in-backup",
        ),
        ({"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}, "secret-not-in-backup"),
        ({"volumes": [{"name": "v", "configMap": {"name": "c"}}]}, "configmap-not-in-backup"),
        (
            {"volumes": [{"projected": {"sources": [{"secret": {"name": "s"}}]}}]},
            "secret-not-in-backup",
        ),
        (
            {"volumes": [{"csi": {"driver": "d", "nodePublishSecretRef": {"name": "s"}}}]},
            "secret-not-in-backup",
        ),
        (
            {
                "initContainers": [
                    {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}]}
                ]
            },
            "secret-not-in-backup",
        ),
        (
            {
                "containers": [
                    {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "s"}}}]}
                ]
            },
            "configmap-not-in-backup",
        ),
    ],
)
def test_every_way_of_naming_counts(spec: dict[str, object], code: str) -> None:
    (finding,) = found(pod(spec))
    assert (finding.code, finding.severity) == (code, Severity.CRITICAL)


@pytest.mark.parametrize(
    "obj",
    [
        pod(reading("db", optional=True)),
        pod(reading("kube-root-ca.crt", "configMapRef")),
        pod(reading("istio-ca-root-cert", "configMapRef")),
        pod({"serviceAccountName": "default"}),
        pod({"volumes": [{"secret": {"secretName": "default-token-x1y2z"}}]}),
        pod({"imagePullSecrets": [{"name": "default-dockercfg-x1y2z"}]}),
        pod(reading("db"), phase="Succeeded"),
        pod(reading("db"), owner="Job/migrate"),
        deployment(reading("db"), replicas=0),
        held("jobs.batch", "migrate", spec={"template": {"spec": reading("db")}}),
        held(
            "replicasets.apps",
            "shop-1",
            metadata={
                "ownerReferences": [{"kind": "Deployment", "name": "shop", "controller": True}]
            },
            spec={"replicas": 0, "template": {"spec": reading("db")}},
        ),
        pod({"volumes": [{"emptyDir": {}}, {"projected": {"sources": [{"downwardAPI": {}}]}}]}),
    ],
)
def test_what_no_restored_pod_needs_raises_no_alarm(obj: BackedUpObject) -> None:
    assert found(obj) == ()


def test_a_secret_for_pulling_is_a_warning() -> None:
    (finding,) = found(pod({"imagePullSecrets": [{"name": "registry"}]}))
    assert finding.severity is Severity.WARNING
    assert not finding.unanswered


def test_a_kind_that_the_backup_leaves_out_may_come_from_elsewhere() -> None:
    ground = Ground(scope=BackupScope(excluded=("secrets",)), drill=True)
    (finding,) = found(pod(reading("db")), ground=ground)
    assert (finding.severity, finding.unanswered) == (Severity.WARNING, True)
    assert finding.cause is Cause.CONFIGURATION
    assert "leaves every Secret out" in finding.message


@pytest.mark.parametrize("phase", ["Pending", "Unknown"])
def test_pods_that_did_not_run_in_the_source_blame_no_backup(phase: str) -> None:
    (finding,) = found(pod(reading("db"), phase=phase), deployment(reading("db")))
    assert finding.severity is Severity.WARNING
    assert "source" in finding.message


def test_a_workload_whose_pods_were_not_backed_up_counts_as_running() -> None:
    (finding,) = found(deployment(reading("db")))
    assert finding.severity is Severity.CRITICAL
    (finding,) = found(deployment(reading("db")), pod({}))
    assert finding.severity is Severity.WARNING


def external(name: str = "db") -> Maker:
    key = ObjectKey(
        resource="externalsecrets.external-secrets.io", namespace="production", name="e"
    )
    return Maker(key=key, makes=(name,))


def test_what_a_custom_resource_makes_may_still_come() -> None:
    (finding,) = found(pod(reading("db")), makers=(external(),))
    assert finding.severity is Severity.INFO
    assert "externalsecrets.external-secrets.io e" in finding.message
    (finding,) = found(pod(reading("db")), makers=(external("other"),))
    assert finding.severity is Severity.CRITICAL


def test_a_maker_that_the_drill_leaves_out_leaves_the_question_open() -> None:
    rule = LeftOutRule(resource="externalsecrets.external-secrets.io", reason="shared")
    ground = Ground(scope=BackupScope(), left_out=(rule,), drill=True)
    (finding,) = found(pod(reading("db")), ground=ground, makers=(external(),))
    assert finding.unanswered
    assert "restore.allow: [externalsecrets.external-secrets.io]" in finding.remedy


def test_an_operators_own_secret_is_guessed_by_name() -> None:
    database = held("clusters.postgresql.cnpg.io", "shop-db")
    (finding,) = found(pod(reading("shop-db-app")), database)
    assert (finding.severity, finding.unanswered) == (Severity.WARNING, False)
    assert "clusters.postgresql.cnpg.io shop-db" in finding.message


@pytest.mark.parametrize(
    "resource", ["servicemonitors.monitoring.coreos.com", "virtualservices.networking.istio.io"]
)
def test_what_makes_no_secrets_is_no_excuse(resource: str) -> None:
    (finding,) = found(pod(reading("shop-db-app")), held(resource, "shop-db"))
    assert finding.severity is Severity.CRITICAL


def test_what_makes_a_secret_makes_no_account_of_that_name() -> None:
    (finding,) = found(pod({"serviceAccountName": "db"}), makers=(external(),))
    assert finding.severity is Severity.CRITICAL


def test_pods_that_the_drill_leaves_out_name_nothing() -> None:
    ground = Ground(left_out=(LeftOutRule(resource="pods", reason="scenario"),), drill=True)
    assert found(pod(reading("db")), ground=ground) == ()


def test_other_namespaces_are_not_asked() -> None:
    assert drill_lacks((pod(reading("db")),), (), ("elsewhere",), WHOLE) == ()


def test_many_lacks_are_one_finding() -> None:
    pods = [pod(reading(f"db-{i}"), name=f"shop-{i}") for i in range(40)]
    (finding,) = found(*pods)
    assert "40 Secrets" in finding.message


@pytest.mark.parametrize(
    ("resource", "obj", "makes"),
    [
        ("certificates.cert-manager.io", {"spec": {"secretName": "tls"}}, ("tls",)),
        ("certificates.cert-manager.io", {"spec": {}}, None),
        ("sealedsecrets.bitnami.com", {"metadata": {"name": "s"}}, ("s",)),
        (
            "externalsecrets.external-secrets.io",
            {"metadata": {"name": "e"}, "spec": {"target": {"name": "t"}}},
            ("t",),
        ),
        (
            "services",
            {"metadata": {"annotations": {
                "service.beta.openshift.io/serving-cert-secret-name": "tls"}}},
            ("tls",),
        ),
        ("services", {"metadata": {"name": "s"}}, None),
        ("widgets.example.com", {"metadata": {"name": "w"}}, None),
    ],
)  # fmt: skip
def test_makers(resource: str, obj: dict[str, object], makes: tuple[str, ...] | None) -> None:
    key = ObjectKey(resource=resource, namespace="production", name="x")
    maker = maker_of(key, obj)
    assert (maker.makes if maker else None) == makes


def test_names_are_tried_from_the_longest_on() -> None:
    assert list(named_after("a-b.c")) == ["a-b.c", "a-b", "b.c", "a", "b", "c"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["volumes", "containers", "env", "secret", "name", "sources", "csi"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_a_spec_holds_only_names_come_out(spec: object) -> None:
    assert all(resource and name for resource, name in needed_by(spec))
