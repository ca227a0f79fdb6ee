"""What a scenario leaves out: on purpose, or against itself."""

from dataclasses import replace

import pytest

from drills.backups import BackedUpObject, BackedUpVolume
from drills.engine import Inspection
from drills.errors import Misconfigured
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.record import DrillRecord, Verdict
from scenarios.model import ProbeSpec, ProofLevel
from tests.fakes.drilling import ASK_SETTINGS, World, scenario
from tests.fakes.engine import SHOP, SOURCE, backed, inventory, manifest

CLAIM = backed(manifest("v1", "PersistentVolumeClaim", "data"))
MOUNTS = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}
POD = backed(manifest("v1", "Pod", "ledger-0", spec=MOUNTS))
TEMPLATES = {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
LEDGER = backed(manifest("apps/v1", "StatefulSet", "ledger", spec=TEMPLATES))
IDLE = backed(manifest("apps/v1", "StatefulSet", "idle", spec={"replicas": 0, **TEMPLATES}))


def volume(method: str = "PodVolumeBackup", **more: object) -> BackedUpVolume:
    plain = BackedUpVolume(
        claim="data", namespace=SOURCE, volume="pv", method=method, bytes=7, has_data=True
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def left_out(
    world: World,
    *kinds: str,
    holds: tuple[BackedUpObject, ...],
    volumes: tuple[BackedUpVolume, ...],
) -> DrillRecord:
    world.engine.inventory = inventory(*SHOP, CLAIM, *holds, volumes=volumes)
    return world.drill(scenario(restore=replace(scenario().restore, exclude=kinds)))


WORKLOADS = ("pods", "statefulsets.apps", "deployments.apps")


@pytest.mark.parametrize(
    ("kinds", "holds", "code"),
    [
        (("persistentvolumeclaims",), (POD,), "exclude-keeps-claim-out"),
        (("persistentvolumeclaims",), (LEDGER,), "exclude-keeps-claim-out"),
        (("persistentvolumeclaims", "pods"), (POD, LEDGER), "exclude-keeps-claim-out"),
        (("pods",), (POD, LEDGER), "exclude-keeps-claim-empty"),
        (("pods", "statefulsets.apps"), (POD, LEDGER), "exclude-keeps-claim-empty"),
    ],
)
def test_against_itself(
    kinds: tuple[str, ...], holds: tuple[BackedUpObject, ...], code: str
) -> None:
    """The scenario is wrong, nothing is restored, and the backup is not blamed."""
    world = World()
    record = left_out(world, *kinds, holds=holds, volumes=(volume(),))
    assert record.verdict is Verdict.INCONCLUSIVE
    (found,) = [f for f in record.findings if f.unanswered]
    assert (found.code, found.cause) == (code, Cause.CONFIGURATION)
    assert "data" in found.message
    assert "restore.exclude" in found.remedy
    assert "restore" not in world.engine.calls


@pytest.mark.parametrize(
    ("kinds", "holds"),
    [
        (("persistentvolumeclaims", *WORKLOADS), (POD, LEDGER)),
        (("persistentvolumeclaims",), ()),
    ],
)
@pytest.mark.parametrize("damaged", [False, True])
def test_on_purpose(
    kinds: tuple[str, ...], holds: tuple[BackedUpObject, ...], damaged: bool
) -> None:
    """A part that can stand alone passes, whatever became of the volumes left out."""
    world = World()
    lost = Finding(
        code="volume-not-in-backup",
        severity=Severity.CRITICAL,
        cause=Cause.BACKUP,
        subject=f"persistentvolumeclaim {SOURCE}/data",
        message="Its data is not in the backup.",
        remedy="Back it up.",
    )
    kept = inventory(*SHOP, CLAIM, *holds, volumes=(volume(has_data=not damaged),))
    world.engine.on_inspect = lambda _: Inspection(
        inventory=kept, findings=(lost,) if damaged else ()
    )
    probes = (ASK_SETTINGS,)
    record = world.drill(
        scenario(
            restore=replace(scenario().restore, exclude=kinds),
            probes=probes,
            prove=ProofLevel.OBJECTS,
        )
    )
    assert record.verdict is Verdict.PASSED, record.reasons
    assert [v.outcome for v in record.volumes] == ["left-out"]


@pytest.mark.parametrize(
    ("kind", "holds", "volumes"),
    [
        ("pods", (POD,), (volume("CSISnapshot"),)),
        ("pods", (POD,), (volume(namespace="other"),)),
        ("persistentvolumeclaims", (IDLE,), (volume(),)),
    ],
    ids=["a snapshot needs no pod", "another namespace's claim", "nothing that would start"],
)
def test_what_can_work_is_not_refused(
    kind: str, holds: tuple[BackedUpObject, ...], volumes: tuple[BackedUpVolume, ...]
) -> None:
    world = World()
    world.engine.inventory = inventory(*SHOP, CLAIM, *holds, volumes=volumes)
    wanted = scenario(restore=replace(scenario().restore, exclude=(kind,)))
    assert world.rehearsal(wanted).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("word", "spec"),
    [
        ("secrets", {"volumes": [{"name": "s", "secret": {"secretName": "login"}}]}),
        ("configmaps", {"containers": [{"envFrom": [{"configMapRef": {"name": "login"}}]}]}),
        ("serviceaccounts", {"serviceAccountName": "login"}),
    ],
)
@pytest.mark.parametrize("with_pods", [False, True])
def test_what_pods_do_not_start_without(word: str, spec: KubeObject, *, with_pods: bool) -> None:
    """Left out while the pods that name it come back; without the pods it is a part on purpose."""
    kind = {"secrets": "Secret", "configmaps": "ConfigMap", "serviceaccounts": "ServiceAccount"}
    reader = backed(manifest("v1", "Pod", "reader", spec=spec, status={"phase": "Running"}))
    world = World()
    world.engine.inventory = inventory(*SHOP, backed(manifest("v1", kind[word], "login")), reader)
    exclude = (word,) if with_pods else (word, "pods")
    restore = replace(scenario().restore, exclude=exclude)
    wanted = scenario(restore=restore, probes=())
    if not with_pods:
        assert "exclude-keeps-pods-waiting" not in {
            f.code for f in world.rehearsal(wanted).findings
        }
        return
    with pytest.raises(Misconfigured, match="Pod reader names") as refused:
        world.rehearsal(wanted)
    assert word in refused.value.hint


def test_a_claim_whose_volume_is_left_out() -> None:
    """It names production's volume, which nobody replaces, and would wait for ever."""
    bound = backed(manifest("v1", "PersistentVolumeClaim", "data", spec={"volumeName": "pv-1"}))
    world = World()
    world.engine.inventory = inventory(*SHOP, bound, volumes=(volume(),))
    record = world.drill(
        scenario(restore=replace(scenario().restore, exclude=("persistentvolumes",)))
    )
    assert record.verdict is Verdict.INCONCLUSIVE
    (found,) = [f for f in record.findings if f.unanswered]
    assert (found.code, found.cause) == ("exclude-keeps-claim-unbound", Cause.CONFIGURATION)
    assert f"{SOURCE}/data" in found.message


def asking(probe: str, /, **question: object) -> ProbeSpec:
    return ProbeSpec(name="asked", kind=probe, question=question, retries=0)


@pytest.mark.parametrize(
    ("probe", "code", "words"),
    [
        (asking("http", service="shpo", port=80), "unknown-probe-target", "Did you mean 'shop'?"),
        (asking("tcp", service="web", port=80), "unknown-probe-target", "There is: shop."),
        (
            asking("exec", workload="deployment/ledger", command=["true"]),
            "unknown-probe-target",
            "There is: shop.",
        ),
        (
            asking("resource", apiVersion="v1", kind="ConfigMap", name="setings"),
            "unknown-probe-target",
            "Did you mean 'settings'?",
        ),
    ],
)
def test_a_probe_that_asks_nobody(probe: ProbeSpec, code: str, words: str) -> None:
    """Plan and verify refuse it, and a drill says what there is before it restores."""
    world = World()
    with pytest.raises(Misconfigured, match="asked"):
        world.rehearsal(scenario(probes=(probe,)))
    record = world.drill(scenario(probes=(probe,)))
    assert record.verdict is Verdict.INCONCLUSIVE
    (found,) = [f for f in record.findings if f.unanswered]
    assert (found.code, found.cause) == (code, Cause.CONFIGURATION)
    assert words in found.message


def test_what_the_source_has_is_the_backups_loss() -> None:
    """The Service lives in production and not in the backup: the probe has to ask, and fail."""
    web = {**manifest("v1", "Service", "web"), "metadata": {"name": "web", "namespace": SOURCE}}
    world = World(web)
    world.engine.backups = (replace(world.engine.backups[0], made_here=True),)
    found = world.rehearsal(scenario(probes=(asking("http", service="web", port=80),)))
    assert "unknown-probe-target" not in {f.code for f in found.findings}


@pytest.mark.parametrize("expect", [{"count": 0}, {"count": {"max": 3}}])
def test_an_object_that_must_not_be_there(expect: dict[str, object]) -> None:
    """A name that is not in the backup may be just what the probe wants to see."""
    probe = replace(
        asking("resource", apiVersion="v1", kind="ConfigMap", name="setings"), expect=expect
    )
    record = World().drill(scenario(probes=(probe,)))
    assert record.verdict is Verdict.PASSED, record.reasons


def test_a_probe_of_what_is_left_out() -> None:
    """The scenario leaves the Service out that its own probe asks."""
    record = World().drill(
        scenario(
            restore=replace(scenario().restore, exclude=("services",)),
            probes=(asking("http", service="shop", port=80),),
        )
    )
    assert [f.code for f in record.findings if f.unanswered] == ["exclude-keeps-probe-out"]


MANY = {"spec": {"containers": [{"name": "main"}], "initContainers": [{"name": "migrate"}]}}
BIG = backed(manifest("apps/v1", "StatefulSet", "big", spec={"template": MANY}))
MESHED = backed(
    manifest("v1", "Pod", "big-0", spec={"containers": [{"name": "main"}, {"name": "mesh"}]})
)
RUNNING_JOB = backed(manifest("batch/v1", "Job", "migrate", spec={"template": MANY}))
DONE_JOB = replace(RUNNING_JOB, explanation="the Job had completed")


def in_big(kind: str = "exec", /, **question: object) -> ProbeSpec:
    return asking(kind, workload="statefulset/big", command=["true"], **question)


@pytest.mark.parametrize(
    ("probe", "held", "code", "words"),
    [
        (in_big(container="mian"), BIG, "unknown-probe-container", "it has main"),
        (in_big("logs", container="mian"), BIG, "unknown-probe-container", "it has main"),
        (in_big(container="migrate"), BIG, "unknown-probe-container", "an init container"),
        (
            asking("canary", id="x", file={"workload": "statefulset/big", "container": "mian"}),
            BIG,
            "unknown-probe-container",
            "it has main",
        ),
        (
            asking("logs", workload="job/migrate"),
            RUNNING_JOB,
            "probe-target-stays-out",
            "does not bring back",
        ),
        (
            asking("logs", workload="job/migrate"),
            DONE_JOB,
            "probe-target-stays-out",
            "the Job had completed",
        ),
    ],
)
def test_a_probe_that_asks_what_no_pod_will_have(
    probe: ProbeSpec, held: BackedUpObject, code: str, words: str
) -> None:
    world = World()
    world.engine.inventory = inventory(*SHOP, held)
    with pytest.raises(Misconfigured, match="asked"):
        world.rehearsal(scenario(probes=(probe,)))
    record = world.drill(scenario(probes=(probe,)))
    assert record.verdict is Verdict.INCONCLUSIVE
    (found,) = [f for f in record.findings if f.unanswered]
    assert (found.code, found.cause) == (code, Cause.CONFIGURATION)
    assert words in found.message


@pytest.mark.parametrize(
    "probe",
    [
        in_big(),
        in_big(container="main"),
        in_big("logs", container="migrate"),
        in_big(container="mesh"),
        replace(in_big(container="mian"), required=False),
    ],
)
def test_a_container_that_may_well_be_there_is_not_refused(probe: ProbeSpec) -> None:
    """`mesh` is in no template: a webhook put it into the pod that was backed up."""
    world = World()
    world.engine.inventory = inventory(*SHOP, BIG, MESHED)
    codes = {f.code for f in world.rehearsal(scenario(probes=(probe,))).findings}
    assert "unknown-probe-container" not in codes


def test_a_job_that_the_scenario_wants_back_can_be_asked() -> None:
    world = World()
    world.engine.inventory = inventory(*SHOP, RUNNING_JOB)
    probe = asking("logs", workload="job/migrate")
    restore = replace(scenario().restore, allow=("jobs.batch",))
    found = world.rehearsal(scenario(probes=(probe,), restore=restore)).findings
    assert "probe-target-stays-out" not in {f.code for f in found}


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("widgets.exmaple.com", "unknown-kind"),
        ("others.example.org", "excluded-kind-not-in-backup"),
    ],
)
def test_a_custom_kind_that_is_not_there(word: str, code: str) -> None:
    """One that is spelt almost so is a mistake; another is worth a note."""
    world = World()
    world.engine.inventory = inventory(*SHOP, backed(manifest("example.com/v1", "Widget", "a")))
    record = world.drill(scenario(restore=replace(scenario().restore, exclude=(word,))))
    assert code in {f.code for f in record.findings}
    asked = {f.code for f in record.findings if f.unanswered}
    assert ("unknown-kind" in asked) is (code == "unknown-kind")


@pytest.mark.parametrize("word", ["widget.example.com", "widgets.example.com", "widgets.example"])
def test_a_custom_kind_by_any_of_its_words(word: str) -> None:
    """Singular and the beginning of the group mean the kind that the backup holds."""
    world = World()
    widget = backed(manifest("example.com/v1", "Widget", "a"))
    world.engine.inventory = inventory(*SHOP, widget)
    record = world.drill(scenario(restore=replace(scenario().restore, exclude=(word,))))
    assert record.completeness is not None
    rows = {row.resource: row for row in record.completeness.rows}
    assert list(rows["widgets.example.com"].left_out) == ["a"]


@pytest.mark.parametrize("word", ["ingressroute.traefik.io", "challenge.acme.cert-manager.io"])
def test_what_is_left_out_by_default_is_known_by_its_singular(word: str) -> None:
    """A scenario may allow it though this backup holds none."""
    record = World().drill(scenario(restore=replace(scenario().restore, allow=(word,))))
    assert record.verdict is Verdict.PASSED, record.reasons
