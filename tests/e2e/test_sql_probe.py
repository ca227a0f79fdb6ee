"""A whole drill that asks a real database behind a restored Service."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embedded.cluster import EmbeddedCluster
from tests.drills.probes.databases.servers import PASSWORD, Server, postgresql
from tests.e2e.conftest import Drilled

PROBES = """\
    - name: newest order
      sql:
        engine: postgresql
        service: shop
        port: 80
        database: shop
        user: app
        password: ${DRILL_TEST_PASSWORD}
        query: "SELECT now() - make_interval(hours => hour) FROM generate_series(1, 9) AS hour"
      expect: {rows: 9, newest: {within: 2h}}
    - name: orders
      sql:
        engine: postgresql
        service: shop
        port: 80
        database: shop
        user: app
        password: ${DRILL_TEST_PASSWORD}
        query: SELECT count(*) FROM orders
      expect: {count: {min: COUNT}}
      retries: 0
"""


@pytest.fixture(name="server")
def _server() -> Iterator[Server]:
    with (
        tempfile.TemporaryDirectory(prefix="drill-test-") as folder,
        postgresql(Path(folder)) as server,
    ):
        yield server


@pytest.mark.parametrize(("count", "verdict"), [(3, {"passed", "warned"}), (4, {"failed"})])
def test_a_database_decides_the_verdict(  # noqa: PLR0917 - fixtures
    server: Server,
    write: Callable[..., Path],
    drill: Callable[..., Drilled],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    verdict: set[str],
) -> None:
    monkeypatch.setenv("DRILL_TEST_PASSWORD", PASSWORD)
    with EmbeddedCluster() as cluster:
        cluster.stand_ins.register("database", stream=lambda *_: server.dial())
        path = write(
            cluster="{context: embedded}",
            backup="{engine: velero, schedule: production-daily}",
            probes=PROBES.replace("COUNT", str(count)),
        )
        drilled = drill(path, "--kubeconfig", cluster.kubeconfig(tmp_path / "kubeconfig"))
    assert drilled.verdict in verdict, drilled.document["probes"]
    newest = drilled.document["probes"][0]
    assert (newest["outcome"], newest["simulated"]) == ("passed", True), newest
    # What a stand-in says is never claimed as the age of restored data.
    assert drilled.document["objectives"]["rpo"]["dataSeconds"] is None
    written = "".join(path.read_text() for path in drilled.folder.glob("*/*") if path.is_file())
    assert PASSWORD not in written
    assert PASSWORD not in drilled.errors
