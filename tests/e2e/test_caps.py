"""Whole drills with caps: what does not fit is want of capacity, and what is cut is said."""

from embedded.cluster import EmbeddedCluster
from tests.e2e.conftest import PROBES
from tests.e2e.living import On, things

RESTORE = "{{namespaces: {{production: backup-test}}, deadline: {0}s, replicas: {{max: 1}}}}"
SHORT = "{namespaces: {production: backup-test}, deadline: 8s}"


def test_replicas_are_capped_and_it_is_said(cluster: EmbeddedCluster, on: On) -> None:
    before = things(cluster)
    probes = PROBES.replace("value: 2", "value: 1")
    done = on(restore=RESTORE.format(60), probes=probes)
    assert (done.code, done.verdict) == (0, "passed")
    note = done.findings("info")["replicas-capped"]
    assert note["message"] == "With at most 1 replica(s): production/shop (of 2)."
    assert things(cluster) == before


def test_what_does_not_fit_is_want_of_capacity(cluster: EmbeddedCluster, on: On) -> None:
    before = things(cluster)
    done = on(restore=SHORT, isolation="{limits: {pods: 1, cpu: '4', memory: 1Gi}}")
    assert (done.code, done.verdict) == (3, "inconclusive")
    causes = {reason["cause"] for reason in done.document["reasons"]}
    assert "capacity" in causes
    assert "backup" not in causes
    assert not [f for f in done.findings("critical").values() if f["cause"] == "backup"]
    assert "at most" in done.document["sandbox"]["isolation"]["resourceQuota"]
    assert things(cluster) == before


def test_limits_that_suffice_change_nothing(cluster: EmbeddedCluster, on: On) -> None:
    done = on(isolation="{limits: {pods: 50, cpu: 500m, memory: 1Gi}}")
    assert (done.code, done.verdict) == (0, "passed")
    made = {a["resource"] for a in done.document["audit"] if a["action"] == "create"}
    assert "LimitRange backup-test/restore-drill-closed" in made
