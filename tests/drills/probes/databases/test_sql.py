"""The sql probe, asking a real PostgreSQL and a real MariaDB through a port-forward."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest

from drills.errors import CannotAsk
from drills.findings import Cause
from drills.probes import find_probe
from drills.record import Outcome
from tests.drills.probes.databases.conftest import World, a_secret
from tests.drills.probes.databases.servers import PASSWORD, Server
from tests.fakes.probing import spec

NEWEST = "SELECT placed FROM orders ORDER BY placed DESC LIMIT 1000"


@pytest.mark.parametrize(
    ("query", "expect"),
    [
        ("SELECT * FROM orders", {}),
        ("SELECT * FROM orders", {"rows": 3, "columns": ["id", "total", "placed", "seen"]}),
        ("SELECT count(*) FROM orders", {"count": {"min": 3}}),
        ("SELECT sum(total) FROM orders", {"value": {"min": 7.5, "max": 7.5}}),
        ("SELECT note FROM notes WHERE note IS NOT NULL", {"value": {"contains": "canary"}}),
        ("SELECT 1 FROM orders WHERE id > 99", {"rows": 0}),
        ("SELECT '%s :name %%' AS x", {"value": "%s :name %%"}),
        ("SELECT 1;", {"value": 1}),
    ],
)
def test_fits(world: World, query: str, expect: Mapping[str, object]) -> None:
    answer = world.ask(query, expect)
    assert answer.mismatches == ()
    assert answer.simulated


@pytest.mark.parametrize(
    ("query", "expect", "words"),
    [
        ("SELECT 1 FROM orders WHERE id > 99", {}, "rows at least 1"),
        ("SELECT count(*) FROM orders", {"count": {"min": 4}}, "count at least 4"),
        ("SELECT note FROM notes WHERE note LIKE 'c%'", {"count": {"min": 0}}, "a number"),
        ("SELECT note FROM notes WHERE note IS NULL", {"value": {"not": "x"}}, "nothing"),
        ("SELECT 1 AS a", {"columns": ["b"]}, "columns"),
        ("SELECT * FROM lost_table", {}, "lost_table"),
    ],
)
def test_does_not_fit(world: World, query: str, expect: Mapping[str, object], words: str) -> None:
    """A table that did not come back is a wrong answer, not a question that could not be put."""
    answer = world.ask(query, expect)
    assert words in "; ".join(str(each) for each in answer.mismatches or ())


def test_a_database_that_did_not_come_back_is_a_wrong_answer(world: World) -> None:
    answer = world.ask("SELECT 1", database="lost")
    assert answer.mismatches
    assert "lost" in str(answer.mismatches[0])


def test_the_newest_row_tells_how_old_the_data_is(world: World) -> None:
    answer = world.ask(NEWEST, {"newest": {"within": "rpo"}})
    assert answer.mismatches == ()
    assert answer.newest == datetime(2026, 11, 21, 8, tzinfo=UTC)
    stale = world.ask(NEWEST, {"newest": {"within": "30m"}})
    assert stale.mismatches
    assert stale.newest == answer.newest


def test_rows_that_the_copy_itself_wrote_can_be_left_out(world: World) -> None:
    """A restored writer goes on writing: its new rows would make up for old ones that are lost."""
    before = {
        "postgresql": "current_setting('drill.restore_started_at')::timestamptz",
        "mysql": "@drill_restore_started_at",
    }[world.server.engine]
    query = f"SELECT count(*) FROM orders WHERE placed < {before}"  # noqa: S608 - one of two
    half_past_seven = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
    context = world.context(restore_started_at=half_past_seven)
    question = world.question(query)
    answer = find_probe("sql").ask(spec("sql", question, {"count": 2}), context, 20)
    assert answer.mismatches == ()


def test_an_instant_without_a_zone_needs_one(world: World) -> None:
    local = NEWEST.replace("placed", "seen")
    with pytest.raises(CannotAsk, match="no time zone"):
        world.ask(local, {"newest": {"within": "rpo"}})
    answer = world.ask(local, {"newest": {"within": "6h", "timeZone": "Asia/Tokyo"}})
    assert answer.newest == datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert answer.mismatches


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO orders VALUES (4, 1, '2026-11-21 08:30:00', '2026-11-21 08:30:00')",
        "DELETE FROM orders",
        "CREATE TABLE more (id int)",
        "DROP TABLE orders",
    ],
)
def test_nothing_is_written(world: World, query: str) -> None:
    with pytest.raises(CannotAsk, match="would write") as caught:
        world.ask(query)
    assert caught.value.cause is Cause.CONFIGURATION
    assert world.ask("SELECT count(*) FROM orders", {"count": 3}).mismatches == ()


@pytest.mark.parametrize("query", ["SELECT 1; SELECT 2", "COMMIT; DELETE FROM orders", "SELEC 1"])
def test_one_statement_that_the_server_understands(world: World, query: str) -> None:
    with pytest.raises(CannotAsk, match="cannot be asked"):
        world.ask(query)
    assert world.ask("SELECT count(*) FROM orders", {"count": 3}).mismatches == ()


def test_a_slow_statement_is_stopped_by_the_server(world: World) -> None:
    slow = {
        "postgresql": "SELECT pg_sleep(30)",
        "mysql": "SELECT sleep(30) FROM orders",
    }[world.server.engine]
    words = "took too long" if world.server.modern else "no answer in 4 s"
    with pytest.raises(CannotAsk, match=words):
        world.ask(slow, timeout=4)


def test_rights_that_lack_are_no_pass(world: World) -> None:
    """MariaDB says of a database that it may not be entered, PostgreSQL of a table."""
    outcomes = {"postgresql": Outcome.INCONCLUSIVE, "mysql": Outcome.FAILED}
    record = world.record(world.question("SELECT * FROM orders", user="guest"), {})
    assert record.outcome is outcomes[world.server.engine]
    assert "denied" in record.message


def test_a_wrong_password_in_the_scenario_says_nothing_of_the_backup(world: World) -> None:
    with pytest.raises(CannotAsk, match="login was refused") as caught:
        world.ask("SELECT 1", password="not-it-at-all")
    assert caught.value.cause is Cause.CONFIGURATION
    assert "not-it-at-all" not in f"{caught.value}{caught.value.hint}"


def test_the_password_comes_from_the_restored_secret(world: World) -> None:
    world.cluster.create(a_secret("login", password=PASSWORD, old="before-rotation"))
    right = {"secret": "login", "key": "password"}
    question = world.question("SELECT 1", passwordFrom=right)
    del question["password"]
    assert world.record(question, {"value": 1}).outcome is Outcome.PASSED
    question["passwordFrom"] = {"secret": "login", "key": "old"}
    record = world.record(question, {"value": 1})
    assert record.outcome is Outcome.FAILED
    assert "restored password" in record.message


@pytest.mark.parametrize(
    ("source", "words"),
    [({"secret": "gone", "key": "a"}, "Secret gone"), ({"secret": "login", "key": "gone"}, "key")],
)
def test_a_secret_that_did_not_come_back_fails(
    lone: World, source: dict[str, str], words: str
) -> None:
    lone.cluster.create(a_secret("login", password="x"))
    record = lone.record(lone.question("SELECT 1", passwordFrom=source), {})
    assert record.outcome is Outcome.FAILED
    assert words in record.message


def test_the_password_is_in_no_record(world: World) -> None:
    """Not even where the data itself, or the server's complaint, holds it."""
    world.cluster.create(a_secret("login", password=PASSWORD))
    question = world.question(
        f"SELECT 'it is {PASSWORD}' AS told", passwordFrom={"secret": "login", "key": "password"}
    )
    for expect in ({}, {"value": "other"}, {"rows": 3}):
        record = world.record(question, expect)
        assert "(hidden)" in record.observed
        assert PASSWORD not in repr(record)
    assert PASSWORD not in repr(world.record({**question, "query": f"SELECT {PASSWORD}"}, {}))


