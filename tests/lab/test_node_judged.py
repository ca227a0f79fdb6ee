"""The judgement: the shop on a real node is drilled, whole and damaged, and each answer is right.

Every test leaves cluster and bucket as they were before its drill, object for object.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from tests.lab import shop_drills
from tests.lab.application import shopkeeping
from tests.lab.cluster import Cluster
from tests.lab.conftest import Lab
from tests.lab.drilling import Desk
from tests.lab.footprint import difference, footprint

pytestmark = [pytest.mark.node, pytest.mark.timeout(900)]
SOURCES = ("api", "db")


LOSE_ROWS = (
    "CREATE TABLE lost AS SELECT * FROM ledger WHERE id BETWEEN 2 AND 4",
    "DELETE FROM ledger WHERE id BETWEEN 2 AND 4",
)
FIND_ROWS = ("INSERT INTO ledger SELECT * FROM lost", "DROP TABLE lost")
LOSE_CANARY = ("CREATE TABLE lost AS SELECT * FROM canaries", "DELETE FROM canaries")
FIND_CANARY = ("INSERT INTO canaries SELECT * FROM lost", "DROP TABLE lost")


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


@pytest.mark.usefixtures("unharmed")
def test_the_shop_passes_with_its_data_proven_and_nothing_changes(
    shop: Lab, node_desk: Desk, backup_name: str
) -> None:
    recorded = shop_drills.record(shop.cluster)
    shopkeeping.back_up(shop.cluster, backup_name)
    before = footprint(shop.cluster, shop.velero_namespace, SOURCES)
    ended = shop_drills.drill(
        node_desk, backup_name, shop_drills.expecting(recorded), shop_drills.with_script
    )
    assert ended.code == 0, ended.text
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
    rpo = ended.part("objectives")["rpo"]
    assert rpo["achievedSeconds"] - 30 < rpo["dataSeconds"] < rpo["achievedSeconds"] + 30  # type: ignore[index]
    assert ended.part("cleanup")["outcome"] == "clean"
    assert difference(before, footprint(shop.cluster, shop.velero_namespace, SOURCES)) == {}
    assert node_desk.journals == ()


@pytest.mark.usefixtures("unharmed")
def test_a_volume_opted_out_fails_the_drill_and_is_named(
    shop: Lab, node_desk: Desk, backup_name: str
) -> None:
    """Velero says Completed, and every pod of the copy becomes Ready: on an empty volume."""
    mark = {"metadata": {"annotations": {"backup.velero.io/backup-volumes-excludes": "data"}}}
    none = {"metadata": {"annotations": {"backup.velero.io/backup-volumes-excludes": None}}}
    shop.cluster.patch("v1", "Pod", "postgres-0", mark, "db")
    try:
        shopkeeping.back_up(shop.cluster, backup_name)
    finally:
        shop.cluster.patch("v1", "Pod", "postgres-0", none, "db")
    before = footprint(shop.cluster, shop.velero_namespace, SOURCES)
    ended = shop_drills.drill(node_desk, backup_name)
    assert (ended.code, ended.report["verdict"]) == (1, "failed"), ended.text
    assert "data-postgres-0" in shop_drills.reasons(ended), ended.text
    assert ended.report["proofLevel"] == "none", ended.text
    assert difference(before, footprint(shop.cluster, shop.velero_namespace, SOURCES)) == {}


@pytest.mark.usefixtures("unharmed")
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


@pytest.mark.usefixtures("unharmed")
def test_a_canary_that_is_not_there_is_missed(shop: Lab, node_desk: Desk, backup_name: str) -> None:
    with lost(shop.cluster, LOSE_CANARY, FIND_CANARY):
        shopkeeping.back_up(shop.cluster, backup_name)
    ended = shop_drills.drill(node_desk, backup_name)
    assert (ended.code, ended.report["verdict"]) == (1, "failed"), ended.text
    assert shop_drills.outcomes(ended)["canary"] == "failed", ended.text
    assert shopkeeping.CANARY in shop_drills.reasons(ended), ended.text
