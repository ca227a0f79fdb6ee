"""Whom a probe asks: by owner, by label, by container, ready or not."""

from collections.abc import Mapping

import pytest

from drills.cluster import ExecAnswer, Kind, LogAnswer
from drills.errors import CannotAsk, Forbidden
from drills.findings import Cause
from drills.objects import KubeObject
from drills.probes import Answer, find_probe
from tests.fakes.cluster import FakeCluster
from tests.fakes.probing import context, deployment, pod, spec, thing

SHARED = {"matchLabels": {"app": "web"}}
SHA = "a" * 64


def shared(name: str) -> KubeObject:
    """Return a Deployment that selects as its twin does."""
    return {**deployment(name), "spec": {"replicas": 1, "selector": SHARED}}


def replica_set(name: str, owner: str) -> KubeObject:
    """Return a ReplicaSet that the Deployment `owner` controls."""
    reference = {"kind": "Deployment", "name": owner, "controller": True}
    meta = {
        "labels": {"app": "web"},
        "ownerReferences": [{**reference, "uid": f"uid of Deployment/{owner}"}],
    }
    return thing("apps/v1", "ReplicaSet", name, metadata=meta, spec={"selector": SHARED})


def web_pod(name: str, owner: str, **more: object) -> KubeObject:
    """Return a pod of app web."""
    return pod(name, app="web", owner=owner, **more)  # type: ignore[arg-type]


class Asked:
    """A cluster that writes down which pod and container were asked."""

    def __init__(self, *present: KubeObject) -> None:
        self.cluster = FakeCluster(None, *present)
        self.heard: list[tuple[str, str]] = []
        self.cluster.on_exec = self._exec
        self.cluster.on_logs = self._logs

    def ask(
        self, kind: str, question: Mapping[str, object], expect: Mapping[str, object] | None = None
    ) -> Answer:
        """Ask once."""
        return find_probe(kind).ask(spec(kind, question, expect), context(self.cluster), 5)

    def _exec(self, _: str, name: str, container: str, command: object, **__: object) -> ExecAnswer:
        self.heard.append((name, container))
        said = f"{SHA}  /data/a\n" if "sha256sum" in str(command) else "canary-1\n"
        return ExecAnswer(exit_code=0, stdout=said, stderr="")

    def _logs(self, _: str, name: str, container: str, **__: object) -> LogAnswer:
        self.heard.append((name, container))
        return LogAnswer(text="ready\n")


def twins(**more: object) -> Asked:
    """Return two Deployments with one selector; the other's pod is the first by name."""
    return Asked(
        shared("blog"),
        shared("admin"),
        replica_set("blog-1", "blog"),
        replica_set("admin-1", "admin"),
        web_pod("admin-1-a", "ReplicaSet/admin-1"),
        web_pod("blog-1-z", "ReplicaSet/blog-1", **more),
        web_pod("a-orphan", ""),
    )


QUESTIONS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "exec": ({"workload": "deployment/blog", "command": ["id"]}, {}),
    "logs": ({"workload": "deployment/blog"}, {"contains": "ready"}),
    "checksum": ({"workload": "deployment/blog", "path": "/data"}, {"count": 1}),
    "canary": ({"id": "canary-1", "file": {"workload": "deployment/blog", "path": "/c"}}, {}),
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_of_two_deployments_with_one_selector_the_named_one_is_asked(kind: str) -> None:
    place = twins()
    question, expect = QUESTIONS[kind]
    assert place.ask(kind, question, expect).mismatches == ()
    assert {name for name, _ in place.heard} == {"blog-1-z"}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_the_pod_of_another_is_no_answer(kind: str) -> None:
    place = twins(ready=False)
    answer = place.ask(kind, *QUESTIONS[kind])
    assert place.heard == []
    words = str((answer.mismatches or ("",))[0])
    assert "1 pod, not ready" in words
    assert "a-orphan, admin-1-a fit its selector and are not its own" in words


def test_replica_sets_are_read_one_by_one() -> None:
    """Whoever records in production may `get` ReplicaSets and not list them."""
    place = twins()
    place.cluster.refuse("list", Kind("apps/v1", "ReplicaSet"), Forbidden("no list"), times=9)
    assert place.ask(*_of("exec")).mismatches == ()


def test_a_pod_of_the_old_replica_set_is_still_the_deployments() -> None:
    place = Asked(
        shared("blog"),
        replica_set("blog-1", "blog"),
        replica_set("blog-2", "blog"),
        web_pod("blog-1-a", "ReplicaSet/blog-1", ready=False),
        web_pod("blog-2-a", "ReplicaSet/blog-2"),
    )
    place.ask(*_of("exec"))
    assert place.heard == [("blog-2-a", "")]


def _of(kind: str) -> tuple[str, dict[str, object], dict[str, object]]:
    return kind, *QUESTIONS[kind]


