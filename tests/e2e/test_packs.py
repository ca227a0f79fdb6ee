"""Each pack against the real program, behind a restored Service or in place of a container.

The embedded cluster's stand-ins lead to the program: a tunnel to its port, a request to it, or the
command of an `exec` run on this machine. What is not installed is skipped in words.
"""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pymysql
import pytest
from pg8000.native import Connection

from embedded.cluster import EmbeddedCluster
from embedded.containers import ExecAnswer, HttpAnswer
from embedded.stand_in import HttpQuestion
from tests.drills.probes.databases.servers import (
    PASSWORD,
    Server,
    account,
    free_port,
    mysql,
    own,
    postgresql,
    running,
)
from tests.e2e.conftest import Drilled

Ask = Callable[[str], Mapping[str, tuple[str, str]]]
IN_THE_SECRET = "correct-horse"
PATH = f"{os.environ['PATH']}:/usr/sbin"


@pytest.fixture(name="ask")
def _ask(cluster: EmbeddedCluster, on: Callable[..., Drilled]) -> Ask:
    """Return what runs a drill with one `use`, and returns outcome and words by probe."""

    def ask(use: str) -> Mapping[str, tuple[str, str]]:
        assert cluster is not None
        probes = on(probes=f"    - {{name: it, retries: 0, {use}}}\n").document["probes"]
        return {p["name"]: (p["outcome"], p["message"] + p["observed"]) for p in probes}

    return ask


@pytest.fixture(name="folder")
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="drill-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def outcomes(probes: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {name.removeprefix("it: "): outcome for name, (outcome, _) in probes.items()}


def locally(environ: Mapping[str, str], user: str | None = None) -> Callable[..., ExecAnswer]:
    """Return an exec that runs the command here."""

    def run(_namespace: str, _pod: str, _container: str, command: tuple[str, ...]) -> ExecAnswer:
        env = {"PATH": PATH} | dict(environ)
        done = subprocess.run(
            command, env=env, user=user, capture_output=True, check=False, timeout=60, cwd="/"
        )
        return ExecAnswer(
            stand_in="", stdout=done.stdout, stderr=done.stderr, exit_code=done.returncode
        )

    return run


def forwarded(port: int) -> Callable[[HttpQuestion], HttpAnswer]:
    """Return an http that asks the port here."""

    def ask(question: HttpQuestion) -> HttpAnswer:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(question.method, question.path, question.body)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return HttpAnswer(stand_in="", status=answer.status, body=body)

    return ask


