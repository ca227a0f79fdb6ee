"""What is a secret, and that it is found in every form, wherever it is cut."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scenarios
from scenarios.hiding import HIDDEN, veil_of
from scenarios.secrets import in_secret
from tests.scenarios.test_packs import HEAD

SECRETS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), min_size=8, max_size=60
).filter(lambda text: len(text.strip()) >= 8)


def secrets(probes: str, **environ: str) -> set[str]:
    scenario = scenarios.parse_scenario((HEAD + probes).encode(), source="s", environ=environ)
    return set(scenario.confidential.secrets)


@given(SECRETS, st.text(max_size=10), st.text(max_size=10))
def test_no_form_of_a_secret_stays(secret: str, before: str, after: str) -> None:
    veil, data = veil_of([secret]), secret.encode()
    for form in (
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret, ensure_ascii=False))[3:-3],
        quote(secret, safe=""),
        quote_plus(secret),
        data.hex(),
    ):
        assert form not in veil.hide(f"{before}{form}{after}")
    whole = base64.b64encode(f"{before}{secret}{after}".encode()).decode()
    assert veil.hide(whole) == HIDDEN
    assert veil.hide(f"x {whole} y") == f"x {HIDDEN} y"


@given(SECRETS.map(str.strip), st.integers(min_value=4, max_value=60))
def test_a_cut_leaves_no_beginning(secret: str, at: int) -> None:
    begun = secret[:at]
    assert begun not in veil_of([secret]).hide(f'"it is {begun}…').removeprefix('"it is ')


def test_short_secrets_are_words_or_nothing() -> None:
    veil = veil_of(["test", "eu"])
    assert veil.hide("the latest test of eu, test-1 'test'") == (
        f"the latest {HIDDEN} of eu, {HIDDEN}-1 '{HIDDEN}'"
    )


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        *(
            (plain, False)
            for plain in ("eu", "true", "12345678", "production", "15m", "2026-11-21")
        ),
        *((secret, True) for secret in ("developmental", "tok-12345", "1234567a")),
    ],
)
def test_a_variable_is_a_secret_unless_it_is_plain(value: str, *, hidden: bool) -> None:
    probe = '    - {name: a, script: {command: [x, "${V}"]}}\n'
    assert (secrets(probe, V=value) == {value}) is hidden


def test_telling_places_and_names_hide_shorter_values() -> None:
    http = "    - {name: a, http: {service: s, port: 80, headers: {%s}}}\n"
    assert secrets(http % "Authorization: Bearer ab-12") == {"ab-12", "Bearer ab-12"}
    basic = base64.b64encode(b"me:hush1").decode()
    assert "hush1" in secrets(http % f"Authorization: Basic {basic}")
    assert "sess1" in secrets(http % "Cookie: 'a=sess1; b=2'")
    assert secrets(http % "X-Region: '${MY_PIN}'", MY_PIN="4711") == {"4711"}
    assert secrets(http % "Accept: text/html") == set()
    sql = "    - {name: a, sql: {engine: mysql, service: s, database: d, user: u, query: q, %s}}\n"
    assert secrets(sql % "password: hush") == {"hush"}
    assert secrets(sql % "passwordFrom: {secret: shop-credentials, key: password}") == set()


def test_what_the_scenario_names_stays_readable() -> None:
    probe = "    - {name: a, tcp: {service: '${S}', port: 80}}\n"
    probe += "    - {name: b, script: {command: [x], env: {TOKEN: '${S}'}}}\n"
    assert secrets(probe, S="shop-frontend") == set()


def test_restored_secrets() -> None:
    assert list(in_secret("username", "postgres-owner")) == []
    assert list(in_secret("stage", "production")) == []
    assert list(in_secret("password", "hush")) == ["hush"]
    assert "hunter2!" in list(in_secret("my.cnf", "[client]\nuser=root\npassword=hunter2!\n"))
    assert "hunter2!" in list(in_secret("x", "postgres://u:hunter2!@db/shop"))


def test_large_secrets_and_many_cuts_come_to_an_end() -> None:
    assert list(in_secret("release", "A" * 1_000_000)) == []
    found = [value for n in range(300) for value in in_secret(f"key{n}", f"secret-{n:04}-{n * n}")]
    veil = veil_of(found)
    text = "a line of output… and another... " * 20
    assert [veil.hide(text) for _ in range(50)] == [text] * 50
    assert list(in_secret("x", "pass" * 10_000)) != []
