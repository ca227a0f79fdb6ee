"""As whom a real database is asked, and what is said where that goes wrong."""

import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec

import pymysql
import pytest
from pg8000.native import Connection

from drills.findings import Cause
from drills.record import Outcome, ProbeRecord
from tests.drills.probes.databases.conftest import World, a_secret
from tests.drills.probes.databases.servers import PASSWORD, Server


def anonymous(world: World, query: str = "SELECT 1", **more: object) -> dict[str, object]:
    """Return a question without a login of its own."""
    question = world.question(query, **more)
    return {key: question[key] for key in question if key not in {"user", "password", "database"}}


def secret_login(**keys: object) -> Mapping[str, object]:
    """Return `loginFrom` with the keys of Secret `login`."""
    return {"secret": "login", **keys}


def told(world: World, question: Mapping[str, object], value: object = 1) -> ProbeRecord:
    """Ask for one value."""
    return world.record(question, {"value": value})


def test_user_password_and_database_come_from_one_secret(world: World) -> None:
    world.cluster.create(a_secret("login", who="app", word=PASSWORD, where="shop"))
    source = secret_login(user="who", password="word", database="where")
    query = {"postgresql": "SELECT current_database()", "mysql": "SELECT database()"}
    question = anonymous(world, query[world.server.engine], loginFrom=source)
    record = told(world, question, "shop")
    assert record.outcome is Outcome.PASSED
    assert PASSWORD not in repr(record)


def test_what_the_scenario_says_stands_beside_the_secrets_keys(world: World) -> None:
    world.cluster.create(a_secret("login", word=PASSWORD))
    said = {"user": "app", "database": "shop"}
    question = anonymous(world, loginFrom=secret_login(password="word")) | said
    assert told(world, question).outcome is Outcome.PASSED


def test_a_key_that_did_not_come_back_fails(lone: World) -> None:
    lone.cluster.create(a_secret("login", word=PASSWORD))
    record = told(lone, anonymous(lone, loginFrom=secret_login(user="who", password="word")))
    assert record.outcome is Outcome.FAILED
    assert "key who in Secret login" in record.message


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_password_that_ends_in_a_newline_is_said_as_that(world: World, end: str) -> None:
    """Nobody knows whether the application leaves it off: the backup is not blamed."""
    world.cluster.create(a_secret("login", word=PASSWORD + end))
    source = {"secret": "login", "key": "word"}
    question = {**anonymous(world), "user": "app", "database": "shop", "passwordFrom": source}
    record = told(world, question)
    assert (record.outcome, record.cause) == (Outcome.INCONCLUSIVE, Cause.PROBE)
    assert "the password under word in Secret login ends in a newline" in record.message
    assert PASSWORD not in repr(record)
    trimmed = {**question, "passwordFrom": {**source, "trim": True}}
    assert told(world, trimmed).outcome is Outcome.PASSED


@pytest.mark.parametrize("password", ["be\x07ll", "de\x7fl", "t\tab", "\x01"])
def test_control_characters_in_a_password_are_not_blamed_on_the_backup(
    world: World, password: str
) -> None:
    world.cluster.create(a_secret("login", word=password))
    source = {"secret": "login", "key": "word"}
    question = {**anonymous(world), "user": "app", "database": "shop", "passwordFrom": source}
    record = told(world, question)
    assert (record.outcome, record.cause) == (Outcome.INCONCLUSIVE, Cause.PROBE)
    assert "control characters" in record.message


def test_an_error_after_the_login_is_none_of_the_login(world: World) -> None:
    """What a function raises may have the code of a login that was refused."""
    refused = {
        "postgresql": "DO $$ BEGIN RAISE EXCEPTION 'not you' USING ERRCODE = '28000'; END $$",
        "mysql": "SIGNAL SQLSTATE '28000' SET MYSQL_ERRNO = 1045, MESSAGE_TEXT = 'not you'",
    }
    record = world.record(world.question(refused[world.server.engine]), {})
    assert record.outcome is Outcome.INCONCLUSIVE
    assert "login" not in record.message
    assert "cannot be asked: not you" in record.message


def test_a_right_that_lacks_is_the_scenarios_to_mend(world: World) -> None:
    refused = {
        "postgresql": "SELECT pg_read_file('/etc/hostname')",
        "mysql": "SELECT 1 INTO OUTFILE '/tmp/restore-drill-never'",
    }
    database = {"postgresql": "shop", "mysql": ""}[world.server.engine]
    question = world.question(refused[world.server.engine], user="guest", database=database)
    record = world.record(question, {})
    assert record.outcome is Outcome.INCONCLUSIVE
    assert "cannot be asked" in record.message


def test_a_library_that_is_missing_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the package was installed without its dependencies."""
    module = {"postgresql": "pg8000.core", "mysql": "pymysql"}[world.server.engine]
    monkeypatch.setitem(sys.modules, module, None)
    record = world.record(world.question("SELECT 1"), {})
    assert (record.outcome, record.cause) == (Outcome.INCONCLUSIVE, Cause.PROBE)
    assert module in record.message


def test_ed25519_needs_its_library_and_says_so(
    lone: World, servers: Callable[[str], Server]
) -> None:
    """MariaDB's own way to log in; the driver wants PyNaCl for it."""
    server = servers("mysql")
    admin = pymysql.connect(host="127.0.0.1", port=server.port, user="root")
    with admin, admin.cursor() as cursor:
        try:
            cursor.execute("INSTALL SONAME 'auth_ed25519'")
        except pymysql.MySQLError as error:
            assert "already" in str(error) or "exists" in str(error)  # noqa: PT017 - once a server
        cursor.execute(
            f"CREATE USER IF NOT EXISTS ed IDENTIFIED VIA ed25519 USING PASSWORD('{PASSWORD}')"
        )
    lone.server, lone.stand_ins.dial = server, server.dial
    record = told(lone, lone.question("SELECT 1", user="ed", database=""))
    if find_spec("nacl") is not None:
        assert record.outcome is Outcome.PASSED
        return
    assert (record.outcome, record.cause) == (Outcome.INCONCLUSIVE, Cause.PROBE)
    assert "'pynacl' package is required" in record.message


def test_a_database_that_takes_no_more_connections_is_not_blamed(
    lone: World, servers: Callable[[str], Server]
) -> None:
    """Its limit may be ours to spare: many probes ask at once."""
    server = servers("postgresql")
    with Connection(
        "app", host="127.0.0.1", port=server.port, database="shop", password=PASSWORD
    ) as admin:
        admin.run("CREATE ROLE full_up LOGIN CONNECTION LIMIT 0")
        admin.run(f"ALTER ROLE full_up PASSWORD '{PASSWORD}'")
    lone.server, lone.stand_ins.dial = server, server.dial
    record = told(lone, lone.question("SELECT 1", user="full_up"))
    assert (record.outcome, record.cause) == (Outcome.INCONCLUSIVE, Cause.PROBE)
    assert "takes no more connections" in record.message
