"""Names of Services in texts: only whole ones change, whatever stands around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.names import NameMap

NAMES = NameMap(
    namespaces={"api": "drill-api", "db": "drill-db"},
    services=frozenset({("db", "postgres"), ("api", "web"), ("db", "kafka")}),
)
FORMS = ("", ".svc", ".svc.cluster.local")
BEFORE = ("", " ", '"', "'", "=", "@", ",", ";", "(", "[", "{", "<", "//", "\n", "%40", "\\n", ":-")
AFTER = ("", " ", '"', "'", ":5432", "/", ",", ";", ")", "]", "}", ">", "?", "#", "\n", "\\n", ".")


@pytest.mark.parametrize(
    ("text", "led"),
    [
        ("postgres.db", "postgres.drill-db"),
        ("jdbc:postgresql://postgres.db.svc:5432/x", "jdbc:postgresql://postgres.drill-db.svc:5432/x"),
        ("postgres://u:p@postgres.db:5432/x?a=b", "postgres://u:p@postgres.drill-db:5432/x?a=b"),
        ("kafka-0.kafka.db:9092,kafka-1.kafka.db:9092", None),
        ("_pg._tcp.postgres.db.svc.cluster.local", "_pg._tcp.postgres.drill-db.svc.cluster.local"),
        ("${DB:-postgres.db}", "${DB:-postgres.drill-db}"),
        ("${DB:postgres.db}", "${DB:postgres.drill-db}"),
        ("amqp%3A%2F%2Fu%40postgres.db%3A5", "amqp%3A%2F%2Fu%40postgres.drill-db%3A5"),
        (r'{"host": "a\npostgres.db\n"}', r'{"host": "a\npostgres.drill-db\n"}'),
        ("Postgres.DB.SVC", "Postgres.drill-db.SVC"),
        ("server web.api; to postgres.db;", "server web.drill-api; to postgres.drill-db;"),
    ],
)  # fmt: skip
def test_a_name_is_led_into_the_sandbox(text: str, led: str | None) -> None:
    assert NAMES.rewritten(text) == (led or text.replace(".db:", ".drill-db:"))


@pytest.mark.parametrize(
    "text",
    [
        "postgres",
        "db.postgres",
        "notpostgres.db",
        "not-postgres.db",
        "postgres.dbx",
        "postgres.db-x",
        "postgres.db_x",
        "postgres.db.example.com",
        "x.postgres.db",
        "postgres.db.svc.example.com",
        "postgres.db.svc.cluster.localhost",
        "/data/postgres.db",
        "/postgres.db",
        "unknown.db.svc",
        "postgres.api.svc",
        "postgres..db",
    ],
)
def test_another_name_stays(text: str) -> None:
    assert NAMES.rewritten(text) == text
    assert NAMES.left(text) == ()


words = st.sampled_from(
    [
        "postgres", "kafka", "web", "db", "api", "svc", "cluster", "local", "drill-db", "not", "x",
        "com", ".", ".", ".", "-", "_", "/", "//", ":", "@", " ", "%40", "\\n", "0", "é", "\n", "=",
    ]
)  # fmt: skip
texts = st.one_of(st.lists(words, max_size=25).map("".join), st.text(max_size=60))


@given(texts)
def test_what_was_led_needs_no_second_time(text: str) -> None:
    led = NAMES.rewritten(text)
    assert NAMES.left(led) == ()
    assert NAMES.rewritten(led) == led


@given(texts.filter(lambda text: "drill-" not in text and text.isascii()))
def test_nothing_but_the_namespace_changes(text: str) -> None:
    back = NameMap(
        namespaces={new: old for old, new in NAMES.namespaces.items()},
        services=frozenset((NAMES.namespaces[space], name) for space, name in NAMES.services),
    )
    assert back.rewritten(NAMES.rewritten(text)).lower() == text.lower()


@given(st.sampled_from(BEFORE), st.sampled_from(FORMS), st.sampled_from(AFTER))
def test_every_form_between_all_that_may_stand_around_a_host(
    before: str, form: str, after: str
) -> None:
    text = f"{before}postgres.db{form}{after}"
    assert NAMES.rewritten(text) == f"{before}postgres.drill-db{form}{after}"


@given(st.from_regex(r"[a-z0-9_-]", fullmatch=True), st.sampled_from(FORMS))
def test_a_longer_label_is_another_name(letter: str, form: str) -> None:
    assert NAMES.rewritten(f"{letter}postgres.db{form}") == f"{letter}postgres.db{form}"
    assert NAMES.rewritten(f"postgres.db{letter}{form}") == f"postgres.db{letter}{form}"
    assert NAMES.rewritten(f"postgres.db{form}{letter}") == f"postgres.db{form}{letter}"


@given(st.from_regex(r"[a-z](?:[a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True))
def test_only_services_of_the_backup_are_known(service: str) -> None:
    led = NAMES.rewritten(f"http://{service}.db.svc/")
    known = service in {"postgres", "kafka"}
    assert (led != f"http://{service}.db.svc/") is known


def test_a_long_text_takes_no_long_time() -> None:
    """Labels without end are no trap for the pattern."""
    text = "a-0." * 100_000 + "postgres.db"
    assert NAMES.rewritten(text) == text


def test_an_alias_leads_inside_only_whole() -> None:
    inside = "postgres.drill-db.svc.cluster.local"
    assert NAMES.leads_inside(inside)
    assert NAMES.leads_inside(f"{inside.upper()}.")
    for other in (
        "postgres.drill-db",
        "postgres.db.svc.cluster.local",
        f"x.{inside}",
        f"{inside}.x",
    ):
        assert not NAMES.leads_inside(other)
