"""`record` asks the live source; a later drill compares what came back with it."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.containers import ExecAnswer
from runner.cli import main
from tests.drills.probes.databases.servers import PASSWORD, Server, mysql, postgresql
from tests.e2e.conftest import Drilled

ALL = "recorded: {maxDistance: 60d}"
SQL = """\
    - name: orders
      sql:
        engine: ENGINE
        service: shop
        port: 80
        database: shop
        user: app
        password: ${DRILL_TEST_PASSWORD}
        query: SELECT count(*) FROM orders
      expect: {EXPECT}
      retries: 0
"""
FILES = """\
    - name: files
      checksum: {workload: statefulset/ledger, path: DATA}
      expect: {EXPECT}
      retries: 0
    - name: canary
      canary: {id: recorded, file: {workload: statefulset/ledger, path: DATA/canary}}
      expect: {recorded: {maxDistance: 60d}}
      retries: 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An embedded cluster, its kubeconfig, and where records go."""

    cluster: EmbeddedCluster
    kubeconfig: Path
    records: Path

    def record(self, path: Path) -> int:
        """Record as a user does."""
        where = ("--kubeconfig", str(self.kubeconfig), "--records", str(self.records))
        return main(["record", str(path), *where])

    def lines(self) -> list[dict[str, object]]:
        """Return what was recorded."""
        return [json.loads(line) for line in self.records.read_text().splitlines()]

    def move(self, days: int) -> None:
        """Pretend that the last records were taken so many days before: before the backup."""
        lines = self.lines()
        for line in lines:
            at = datetime.fromisoformat(str(line["at"])) - timedelta(days=days)
            line["at"] = at.isoformat()
        self.records.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


@pytest.fixture(name="place")
def _place(tmp_path: Path) -> Iterator[Place]:
    with EmbeddedCluster() as cluster:
        yield Place(
            cluster=cluster,
            kubeconfig=Path(cluster.kubeconfig(tmp_path / "kubeconfig")),
            records=tmp_path / "recorded.jsonl",
        )


@pytest.fixture(name="on")
def _on(
    place: Place, write: Callable[..., Path], drill: Callable[..., Drilled]
) -> Callable[[str], tuple[Path, Callable[[], Drilled]]]:
    def on(probes: str) -> tuple[Path, Callable[[], Drilled]]:
        path = write(
            cluster="{context: embedded}",
            backup="{engine: velero, schedule: production-daily}",
            probes=probes,
        )
        where = ("--kubeconfig", place.kubeconfig, "--records", place.records)
        return path, lambda: drill(path, *where)

    return on


@contextmanager
def database(engine: str) -> Iterator[Server]:
    """Run a database."""
    start = {"postgresql": postgresql, "mysql": mysql}[engine]
    with (
        tempfile.TemporaryDirectory(prefix="drill-test-") as folder,
        start(Path(folder)) as server,
    ):
        yield server


@pytest.fixture(name="server", params=["postgresql", "mysql"])
def _server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with database(request.param) as server:
        yield server


@pytest.fixture(name="steady", scope="module")
def _steady() -> Iterator[Server]:
    """A PostgreSQL that several tests only read from."""
    with database("postgresql") as server:
        yield server


def probe(drilled: Drilled, name: str) -> dict[str, object]:
    """Return one probe of the report."""
    (found,) = [each for each in drilled.document["probes"] if each["name"] == name]
    return dict(found)


On = Callable[[str], tuple[Path, Callable[[], Drilled]]]


def test_a_count_against_the_record(
    server: Server,
    place: Place,
    on: On,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Asked of the namespace production with a real database behind it, then of the sandbox."""
    monkeypatch.setenv("DRILL_TEST_PASSWORD", PASSWORD)
    asked: list[str] = []

    def dial(namespace: str, *_: object) -> socket.socket:
        asked.append(namespace)
        return server.dial()

    place.cluster.stand_ins.register("database", stream=dial)
    text = SQL.replace("ENGINE", server.engine).replace("EXPECT", f"count: recorded, {ALL}")
    path, drill = on(text)
    unrecorded = drill()
    assert unrecorded.verdict == "inconclusive"
    assert "no record" in str(probe(unrecorded, "orders")["message"])
    asked.clear()
    assert place.record(path) == 0
    assert set(asked) == {"production"}
    assert "orders: count 3" in capsys.readouterr().out
    assert place.lines()[0]["values"] == {"count": 3}
    assert PASSWORD not in place.records.read_text()
    # Its own record was taken after the backup; as many were there a month before.
    place.move(30)
    assert place.record(path) == 0
    passed = drill()
    assert asked[-1] == "backup-test"
    assert passed.verdict in {"passed", "warned"}, passed.document["probes"]
    assert "recorded as 3 (" in str(probe(passed, "orders")["observed"])
    assert "after the backup" in str(probe(passed, "orders")["observed"])
    lost = place.records.read_text().replace('"count": 3', '"count": 4')
    place.records.write_text(lost)
    failed = drill()
    assert failed.verdict == "failed"
    assert "fewer came back than were there" in str(probe(failed, "orders")["message"])


