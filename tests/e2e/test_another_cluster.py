"""A drill into another cluster (`target`), whose Velero sees the same backups as production's."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.event_log import Event
from embedded.json_objects import copied_object
from tests.e2e.conftest import Drilled
from tests.e2e.living import LATEST, things

LOCATIONS = "backupstoragelocations.velero.io"
Elsewhere = Callable[[], Drilled]


@pytest.fixture(name="there")
def _there() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster(stand_ins=["shop"]) as cluster:
        yield cluster


@pytest.fixture(name="drill_there")
def _drill_there(
    cluster: EmbeddedCluster,
    there: EmbeddedCluster,
    drill: Callable[..., Drilled],
    write: Callable[..., Path],
    tmp_path: Path,
) -> Elsewhere:
    here, other = tmp_path / "here", tmp_path / "there"
    clusters = (
        f"{{context: embedded, kubeconfig: {cluster.kubeconfig(here)}}}\n"
        f"  target: {{context: embedded, kubeconfig: {there.kubeconfig(other)}}}"
    )
    return lambda: drill(write(cluster=clusters, backup=LATEST))


def made_namespaces(cluster: EmbeddedCluster) -> set[str]:
    """Return the names of namespaces that come up from now on, as they come."""
    made: set[str] = set()

    def hear(event: Event) -> None:
        made.add(event.object["metadata"]["name"])

    cluster.storage.ledger.log.tap(cluster.objects.type("namespaces"), hear)
    return made


def test_it_restores_there_and_touches_nothing_here(
    cluster: EmbeddedCluster, there: EmbeddedCluster, drill_there: Elsewhere
) -> None:
    before = things(cluster), things(there)
    made_here, made_there = made_namespaces(cluster), made_namespaces(there)
    done = drill_there()
    assert done.code == 0
    assert (made_here, made_there) == (set(), {"backup-test"})
    assert (things(cluster), things(there)) == before


def test_a_velero_that_may_delete_productions_backups_is_named(
    there: EmbeddedCluster, drill_there: Elsewhere
) -> None:
    done = drill_there()
    assert (done.code, done.verdict) == (0, "warned")
    found = done.findings("warning")["target-may-delete-backups"]
    assert "backupstoragelocation default" in found["message"]
    there.objects.patch(LOCATIONS, "velero", "default", {"spec": {"accessMode": "ReadOnly"}})
    done = drill_there()
    assert (done.code, done.verdict) == (0, "passed")
    assert "location-read-only" in done.findings("info")


def test_a_location_that_is_the_other_veleros_own_is_no_danger(
    there: EmbeddedCluster, drill_there: Elsewhere
) -> None:
    """Only where the drilled backup lies could it be deleted."""
    there.objects.patch(LOCATIONS, "velero", "default", {"spec": {"accessMode": "ReadOnly"}})
    own = there.objects.peek(LOCATIONS, "velero", "default")
    assert own is not None
    own = copied_object(own)
    own["metadata"] = {"name": "own", "namespace": "velero"}
    own["spec"]["accessMode"] = "ReadWrite"
    own["spec"].pop("default", None)
    own["spec"]["objectStorage"]["prefix"] = "nowhere"
    there.objects.create(LOCATIONS, own)
    done = drill_there()
    assert done.code == 0
    assert "target-may-delete-backups" not in done.findings("warning")