def program(name: str, package: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.skip(f"{name} is not installed (apt-get install {package})")
    return found


def answers(url: str) -> Callable[[], None]:
    def ready() -> None:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - loopback
            answer.read()

    return ready


@contextmanager
def redis(folder: Path, *options: str) -> Iterator[int]:
    port = free_port()
    command = [program("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1"]

    def ready() -> None:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()

    with running([*command, "--dir", str(folder), *options], None, folder / "log", ready):
        yield port


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_database(cluster: EmbeddedCluster, ask: Ask, folder: Path, kind: str) -> None:
    start = {"postgresql": postgresql, "mariadb": mysql}[kind]
    with start(folder) as server:
        serve(cluster, server)
        login = "service: shop, port: 80, database: shop, user: app, passwordFrom: "
        login += "{secret: shop-credentials, key: password}"
        good = ask(f"use: {kind}, with: {{{login}, table: orders, minTables: 2}}")
        assert set(outcomes(good).values()) == {"passed"}, good
        assert len(good) == 4
        bad = ask(f"use: {kind}, with: {{{login}, table: orders, minTables: 30}}")
        assert outcomes(bad)["has its tables"] == "failed"
        empty = ask(f"use: {kind}, with: {{{login}, table: absent}}")
        assert outcomes(empty)["has rows"] != "passed"


def serve(cluster: EmbeddedCluster, server: Server) -> None:
    """Let the server answer, with the password of the backed-up Secret."""
    if server.engine == "postgresql":
        with Connection(
            "app", host="127.0.0.1", port=server.port, database="shop", password=PASSWORD
        ) as postgres:
            postgres.run(f"ALTER ROLE app PASSWORD '{IN_THE_SECRET}'")
    else:
        said = {"host": "127.0.0.1", "port": server.port, "user": "app", "password": PASSWORD}
        with pymysql.connect(**said) as maria, maria.cursor() as cursor:
            cursor.execute(f"SET PASSWORD = PASSWORD('{IN_THE_SECRET}')")
    cluster.stand_ins.register("database", stream=lambda *_: server.dial())


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_redis(cluster: EmbeddedCluster, ask: Ask, folder: Path, password: str) -> None:
    with ExitStack() as stack:
        lock = ["--requirepass", password] if password else []
        port = stack.enter_context(redis(folder, *lock))
        environ = {"REDIS_PASSWORD": password} if password else {}
        cluster.stand_ins.register("redis", exec=locally(environ))
        where = f"workload: deployment/shop, port: {port}"
        empty = ask(f"use: redis, with: {{{where}, key: catalogue}}")
        assert outcomes(empty) == {
            "answers": "passed",
            "has read its data": "passed",
            "has its keys": "failed",
            "has the key": "failed",
        }, empty
        client = ["redis-cli", "-p", str(port), *(["-a", password] if password else [])]
        subprocess.run([*client, "set", "catalogue", "1"], capture_output=True, check=True)
        full = ask(f"use: redis, with: {{{where}, key: catalogue}}")
        assert set(outcomes(full).values()) == {"passed"}, full
        more = ask(f"use: redis, with: {{{where}, minKeys: 2}}")
        assert outcomes(more)["has its keys"] == "failed"
        if password:
            cluster.stand_ins.register("redis", exec=locally({}))
            assert outcomes(ask(f"use: redis, with: {{{where}}}"))["answers"] == "failed"


def test_nginx(cluster: EmbeddedCluster, ask: Ask, folder: Path) -> None:
    binary, port = program("nginx", "nginx"), free_port()
    (folder / "index.html").write_text("Welcome to the shop")
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;\n"
        f"events {{}}\nhttp {{ access_log off; client_body_temp_path {folder}/body;\n"
        f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n"
    )
    command = [binary, "-c", str(config), "-e", "stderr"]
    with running(command, None, folder / "log", answers(f"http://127.0.0.1:{port}/")):
        here = locally({})
        cluster.stand_ins.register(
            "nginx",
            http=forwarded(port),
            exec=lambda *said: here(*said[:3], (*said[3], "-c", str(config), "-e", "stderr")),
        )
        where = "service: shop, port: 80, workload: deployment/shop"
        good = ask(f"use: nginx, with: {{{where}, contains: Welcome}}")
        assert outcomes(good) == {
            "answers": "passed",
            "serves the page": "passed",
            "has a sound configuration": "passed",
        }, good
        config.write_text("events {")
        bad = ask(f"use: nginx, with: {{{where}, path: /absent, contains: Welcome}}")
        assert outcomes(bad)["answers"] == "failed"
        assert outcomes(bad)["has a sound configuration"] == "failed"


def test_prometheus(cluster: EmbeddedCluster, ask: Ask, folder: Path) -> None:
    binary, port = program("prometheus", "prometheus"), free_port()
    now = int(time.time())
    samples = "\n".join(f"orders_total 7 {at}" for at in range(now - 30 * 3600, now, 240))
    (folder / "samples").write_text(f"# TYPE orders gauge\n{samples}\n# EOF\n")
    tool = program("promtool", "prometheus")
    made = [tool, "tsdb", "create-blocks-from", "openmetrics", str(folder / "samples")]
    subprocess.run([*made, str(folder / "data")], capture_output=True, check=True, timeout=60)
    (folder / "prometheus.yml").write_text("global: {}\n")
    command = [
        binary,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=10y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, None, folder / "log", answers(f"http://127.0.0.1:{port}/-/ready")):
        cluster.stand_ins.register("prometheus", http=forwarded(port))
        where = "service: shop, port: 80"
        good = ask(f"use: prometheus, with: {{{where}, metric: orders_total}}")
        assert set(outcomes(good).values()) == {"passed"}, good
        bad = ask(f"use: prometheus, with: {{{where}, metric: absent_total}}")
        assert outcomes(bad) == {"is ready": "passed", "has samples of the backup": "failed"}


@contextmanager
def rabbitmq(folder: Path) -> Iterator[tuple[Mapping[str, str], str | None]]:
    """Run a node of its own; `epmd` too, which would outlive it otherwise."""
    program("rabbitmqctl", "rabbitmq-server")
    home, user = Path("/usr/lib/rabbitmq/bin"), account("rabbitmq")
    ports = [free_port() for _ in range(3)]
    own(folder, user)
    environ = {
        "PATH": f"{home}:{PATH}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ERL_FLAGS": "-start_epmd false",
        "ERL_EPMD_PORT": str(ports[0]),
        "RABBITMQ_NODENAME": "drill@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(ports[1]),
        "RABBITMQ_DIST_PORT": str(ports[2]),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "absent"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
    }
    run, pairs = locally(environ, user), [f"{name}={value}" for name, value in environ.items()]

    def listening() -> None:
        socket.create_connection(("127.0.0.1", ports[0]), timeout=2).close()

    def ready() -> None:
        answer = run("", "", "", ("rabbitmq-diagnostics", "-q", "check_running"))
        assert answer.exit_code == 0, answer.stderr

    epmd = ["env", *pairs, program("epmd", "rabbitmq-server"), "-address", "127.0.0.1"]
    with running(epmd, user, folder / "epmd", listening):
        try:
            command = ["env", *pairs, str(home / "rabbitmq-server")]
            with running(command, user, folder / "out", ready):
                yield environ, user
        finally:
            with suppress(FileNotFoundError, ProcessLookupError):
                os.kill(int((folder / "pid").read_text()), signal.SIGKILL)


@pytest.mark.timeout(300)
def test_rabbitmq(cluster: EmbeddedCluster, ask: Ask, folder: Path) -> None:
    with rabbitmq(folder) as (environ, user):
        run = locally(environ, user)
        cluster.stand_ins.register("rabbitmq", exec=run)
        use = "use: rabbitmq, timeout: 50s, with: {workload: deployment/shop, queue: orders}"
        empty = ask(use)
        assert outcomes(empty) == {
            "runs": "passed",
            "has no alarm": "passed",
            "has the queue": "failed",
        }, empty
        declare = (
            'rabbit_amqqueue:declare(rabbit_misc:r(<<"/">>, queue, <<"orders">>), '
            'true, false, [], none, <<"tests">>).'
        )
        made = run("", "", "", ("rabbitmqctl", "-q", "eval", declare))
        assert made.exit_code == 0, made.stderr
        full = ask(use)
        assert set(outcomes(full).values()) == {"passed"}, full


def test_a_wheel_has_the_packs(folder: Path) -> None:
    """Built as a user's pip does it, where the build backend can be had."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", str(folder)]
    done = subprocess.run([*command, str(root)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no wheel can be built here: {done.stderr[-300:]}")
    (wheel,) = folder.glob("*.whl")
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "scenarios/packs/postgresql.yaml" in listed
    assert "scenarios/schema/scenario.schema.json" in listed