@pytest.mark.parametrize("tls", [True, False])
def test_tls_as_asked(world: World, tls: bool) -> None:
    if tls and not world.server.modern:
        pytest.skip("this MySQL speaks no TLS of today")
    encrypted = {
        "postgresql": "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        "mysql": "SELECT variable_value <> '' FROM information_schema.session_status "
        "WHERE variable_name = 'Ssl_version'",
    }[world.server.engine]
    assert world.ask(encrypted, {"value": {"oneOf": [tls, int(tls)]}}, tls=tls).mismatches == ()


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_without_a_stand_in_nothing_is_known(lone: World, engine: str) -> None:
    with pytest.raises(CannotAsk):
        lone.ask("SELECT 1", engine=engine, timeout=1)


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it speaks HTTP"),
        (b"-ERR unknown command\r\n", "it speaks Redis"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "it speaks SSH"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "it speaks TLS"),
        (b"\x00" * 64, "it began with"),
        (b"\xff" * 64, "it began with"),
        (b"E\x7f\xff\xff\xff", "it began with"),
    ],
)
def test_what_is_another_protocol_is_not_blamed_on_the_backup(
    lone: World, engine: str, greeting: bytes, words: str
) -> None:
    with talking(greeting) as dial:
        lone.stand_ins.dial = dial
        record = lone.record(lone.question("SELECT 1", engine=engine, tls=False), {})
    assert record.outcome is Outcome.INCONCLUSIVE
    assert record.cause is Cause.PROBE
    assert words in record.message


