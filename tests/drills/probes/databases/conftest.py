"""A sandbox whose database is a real one, behind the embedded cluster's port-forward."""

import base64
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drills.adapters.clock import SystemClock
from drills.adapters.kube import KubeCluster
from drills.objects import KubeObject
from drills.ports import Deadline
from drills.probes import Answer, ProbeContext, find_probe
from drills.probes.asking import Limits, interrogate
from drills.record import ProbeRecord
from tests.drills.adapters.kube.conftest import StandIns, pod_behind
from tests.drills.probes.databases.servers import (
    PASSWORD,
    Server,
    mysql,
    mysql_community,
    postgresql,
)
from tests.fakes.probing import spec

KINDS = ("postgresql", "mysql", *(["mysql itself"] if os.environ.get("DRILL_TEST_MYSQL") else []))
DRILL = datetime(2026, 11, 21, 9, tzinfo=UTC)
"""Start of the drill; the newest order is an hour older."""


@dataclass
class World:
    """The sandbox `box`, with pod `db-0` behind Service `db`."""

    cluster: KubeCluster
    stand_ins: StandIns
    server: Server

    def question(self, query: str, **more: object) -> dict[str, object]:
        """Return a question to the database."""
        return {
            "engine": self.server.engine,
            "service": "db",
            "port": 80,
            "database": "shop",
            "user": "app",
            "password": PASSWORD,
            "query": query,
            **more,
        }

    def context(self, **more: object) -> ProbeContext:
        """Return what the drill knows."""
        plain = ProbeContext(
            cluster=self.cluster,
            clock=SystemClock(),
            namespaces={"production": "box"},
            reference=DRILL,
            restore_started_at=DRILL + timedelta(minutes=1),
            requested=0.0,
            rpo=timedelta(hours=2),
        )
        return replace(plain, **more)  # type: ignore[arg-type]

    def ask(
        self,
        query: str,
        expect: Mapping[str, object] | None = None,
        *,
        kind: str = "sql",
        timeout: float = 10,
        **more: object,
    ) -> Answer:
        """Ask once; raises what the probe raises."""
        question = self.question(query, **more)
        return find_probe(kind).ask(spec(kind, question, expect), self.context(), timeout)

    def record(self, question: Mapping[str, object], expect: Mapping[str, object]) -> ProbeRecord:
        """Ask as a drill does, without retries."""
        clock = SystemClock()
        limits = Limits(
            deadline=Deadline(clock=clock, at=clock.monotonic() + 20), stop=lambda: False
        )
        probe = spec("sql", question, expect, retries=0)
        return interrogate(probe, find_probe("sql"), self.context(), limits)


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], Server]]:
    """Start each kind of server once, when first asked for."""
    running: dict[str, Server] = {}
    kinds = {"postgresql": postgresql, "mysql": mysql, "mysql itself": mysql_community}
    with ExitStack() as all_of_them:

        def get(engine: str) -> Server:
            if engine not in running:
                with ExitStack() as stack:
                    prefix = f"drill-test-{engine.replace(' ', '-')}-"
                    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=prefix))
                    running[engine] = stack.enter_context(kinds[engine](Path(folder)))
                    all_of_them.push(stack.pop_all())
            return running[engine]

        yield get


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[World]:
    """A sandbox whose database is not there: nothing stands in for the pod's port."""
    stand_ins = StandIns()
    with pod_behind("db", stand_ins, tmp_path) as cluster:
        yield World(cluster, stand_ins, Server("postgresql", 0))


@pytest.fixture(params=KINDS)
def world(lone: World, servers: Callable[[str], Server], request: pytest.FixtureRequest) -> World:
    """The sandbox with a real PostgreSQL, with a real MariaDB, with MySQL where there is one."""
    lone.server = servers(request.param)
    lone.stand_ins.dial = lone.server.dial
    return lone


def a_secret(name: str, **values: str) -> KubeObject:
    """Return a Secret in the sandbox."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "box"},
        "data": data,
    }