def test_a_record_that_is_too_far_away_counts_for_nothing(
    steady: Server,
    place: Place,
    on: On,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DRILL_TEST_PASSWORD", PASSWORD)
    place.cluster.stand_ins.register("database", stream=lambda *_: steady.dial())
    path, drill = on(SQL.replace("ENGINE", steady.engine).replace("EXPECT", "count: recorded"))
    assert place.record(path) == 0
    place.move(30)
    where = ("--kubeconfig", str(place.kubeconfig), "--records", str(place.records))
    assert main(["plan", str(path), *where]) == 0
    said = "count: no record within 30m of the backup, the nearest"
    assert said in capsys.readouterr().out
    drilled = drill()
    assert drilled.verdict == "inconclusive"
    message = str(probe(drilled, "orders")["message"])
    assert "within 30m of the backup; the nearest is" in message
    assert "python -m runner record" in message


@pytest.mark.parametrize(
    ("query", "verdict"),
    [
        ("SELECT 3", {"passed", "warned"}),
        ("SELECT 2", {"passed", "warned"}),  # the hook ran, then one more came
        ("SELECT 4", {"failed"}),
        ("SELECT 1 FROM orders WHERE id > 99", {"failed"}),
        ("SELECT nothing FROM nowhere", {"failed"}),  # it was to come back, too
        ("DELETE FROM orders", {"inconclusive"}),
    ],
)
def test_the_data_itself_says_what_was_there(
    steady: Server,
    place: Place,
    on: On,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    verdict: set[str],
) -> None:
    """No access to production: a table that travels in the backup."""
    monkeypatch.setenv("DRILL_TEST_PASSWORD", PASSWORD)
    place.cluster.stand_ins.register("database", stream=lambda *_: steady.dial())
    expect = f"count: recorded, recordedBy: {{sql: {query}}}"
    path, drill = on(SQL.replace("ENGINE", steady.engine).replace("EXPECT", expect))
    drilled = drill()
    assert drilled.verdict in verdict, drilled.document["probes"]
    assert place.record(path) == 2, "nothing of it is for `record`"


@pytest.fixture(name="data")
def _data(tmp_path: Path, place: Place) -> Path:
    """A folder that a stand-in shows as the ledger's volume, in production and in the sandbox."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "ledger").write_text("one\ntwo\n")
    (folder / "log").write_text("1\n")
    (folder / "canary").write_text("canary-1\ncanary-2 2026-11-20\n")

    def run(_namespace: str, _pod: str, _container: str, command: tuple[str, ...]) -> ExecAnswer:
        done = subprocess.run(command, capture_output=True, timeout=20, check=False)
        return ExecAnswer(
            exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr, stand_in="ledger"
        )

    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    place.cluster.stand_ins.register("ledger", exec=run)
    return folder


def test_files_and_canary_against_the_records(place: Place, on: On, data: Path) -> None:
    """What changed between the records may be as in either; what did not must be the same."""
    text = FILES.replace("DATA", str(data)).replace("EXPECT", f"files: recorded, {ALL}")
    path, drill = on(text)
    assert place.record(path) == 0
    place.move(30)
    (data / "log").write_text("1\n2\n3\n")
    (data / "canary").write_text("canary-1\ncanary-2 2026-11-20\ncanary-3\n")
    assert place.record(path) == 0
    files, canary, *later = place.lines()
    assert set(dict(files["values"])["files"]) == {"ledger", "log", "canary"}  # type: ignore[call-overload]
    assert canary["values"] == {"id": "canary-2"}
    assert later[1]["values"] == {"id": "canary-3"}
    assert drill().verdict in {"passed", "warned"}
    (data / "log").write_text("1\n2\n")
    between = drill()
    assert between.verdict == "inconclusive"
    assert "it changed between the records" in str(probe(between, "files")["message"])
    (data / "ledger").write_text("one\n")
    spoilt = drill()
    assert spoilt.verdict == "failed"
    assert "differ or are missing: ledger" in str(probe(spoilt, "files")["message"])
    assert probe(spoilt, "canary")["outcome"] == "passed"
    (data / "canary").write_text("canary-1\n")
    lost = drill()
    assert probe(lost, "canary")["outcome"] == "inconclusive"
    (data / "canary").unlink()
    assert probe(drill(), "canary")["outcome"] == "failed"


def test_a_tree_against_the_records(
    place: Place, on: On, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = FILES.replace("DATA", str(data)).replace(
        "EXPECT", f"tree: recorded, count: recorded, {ALL}"
    )
    path, drill = on(text)
    assert place.record(path) == 0
    place.move(30)
    assert place.record(path) == 0
    where = ("--kubeconfig", str(place.kubeconfig), "--records", str(place.records))
    assert main(["plan", str(path), *where]) == 0
    plan = capsys.readouterr().out
    assert re.search(r"  tree, count recorded .* before the backup and .* after the backup", plan)
    assert drill().verdict in {"passed", "warned"}
    (data / "log").write_text("2\n")
    drilled = drill()
    assert drilled.verdict == "failed"
    assert "tree recorded as" in str(probe(drilled, "files")["message"])


@pytest.mark.parametrize(
    ("spoil", "outcome"),
    [
        (lambda data: None, "passed"),
        (lambda data: (data / "new").write_text("later"), "passed"),
        (lambda data: (data / "ledger").write_text("one"), "failed"),
        (lambda data: (data / "ledger").unlink(), "failed"),
        (lambda data: (data / "SHA256SUMS").unlink(), "failed"),
        (lambda data: (data / "SHA256SUMS").write_text(""), "failed"),
        (lambda data: (data / "SHA256SUMS").write_text("nonsense"), "inconclusive"),
    ],
)
def test_a_list_of_digests_in_the_volume(
    place: Place, on: On, data: Path, spoil: Callable[[Path], object], outcome: str
) -> None:
    """`sha256sum * > SHA256SUMS` before the backup; the records of production are not needed."""
    lines = (
        f"{hashlib.sha256((data / name).read_bytes()).hexdigest()}  {written}\n"
        for name, written in (("ledger", "ledger"), ("log", "./log"))
    )
    (data / "SHA256SUMS").write_text("".join(lines))
    expect = "files: recorded, recordedBy: {file: SHA256SUMS}"
    spoil(data)
    _, drill = on(FILES.replace("DATA", str(data)).replace("EXPECT", expect))
    drilled = drill()
    assert probe(drilled, "files")["outcome"] == outcome, probe(drilled, "files")
    assert not place.records.exists()


def test_nothing_to_record_is_said(
    place: Place, on: On, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = FILES.replace("DATA", str(data)).replace("EXPECT", "files: recorded")
    path, _ = on(text)
    (data / "canary").unlink()
    assert place.record(path) == 3
    said = capsys.readouterr()
    assert "not recorded" in said.err
    assert "no such file" in said.err
    assert "files: 2 files" in said.out
    assert len(place.lines()) == 1
