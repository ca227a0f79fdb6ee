"""The job probe: what it makes, how it ends, and whose trouble keeps it from running."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from drills import objects
from drills.cluster import Kind
from drills.errors import CannotAsk, DrillError, Forbidden, OutsideRefused
from drills.findings import Cause
from drills.marks import drill_of, marks
from drills.objects import KubeObject
from drills.probes import Answer, ProbeContext, find_probe
from drills.stages.isolate import Maker
from tests.fakes.cluster import FakeCluster
from tests.fakes.listeners import MemoryJournal, MemoryListener
from tests.fakes.probing import SANDBOX, context, logging, spec, thing

JOB, POD = Kind("batch/v1", "Job"), Kind("v1", "Pod")
IMAGE = {"image": "registry.example/check:1"}
Status = Mapping[str, object]


def ended(code: int = 0, **state: object) -> Status:
    """Return the status of a pod whose container ended."""
    terminated = {"exitCode": code, **state}
    return {
        "phase": "Failed" if code else "Succeeded",
        "containerStatuses": [{"name": "probe", "state": {"terminated": terminated}}],
    }


def waiting(reason: str, message: str = "") -> Status:
    """Return the status of a pod whose container waits."""
    state = {"waiting": {"reason": reason, "message": message}}
    return {
        "phase": "Pending",
        "containerStatuses": [{"name": "probe", "ready": False, "state": state}],
    }


class World:
    """A sandbox whose Job controller makes one pod, which at once has the status given."""

    def __init__(self, status: Status | None, log: str = "") -> None:
        self.cluster = FakeCluster()
        self.cluster.on_logs = logging(log)
        self.journal = MemoryJournal()
        self._status = status
        self.cluster.react("create", JOB, self._run)

    def _run(self, job: KubeObject) -> None:
        if self._status is None:
            return
        template = objects.mapping(job, "spec", "template")
        labels = {**objects.labels(template), "job-name": objects.name(job)}
        meta = {"labels": labels, "ownerReferences": [{"kind": "Job", "controller": True}]}
        name = f"{objects.name(job)}-abcde"
        self.cluster.put(thing("v1", "Pod", name, metadata=meta, status=self._status))

    def context(self, **more: object) -> ProbeContext:
        """Return what the drill knows."""
        maker = Maker(cluster=self.cluster, journal=self.journal, listener=MemoryListener())
        plain = context(self.cluster, drill_id="weekly-1", labels=marks("weekly-1", "weekly"))
        return replace(plain, **{"maker": maker, **more})  # type: ignore[arg-type]

    def ask(
        self, expect: Mapping[str, object] | None = None, timeout: float = 30, **question: object
    ) -> Answer:
        """Run the image once."""
        asked = spec("job", {**IMAGE, **question}, expect)
        return find_probe("job").ask(asked, self.context(), timeout)

    @property
    def job(self) -> KubeObject:
        """Return the one Job that was made."""
        (job,) = self.cluster.list(JOB, SANDBOX)
        return job


@pytest.mark.parametrize(
    ("code", "log", "expect"),
    [
        (0, "", {}),
        (0, "all rows there\n", {"output": {"contains": "all rows"}}),
        (0, "42\n", {"value": {"min": 42}}),
        (3, "", {"exitCode": 3}),
        (0, "2026-11-21T08:00:00Z", {"timestamp": {"within": "rpo"}}),
    ],
)
def test_fits(code: int, log: str, expect: Mapping[str, object]) -> None:
    assert World(ended(code), log).ask(expect).mismatches == ()


@pytest.mark.parametrize(
    ("code", "log", "expect"),
    [
        (1, "", {}),
        (1, "all rows there", {"output": {"contains": "all rows"}}),
        (0, "rows missing", {"output": {"contains": "all rows"}}),
        (0, "", {"value": {"min": 0}}),
        (0, "2026-11-19T08:00:00Z", {"timestamp": {"within": "rpo"}}),
    ],
)
def test_does_not_fit(code: int, log: str, expect: Mapping[str, object]) -> None:
    assert World(ended(code), log).ask(expect).mismatches


def test_the_newest_instant_in_its_log_is_kept() -> None:
    answer = World(ended(), "2026-11-21T08:00:00Z").ask({"timestamp": {"within": "rpo"}})
    assert answer.newest is not None
    assert answer.newest.hour == 8


def test_what_it_makes_carries_the_marks_and_is_in_the_journal_first() -> None:
    world = World(ended())
    world.ask()
    assert drill_of(world.job) == "weekly-1"
    assert drill_of(objects.mapping(world.job, "spec", "template")) == "weekly-1"
    assert [(state, made.kind, made.namespace) for state, made in world.journal.lines] == [
        ("intend", JOB, SANDBOX),
        ("made", JOB, SANDBOX),
    ]


def test_it_gets_no_rights_and_no_second_try() -> None:
    world = World(ended())
    world.ask(timeout=30)
    job = objects.mapping(world.job, "spec")
    pod = objects.mapping(job, "template", "spec")
    (container,) = objects.items(pod, "containers")
    assert (job["backoffLimit"], job["activeDeadlineSeconds"]) == (0, 28)
    assert pod["automountServiceAccountToken"] is False
    assert pod["restartPolicy"] == "Never"
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert objects.mapping(container, "securityContext") == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_scenarios_words_arrive() -> None:
    world = World(ended())
    world.ask(
        command=("check", "$(id)"),
        args=("--all",),
        env={"REGION": "eu", "DRILL_ID": "own"},
        secrets=("login",),
        claims={"data-ledger-0": "/data"},
        pullSecrets=("registry",),
        runAsUser=1000,
        memory="1Gi",
    )
    pod = objects.mapping(world.job, "spec", "template", "spec")
    (container,) = objects.items(pod, "containers")
    assert objects.items(container, "command") == ["check", "$(id)"]
    assert objects.items(container, "args") == ["--all"]
    values = {objects.text(e, "name"): objects.text(e, "value") for e in container["env"]}
    assert values == {"DRILL_ID": "own", "DRILL_SANDBOX_NAMESPACE": SANDBOX, "REGION": "eu"}
    assert container["envFrom"] == [{"secretRef": {"name": "login"}}]
    assert container["resources"]["limits"] == {"cpu": "250m", "memory": "1Gi"}
    (mount,) = container["volumeMounts"]
    assert (mount["mountPath"], mount["readOnly"]) == ("/data", True)
    assert objects.text(pod["volumes"][0], "persistentVolumeClaim", "claimName") == "data-ledger-0"
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert objects.mapping(pod, "securityContext")["runAsUser"] == 1000


@pytest.mark.parametrize(
    ("status", "cause", "words"),
    [
        (waiting("ImagePullBackOff", "manifest unknown"), Cause.REGISTRY, "manifest unknown"),
        (waiting("CreateContainerConfigError", "image will run as root"), None, "root"),
        (
            waiting("CreateContainerConfigError", 'secret "login" not found'),
            Cause.CONFIGURATION,
            "login",
        ),
        (
            {
                "phase": "Pending",
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/1 nodes: insufficient cpu",
                    }
                ],
            },
            Cause.CAPACITY,
            "insufficient cpu",
        ),
        ({"phase": "Running"}, Cause.PROBE, "did not end in time"),
        ({"phase": "Pending"}, Cause.ENVIRONMENT, "did not start in time"),
        ({"phase": "Failed", "reason": "Evicted"}, Cause.CAPACITY, "Evicted"),
        ({"phase": "Failed", "reason": "DeadlineExceeded"}, None, "in time"),
        (ended(137, reason="OOMKilled"), Cause.CONFIGURATION, "memory"),
        (
            ended(128, reason="StartError", message="no such file: check"),
            Cause.CONFIGURATION,
            "no such file",
        ),
        ({"phase": "Failed"}, Cause.ENVIRONMENT, "without an exit code"),
        (None, Cause.ENVIRONMENT, "did not start in time"),
    ],
)
def test_what_kept_it_from_answering_is_not_blamed_on_the_backup(
    status: Status | None, cause: Cause | None, words: str
) -> None:
    with pytest.raises(CannotAsk, match=words) as caught:
        World(status).ask()
    assert caught.value.cause is not Cause.BACKUP
    assert cause is None or caught.value.cause is cause


def test_a_registry_is_not_waited_for_to_the_end() -> None:
    world = World(waiting("ImagePullBackOff", "manifest unknown"))
    with pytest.raises(CannotAsk):
        world.ask(timeout=3600)
    assert 60 < world.cluster.clock.monotonic() < 70


def test_a_quota_that_refuses_its_pod_is_named() -> None:
    world = World(None)

    def refuse(job: KubeObject) -> None:
        about = {"kind": "Job", "name": objects.name(job), "namespace": SANDBOX}
        world.cluster.put(
            thing(
                "v1",
                "Event",
                "refused",
                reason="FailedCreate",
                message="exceeded quota: team, requested: cpu=250m",
                involvedObject=about,
            )
        )

    world.cluster.react("create", JOB, refuse)
    with pytest.raises(CannotAsk, match="exceeded quota") as caught:
        world.ask()
    assert caught.value.cause is Cause.CAPACITY


@pytest.mark.parametrize("error", [Forbidden("no right to create jobs"), OutsideRefused("no")])
def test_a_job_that_may_not_be_made_says_nothing(error: DrillError) -> None:
    world = World(ended())
    world.cluster.refuse("create", JOB, error)
    with pytest.raises(CannotAsk, match="cannot be made"):
        world.ask()
    nobody = find_probe("job").ask
    with pytest.raises(CannotAsk, match="nothing may be made"):
        nobody(spec("job", IMAGE), world.context(maker=None), 30)


def test_each_attempt_is_a_job_of_its_own() -> None:
    world = World(ended(1))
    run: Callable[[], Answer] = world.ask
    assert run().mismatches
    assert run().mismatches
    assert len(world.cluster.list(JOB, SANDBOX)) == 2


def test_lines_before_the_last_thousand_are_not_vouched_for() -> None:
    world = World(ended(), log="fine\n" * 1000)
    with pytest.raises(CannotAsk, match="printed more than can be kept"):
        world.ask({"output": {"not": {"contains": "lost"}}})
    assert world.ask({"output": {"contains": "fine"}}).mismatches == ()