MAIN = {"containers": [{"name": "main"}, {"name": "proxy"}]}
LATER = {
    **MAIN,
    "initContainers": [{"name": "migrate"}, {"name": "mesh", "restartPolicy": "Always"}],
}


@pytest.mark.parametrize(
    ("container", "spec_", "words"),
    [
        ("mian", MAIN, "no container named mian; it has main, proxy"),
        ("migrate", LATER, "migrate is an init container"),
    ],
)
def test_a_container_that_cannot_be_asked_is_the_scenarios_mistake(
    container: str, spec_: dict[str, object], words: str
) -> None:
    place = twins(spec=spec_)
    with pytest.raises(CannotAsk, match=words) as caught:
        place.ask("exec", {**QUESTIONS["exec"][0], "container": container})
    assert caught.value.cause is Cause.CONFIGURATION
    assert place.heard == []


def test_native_sidecars_and_init_logs_can_be_asked() -> None:
    place = twins(spec=LATER)
    place.ask("exec", {**QUESTIONS["exec"][0], "container": "mesh"})
    place.ask("logs", {"workload": "deployment/blog", "container": "migrate"}, {"contains": "r"})
    assert [container for _, container in place.heard] == ["mesh", "migrate"]


def test_a_default_container_that_is_not_there_is_passed_over() -> None:
    """As kubectl does (1.34, `pkg/cmd/util/podcmd`): the first one is taken."""
    note = {"kubectl.kubernetes.io/default-container": "gone"}
    chosen = web_pod("blog-1-z", "ReplicaSet/blog-1", spec=MAIN)
    meta = {**chosen["metadata"], "annotations": note}  # type: ignore[dict-item]
    place = Asked(shared("blog"), replica_set("blog-1", "blog"), {**chosen, "metadata": meta})
    place.ask(*_of("exec"))
    assert place.heard == [("blog-1-z", "")]


def test_the_leader_is_chosen_by_its_label() -> None:
    """A cluster that an operator runs has no workload that Kubernetes knows."""
    member = pod("db-1", app="db", owner="Cluster/db")
    leader = pod("db-2", app="db", owner="Cluster/db")
    labels = {"app": "db", "role": "leader"}
    leader = {**leader, "metadata": {**leader["metadata"], "labels": labels}}  # type: ignore[dict-item]
    place = Asked(member, leader)
    place.ask("exec", {"podLabels": {"app": "db", "role": "leader"}, "command": ["id"]})
    assert place.heard == [("db-2", "")]
    answer = place.ask("exec", {"podLabels": {"role": "follower"}, "command": ["id"]})
    assert "role=follower" in str((answer.mismatches or ("",))[0])


def job(name: str) -> KubeObject:
    """Return a Job that is done."""
    chosen = {"matchLabels": {"app": name}}
    return thing("batch/v1", "Job", name, spec={"selector": chosen})


def ended(name: str, phase: str = "Succeeded", owner: str = "Job/migrate") -> KubeObject:
    """Return a pod that has ended."""
    found = pod(name, app="migrate", owner=owner, ready=False, status={"phase": phase})
    labels = {"app": "migrate", "job-name": "migrate"}
    return {**found, "metadata": {**found["metadata"], "labels": labels}}  # type: ignore[dict-item]


def test_the_log_of_a_completed_job_is_read() -> None:
    place = Asked(job("migrate"), ended("migrate-a", "Failed"), ended("migrate-b"))
    question = {"workload": "job/migrate"}
    assert place.ask("logs", question, {"contains": "ready"}).mismatches == ()
    assert place.heard == [("migrate-b", "")]


def test_the_log_of_a_job_that_went_when_it_was_done_is_read() -> None:
    place = Asked(ended("migrate-b"))
    assert place.ask("logs", {"workload": "job/migrate"}, {"contains": "r"}).mismatches == ()


@pytest.mark.parametrize(
    ("kind", "present", "words"),
    [
        ("logs", (), "no job/migrate"),
        ("exec", (), "no job/migrate"),
        ("exec", (job("migrate"), ended("migrate-b")), "have ended"),
    ],
)
def test_a_job_that_is_over_is_not_blamed_on_the_backup(
    kind: str, present: tuple[KubeObject, ...], words: str
) -> None:
    with pytest.raises(CannotAsk, match=words):
        Asked(*present).ask(kind, {"workload": "job/migrate", "command": ["id"]}, {})


@pytest.mark.parametrize(("said", "asked"), [(True, [("blog-1-z", "")]), (False, [])])
def test_a_pod_that_is_not_ready_is_read_where_that_is_said(
    said: bool, asked: list[tuple[str, str]]
) -> None:
    place = twins(ready=False)
    question = {"workload": "deployment/blog", "notReady": said}
    assert bool(place.ask("logs", question, {"contains": "ready"}).mismatches) is not said
    assert place.heard == asked
