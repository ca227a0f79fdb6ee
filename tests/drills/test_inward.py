"""What is restored otherwise than it was is said in words, with names and ports."""

from collections.abc import Mapping

from drills.backups import BackedUpObject, ObjectKey
from drills.findings import Severity
from drills.inward import SHOWN, harmless_note


def service(name: str, spec: Mapping[str, object]) -> BackedUpObject:
    key = ObjectKey(resource="services", namespace="api", name=name)
    return BackedUpObject(key=key, api_version="v1", kind="Service", body={"spec": spec})


def cron_job(name: str, namespace: str = "api") -> BackedUpObject:
    key = ObjectKey(resource="cronjobs.batch", namespace=namespace, name=name)
    return BackedUpObject(key=key, api_version="batch/v1", kind="CronJob", body={"spec": {}})


NODE_PORT = service("nodeport", {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30081}]})


def test_a_node_port_is_named_with_its_number() -> None:
    """Whoever looks for 30081 in the copy finds the answer in the report."""
    (note,) = harmless_note([NODE_PORT], ["api"])
    assert note.severity is Severity.INFO
    assert "api/nodeport (NodePort, node port 30081)" in note.message


def test_every_way_out_is_told_and_cron_jobs_too() -> None:
    found = [
        service("public", {"type": "LoadBalancer", "ports": [{"port": 80}]}),
        service("far", {"type": "ExternalName", "externalName": "example.com"}),
        service("old", {"type": "ClusterIP", "externalIPs": ["192.0.2.1"]}),
        cron_job("invoices"),
    ]
    (note,) = harmless_note(found, ["api"])
    for words in (
        "api/public (LoadBalancer)",
        "api/far (ExternalName, leads nowhere)",
        "api/old (external addresses)",
        "CronJobs are suspended: api/invoices",
    ):
        assert words in note.message


def test_what_comes_back_as_it_was_is_not_told() -> None:
    plain = service("web", {"type": "ClusterIP", "ports": [{"port": 80}]})
    assert harmless_note([plain, cron_job("other", "elsewhere")], ["api"]) == ()


def test_a_long_list_is_cut_and_says_so() -> None:
    (note,) = harmless_note([cron_job(f"job-{n}") for n in range(SHOWN + 3)], ["api"])
    assert "and 3 more" in note.message
