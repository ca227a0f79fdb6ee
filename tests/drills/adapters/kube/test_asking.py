"""What is asked again, what is not, and what is looked for before it is asked again."""

from pathlib import Path

import pytest

from drills import objects
from drills.adapters.kube import KubeCluster, connect_cluster
from drills.cluster import Kind
from drills.errors import AlreadyExists, Forbidden, Interrupted, Unreachable
from drills.marks import marks
from drills.objects import KubeObject
from tests.drills.adapters.kube.scripted_api import Reply, ScriptedApi, config_map, listing, status
from tests.fakes.clock import FakeClock

CONFIG_MAP = Kind("v1", "ConfigMap")
PATH = "/api/v1/namespaces/box/configmaps"
BUSY = Reply(
    status=429, document=status(429, "TooManyRequests", "busy"), headers={"Retry-After": "7"}
)
FAILING = Reply(status=503, document="backend failed")


def ours(drill: str = "d1") -> KubeObject:
    made = config_map("a", **marks(drill, "s"))
    return {"apiVersion": "v1", "kind": "ConfigMap", **made}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cluster(api: ScriptedApi, tmp_path: Path, clock: FakeClock) -> KubeCluster:
    return connect_cluster(kubeconfig=api.kubeconfig(tmp_path), clock=clock)


@pytest.mark.parametrize("failure", [BUSY, FAILING, Reply(cut=True)], ids=["429", "503", "cut"])
def test_reads_are_repeated(api: ScriptedApi, cluster: KubeCluster, failure: Reply) -> None:
    api.on("GET", PATH, failure, failure, listing(config_map("a")))
    assert len(cluster.list(CONFIG_MAP, "box")) == 1


def test_waits_as_long_as_the_server_says(
    api: ScriptedApi, cluster: KubeCluster, clock: FakeClock
) -> None:
    api.on("GET", PATH, BUSY, listing())
    before = clock.monotonic()
    cluster.list(CONFIG_MAP, "box")
    assert clock.monotonic() - before >= 7


def test_patience_lasts_a_minute_and_then_ends(
    api: ScriptedApi, cluster: KubeCluster, clock: FakeClock
) -> None:
    api.on("GET", PATH, FAILING)
    before = clock.monotonic()
    with pytest.raises(Unreachable, match="list configmaps in box: backend failed"):
        cluster.list(CONFIG_MAP, "box")
    assert 50 < clock.monotonic() - before <= 60


def test_a_stop_ends_patience(api: ScriptedApi, cluster: KubeCluster, clock: FakeClock) -> None:
    api.on("GET", PATH, FAILING)
    clock.interrupted = True
    with pytest.raises(Interrupted):
        cluster.list(CONFIG_MAP, "box")


def test_a_create_refused_by_a_busy_server_is_repeated(
    api: ScriptedApi, cluster: KubeCluster
) -> None:
    api.on("POST", PATH, BUSY, Reply(status=201, document=ours()))
    assert objects.name(cluster.create(ours())) == "a"
    assert len(api.asked("POST", PATH)) == 2


def test_a_create_whose_answer_was_lost_is_looked_for(
    api: ScriptedApi, cluster: KubeCluster
) -> None:
    """It was made: creating it again would only say AlreadyExists."""
    api.on("POST", PATH, Reply(cut=True))
    api.on("GET", PATH + "/a", Reply(document=ours()))
    assert objects.uid(cluster.create(ours())) == "uid-a"
    assert len(api.asked("POST", PATH)) == 1


def test_a_create_that_was_lost_before_it_was_done_is_repeated(
    api: ScriptedApi, cluster: KubeCluster
) -> None:
    absent = Reply(status=404, document=status(404, "NotFound", "not found", name="a"))
    exists = Reply(status=409, document=status(409, "AlreadyExists", "exists", name="a"))
    api.on("POST", PATH, FAILING, exists)
    api.on("GET", PATH + "/a", absent, Reply(document=ours()))
    assert objects.uid(cluster.create(ours())) == "uid-a"


def test_a_namesake_of_another_drill_is_not_taken_for_ours(
    api: ScriptedApi, cluster: KubeCluster
) -> None:
    exists = Reply(status=409, document=status(409, "AlreadyExists", "exists", name="a"))
    api.on("POST", PATH, Reply(cut=True), exists)
    api.on("GET", PATH + "/a", Reply(document=ours("d2")))
    with pytest.raises(AlreadyExists):
        cluster.create(ours("d1"))


def test_a_lost_create_that_nothing_identifies_is_not_repeated(
    api: ScriptedApi, cluster: KubeCluster
) -> None:
    api.on("POST", PATH, Reply(cut=True))
    with pytest.raises(Unreachable) as caught:
        cluster.create({"apiVersion": "v1", "kind": "ConfigMap", **config_map("a")})
    assert "may have been created" in caught.value.hint
    assert len(api.asked("POST", PATH)) == 1


def test_a_delete_is_repeated_since_its_uid_makes_it_safe(
    api: ScriptedApi, cluster: KubeCluster
) -> None:
    gone = Reply(status=404, document=status(404, "NotFound", "not found", name="a"))
    api.on("DELETE", PATH + "/a", Reply(cut=True), gone)
    cluster.delete(CONFIG_MAP, "box", "a", uid="uid-a")
    asked = api.asked("DELETE", PATH + "/a")
    assert [seen.body["preconditions"] for seen in asked] == [{"uid": "uid-a"}] * 2


def test_a_refused_token_is_read_again_once(
    api: ScriptedApi, tmp_path: Path, clock: FakeClock
) -> None:
    """Tokens rotate: the kubeconfig is read again, and only a second refusal counts."""
    refused = Reply(status=401, document=status(401, "Unauthorized", "Unauthorized"))
    cluster = connect_cluster(kubeconfig=api.kubeconfig(tmp_path, token="old"), clock=clock)
    cluster.served(CONFIG_MAP)
    api.kubeconfig(tmp_path, token="fresh")
    api.on("GET", PATH, refused, listing())
    cluster.list(CONFIG_MAP, "box")
    assert [seen.headers["authorization"] for seen in api.asked("GET", PATH)] == [
        "Bearer old",
        "Bearer fresh",
    ]
    api.on("GET", PATH, refused)
    with pytest.raises(Forbidden, match="401"):
        cluster.list(CONFIG_MAP, "box")


def test_tokens_never_reach_errors(api: ScriptedApi, tmp_path: Path, clock: FakeClock) -> None:
    config = api.kubeconfig(tmp_path, token="very-secret")
    cluster = connect_cluster(kubeconfig=config, clock=clock)
    api.on("GET", PATH, Reply(status=500, document="x" * 10_000))
    with pytest.raises(Unreachable) as caught:
        cluster.list(CONFIG_MAP, "box")
    assert "very-secret" not in repr(caught.value)
    assert len(str(caught.value)) < 600


def test_a_continue_token_that_expires_starts_the_list_anew(
    api: ScriptedApi, cluster: KubeCluster
) -> None:
    expired = Reply(status=410, document=status(410, "Expired", "token too old"))
    whole = listing(config_map("a"), config_map("b"))
    api.on("GET", PATH, listing(config_map("a"), token="t"), expired, whole)
    assert len(cluster.list(CONFIG_MAP, "box")) == 2


def test_a_server_that_refuses_connections_is_unreachable(tmp_path: Path, clock: FakeClock) -> None:
    with ScriptedApi() as api:
        config = api.kubeconfig(tmp_path)
    cluster = connect_cluster(kubeconfig=config, clock=clock)
    with pytest.raises(Unreachable, match="no answer from the API server"):
        cluster.version()