@pytest.mark.parametrize("tls", [None, False, True])
def test_the_other_databases_protocol_is_named(
    lone: World, servers: Callable[[str], Server], tls: bool | None
) -> None:
    """PostgreSQL waits for the client, so that as MySQL it is only silent."""
    more = {} if tls is None else {"tls": tls}
    lone.stand_ins.dial = servers("mysql").dial
    record = lone.record(lone.question("SELECT 1", engine="postgresql", **more), {})
    assert (record.outcome, record.cause) == (Outcome.INCONCLUSIVE, Cause.PROBE)
    assert "no PostgreSQL: it speaks MySQL" in record.message


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_a_server_that_hangs_up_without_a_word_is_a_wrong_answer(lone: World, engine: str) -> None:
    with talking(b"") as dial:
        lone.stand_ins.dial = dial
        assert lone.ask("SELECT 1", engine=engine, tls=False).mismatches


@pytest.mark.parametrize(
    ("engine", "greeting"),
    [
        ("postgresql", b"R\x00\x00\x00\x08\x00\x00\x00\x63"),
        ("mysql", b"\x2c\x00\x00\x00\x0a5.7\x00" + b"\x01" * 3),
    ],
)
def test_what_the_driver_does_not_know_is_in_its_words(
    lone: World, engine: str, greeting: bytes
) -> None:
    """An authentication method of tomorrow, a greeting that breaks off in its midst."""
    with talking(greeting) as dial:
        lone.stand_ins.dial = dial
        record = lone.record(lone.question("SELECT 1", engine=engine, tls=False), {})
    assert "what answers there is no" not in record.message
    outcomes = {"postgresql": Outcome.INCONCLUSIVE, "mysql": Outcome.FAILED}
    assert record.outcome is outcomes[engine]


def test_a_workloads_ready_pod_is_asked(lone: World) -> None:
    question = lone.question("SELECT 1", workload="pod/db-0", port=8080)
    del question["service"]
    record = lone.record(question, {})
    assert record.outcome is Outcome.INCONCLUSIVE
    assert "no stand-in" in record.message
    assert lone.record({**question, "workload": "pod/gone"}, {}).outcome is Outcome.FAILED


def test_a_service_without_pods_fails(lone: World) -> None:
    assert lone.record(lone.question("SELECT 1", service="gone"), {}).outcome is Outcome.FAILED


class talking:  # noqa: N801 - used like a function
    """A port that says the same to everyone, then hangs up."""

    def __init__(self, greeting: bytes) -> None:
        self._greeting = greeting
        self._open: list[socket.socket] = []

    def __enter__(self) -> Callable[[], socket.socket]:
        """Return what opens a connection."""
        return self._dial

    def __exit__(self, *_: object) -> None:
        """Close all."""
        for each in self._open:
            each.close()

    def _dial(self) -> socket.socket:
        mine, theirs = socket.socketpair()
        mine.sendall(self._greeting)
        mine.shutdown(socket.SHUT_WR)
        self._open += [mine]
        return theirs


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    yield
    assert not [each for each in threading.enumerate() if each.name.startswith("tunnel")]
