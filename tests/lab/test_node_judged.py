"""The judgement: the shop on a real node is drilled, whole and damaged, and each answer is right.

Needs the node's NetworkPolicies enforced, which they are unless somebody switches them off.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import pytest

from tests.lab import shop_drills
from tests.lab.application import shopkeeping
from tests.lab.cluster import Cluster
from tests.lab.conftest import Lab
from tests.lab.drilling import Desk, Ended, stage
from tests.lab.footprint import Footprint, difference, footprint

pytestmark = [pytest.mark.node, pytest.mark.timeout(1200), pytest.mark.usefixtures("unharmed")]
SOURCES = ("api", "db")
LOSE_ROWS = (
    "CREATE TABLE lost AS SELECT * FROM ledger WHERE id BETWEEN 2 AND 4",
    "DELETE FROM ledger WHERE id BETWEEN 2 AND 4",
)
FIND_ROWS = ("INSERT INTO ledger SELECT * FROM lost", "DROP TABLE lost")
LOSE_CANARY = ("CREATE TABLE lost AS SELECT * FROM canaries", "DELETE FROM canaries")
FIND_CANARY = ("INSERT INTO canaries SELECT * FROM lost", "DROP TABLE lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One drill of the whole shop, and the cluster before, meanwhile and afterwards."""

    ended: Ended
    before: Footprint
    after: Footprint
    services: Mapping[str, str]
    """The copy's Services in namespace `api` to their types."""
    journals: Sequence[object]


@pytest.fixture(scope="module")
def whole(node_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """The drill that several tests ask about."""
    cluster, velero = node_lab.cluster, node_lab.velero_namespace
    shopkeeping.apply_shop(cluster)
    desk = Desk(folder=tmp_path_factory.mktemp("whole"), kubeconfig=node_lab.kubeconfig)
    recorded = shop_drills.record(cluster)
    backup = shopkeeping.back_up(cluster, f"whole-{secrets.token_hex(4)}")
    before = footprint(cluster, velero, SOURCES)
    changes = (shop_drills.expecting(recorded), shop_drills.with_script)
    with desk.run(shop_drills.scenario(desk, backup, *changes)) as command:
        command.wait_for(stage("probe"), shop_drills.SECONDS)
        services = cast(
            "Sequence[dict[str, dict[str, str]]]", cluster.list("v1", "Service", "drill-api")
        )
        ended = command.end(shop_drills.SECONDS)
    return Judged(
        ended=ended,
        before=before,
        after=footprint(cluster, velero, SOURCES),
        services={each["metadata"]["name"]: each["spec"]["type"] for each in services},
        journals=desk.journals,
    )


@contextmanager
def lost(cluster: Cluster, lose: Sequence[str], find: Sequence[str]) -> Iterator[None]:
    """Something is missing in production for a while, and comes back."""
    for statement in lose:
        shopkeeping.sql(cluster, statement)
    try:
        yield
    finally:
        for statement in find:
            shopkeeping.sql(cluster, statement)


def test_the_shop_passes_with_its_data_and_its_isolation_proven(whole: Judged) -> None:
    ended = whole.ended
    assert (ended.code, ended.report["verdict"]) == (0, "passed"), ended.text
    assert ended.report["proofLevel"] == "data", ended.text
    assert set(shop_drills.outcomes(ended).values()) == {"passed"}, ended.text
    kinds = {str(probe["kind"]) for probe in ended.rows("probes")}
    assert kinds == {
        *("resource", "http", "tcp", "sql", "canary", "checksum", "exec", "prometheus"),
        *("job", "script"),
    }
    assert not any(probe["simulated"] for probe in ended.rows("probes"))
    assert ended.part("completeness")["missing"] == []
    (volume,) = ended.rows("volumes")
    assert (volume["claim"], volume["outcome"]) == ("data-postgres-0", "restored")
    assert shop_drills.isolation(ended) == "proven"


def test_the_datas_own_age_stands_beside_the_backups(whole: Judged) -> None:
    """A row a second: the newest is from when the volume was copied, after the backup's start."""
    rpo = cast("Mapping[str, float]", whole.ended.part("objectives")["rpo"])
    assert 0 < rpo["dataSeconds"] < rpo["achievedSeconds"] + 5


def test_cluster_and_bucket_are_what_they_were_object_for_object(whole: Judged) -> None:
    assert whole.ended.part("cleanup")["outcome"] == "clean"
    assert difference(whole.before, whole.after) == {}
    assert whole.journals == ()


def test_a_node_port_that_is_taken_does_not_matter_and_is_told(whole: Judged) -> None:
    """Production itself has port 30081; the copy's Service gets none, nor a load balancer."""
    assert whole.services["web-nodeport"] == whole.services["web-public"] == "ClusterIP"
    words = str(shop_drills.finding(whole.ended, "made-harmless")["message"])
    assert "api/web-nodeport (NodePort, node port 30081)" in words
    assert "CronJobs are suspended: api/invoices" in words


def test_settings_that_lead_to_production_are_named_without_their_values(whole: Judged) -> None:
    words = str(shop_drills.finding(whole.ended, "points-outside")["message"])
    assert "secrets api/payments key url" in words
    assert "made-up" not in whole.ended.text + str(whole.ended.report)


def test_a_volume_opted_out_fails_the_drill_and_is_named(
    shop: Lab, node_desk: Desk, backup_name: str
) -> None:
    """Velero says Completed, and every pod of a copy would become Ready, on an empty volume."""
    key = "backup.velero.io/backup-volumes-excludes"
    pod = ("v1", "Pod", "postgres-0")
    shop.cluster.patch(*pod, {"metadata": {"annotations": {key: "data"}}}, "db")
    try:
        shopkeeping.back_up(shop.cluster, backup_name)
    finally:
        shop.cluster.patch(*pod, {"metadata": {"annotations": {key: None}}}, "db")
    before = footprint(shop.cluster, shop.velero_namespace, SOURCES)
    ended = shop_drills.drill(node_desk, backup_name)
    assert (ended.code, ended.report["verdict"]) == (1, "failed"), ended.text
    assert "persistentvolumeclaim db/data-postgres-0" in shop_drills.reasons(ended), ended.text
    assert ended.report["proofLevel"] == "none", ended.text
    assert difference(before, footprint(shop.cluster, shop.velero_namespace, SOURCES)) == {}


def test_rows_deleted_before_the_backup_are_missed(
    shop: Lab, node_desk: Desk, backup_name: str
) -> None:
    """The backup is whole, and what it holds is not: only what was recorded outside can tell."""
    recorded = shop_drills.record(shop.cluster)
    with lost(shop.cluster, LOSE_ROWS, FIND_ROWS):
        shopkeeping.back_up(shop.cluster, backup_name)
    ended = shop_drills.drill(node_desk, backup_name, shop_drills.expecting(recorded))
    assert (ended.code, ended.report["verdict"]) == (1, "failed"), ended.text
    found = shop_drills.outcomes(ended)
    wrong = {name for name, outcome in found.items() if outcome != "passed"}
    assert wrong == {"as many rows as recorded", "own check, inside the sandbox"}, ended.text
    words = f"expected count {recorded.rows}, found count {recorded.rows - 3}"
    assert words in shop_drills.reasons(ended), ended.text
    # That the web tier loses a cluster-wide role in its copy takes no row from the database.
    assert "cluster-rights-missing" not in str(ended.report["findings"]), ended.text


def test_a_canary_that_is_not_there_is_missed(shop: Lab, node_desk: Desk, backup_name: str) -> None:
    with lost(shop.cluster, LOSE_CANARY, FIND_CANARY):
        shopkeeping.back_up(shop.cluster, backup_name)
    ended = shop_drills.drill(node_desk, backup_name)
    assert (ended.code, ended.report["verdict"]) == (1, "failed"), ended.text
    assert shop_drills.outcomes(ended)["canary"] == "failed", ended.text
    assert shopkeeping.CANARY in shop_drills.reasons(ended), ended.text
