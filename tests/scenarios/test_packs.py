"""Packs: `use` becomes probes, mistakes are told where they are, the page says what there is."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scenarios
from scenarios.model import ProofLevel
from scenarios.pack_files import Pack, pack_called, pack_names
from scenarios.problems import ScenarioError

ROOT = Path(__file__).resolve().parents[2]
HEAD = """\
apiVersion: drills/v1
kind: RestoreDrill
metadata: {name: packs}
spec:
  cluster: {embedded: true}
  backup: {engine: velero, schedule: daily}
  restore: {namespaces: {production: test}}
  probes:
"""
FIRST = HEAD.count("\n") + 1


def load(probes: str, **environ: str) -> scenarios.Scenario:
    return scenarios.parse_scenario((HEAD + probes).encode(), source="s.yaml", environ=environ)


def problems(probes: str, **environ: str) -> list[scenarios.Problem]:
    with pytest.raises(ScenarioError) as refused:
        load(probes, **environ)
    return list(refused.value.problems)


def called(name: str) -> Pack:
    pack = pack_called(name)
    assert pack is not None
    return pack


def using(pack: Pack, *, optional: bool) -> str:
    lines = [f"    - name: it\n      use: {pack.name}\n      with:\n"]
    lines += (
        f"        {one.name}: {one.example}\n"
        for one in pack.parameters.values()
        if one.needed or (optional and one.optional)
    )
    return "".join(lines)


@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("name", pack_names())
def test_every_pack_is_a_valid_scenario_with_its_examples(name: str, *, optional: bool) -> None:
    pack = called(name)
    probes = load(using(pack, optional=optional)).probes
    assert probes
    assert len(probes) <= len(pack.probes)
    assert len(probes) == len(pack.probes) or not optional
    for probe in probes:
        assert probe.name.startswith("it: ")
        assert probe.pack == name
        assert "@{" not in repr((dict(probe.question), dict(probe.expect)))
        assert set(probe.needs) <= {other.name for other in probes}
        assert (probe.question.get("namespace") == "production") is optional
    assert pack.description
    assert all(one.description for one in pack.parameters.values())


def test_the_page_is_rendered_from_the_packs() -> None:
    assert (ROOT / "docs" / "packs.md").read_text() == scenarios.render_packs()


def test_a_pack_says_in_its_header_where_it_was_never_tried() -> None:
    for name in pack_names():
        head = (ROOT / "scenarios" / "packs" / f"{name}.yaml").read_text().splitlines()[0]
        assert head.startswith("# Not tried") is not bool(called(name).proven)


def test_parameters_keep_their_kind_and_the_use_speaks_for_all() -> None:
    scenario = load(
        """\
    - {name: first, tcp: {service: db, port: 5432}}
    - name: db
      use: postgresql
      required: false
      timeout: 3s
      needs: [first]
      with:
        service: db
        database: shop
        table: orders
        minTables: 7
        passwordFrom: {secret: db, key: password}
    - {name: last, tcp: {service: db, port: 5432}, needs: [db]}
"""
    )
    by_name = {probe.name: probe for probe in scenario.probes}
    assert list(by_name) == [
        "first",
        "db: answers",
        "db: takes writes",
        "db: has its tables",
        "db: has rows",
        "last",
    ]
    tables, rows = by_name["db: has its tables"], by_name["db: has rows"]
    assert tables.expect == {"count": {"min": 7}}
    assert tables.question["port"] == 5432
    assert tables.question["passwordFrom"] == {"secret": "db", "key": "password"}
    assert tables.needs == ("db: answers", "first")
    assert not tables.required
    assert tables.timeout.total_seconds() == 3
    assert "FROM orders LIMIT" in str(rows.question["query"])
    assert rows.proves is ProofLevel.DATA
    assert by_name["last"].needs == tuple(f"db: {probe}" for probe in list_of("postgresql"))
    assert by_name["first"].pack == ""


def list_of(name: str) -> list[str]:
    probes = [probe.entries["name"].node for probe in called(name).probes]
    return [str(getattr(leaf, "value", "")) for leaf in probes]


def test_a_password_that_a_variable_gave_a_pack_stays_a_secret() -> None:
    probes = "    - {name: k, use: keycloak, with: {service: k, realm: 'r-${TOKEN}'}}\n"
    assert load(probes, TOKEN="s3cr3t-token").confidential.secrets == ("s3cr3t-token",)


def test_unknown_packs_and_parameters_are_told_with_what_was_meant() -> None:
    (found,) = problems("    - name: db\n      use: postgres\n")
    assert (found.line, found.column) == (FIRST + 1, 12)
    assert found.path == "spec.probes[0].use"
    assert found.hint == "did you mean 'postgresql'?"
    text = "    - name: r\n      use: redis\n      with: {workload: statefulset/r, minKey: 1}\n"
    (found,) = problems(text)
    assert found.line == FIRST + 2
    assert found.path == "spec.probes[0].with.minKey"
    assert found.hint == "did you mean 'minKeys'?"
    (found,) = problems("    - {name: r, use: redis}\n")
    assert found.line == FIRST
    assert "needs the parameter 'workload'" in found.message
    assert "statefulset/redis" in found.hint


def test_what_is_wrong_in_a_pack_points_at_the_use_and_at_the_parameter() -> None:
    text = """\
    - {name: a, tcp: {service: db, port: 1}}
    - name: db
      use: mariadb
      with:
        service: db
        database: shop
        minTables: many
    - {name: a, tcp: {service: db, port: 1}}
"""
    found = {one.line: one for one in problems(text)}
    assert set(found) == {FIRST + 6, FIRST + 7}
    wrong = found[FIRST + 6]
    assert wrong.path == "spec.probes[1].use"
    assert wrong.message.startswith("pack mariadb, probe 'has its tables', expect.count.min: ")
    twice = found[FIRST + 7]
    assert twice.path == "spec.probes[2].name"
    assert "spec.probes[0]" in twice.message


@pytest.mark.parametrize(
    ("extra", "path"),
    [
        ("expect: {status: 200}", "spec.probes[0].expect"),
        ("proves: data", "spec.probes[0].proves"),
        ("tcp: {service: x, port: 1}", "spec.probes[0]"),
        ("wiht: {}", "spec.probes[0].wiht"),
    ],
)
def test_what_a_use_cannot_say_is_refused(extra: str, path: str) -> None:
    text = f"    - name: g\n      use: grafana\n      with: {{service: g}}\n      {extra}\n"
    assert [one.path for one in problems(text)] == [path]


def test_with_needs_use_and_text_takes_no_list() -> None:
    text = "    - {name: a, with: {x: 1}, tcp: {service: x, port: 1}}\n"
    assert "needs 'use'" in problems(text)[0].message
    text = "    - {name: k, use: keycloak, with: {service: k, realm: [a]}}\n"
    assert any("expected text, found a list" in one.message for one in problems(text))


@given(st.text(alphabet="@{}$'\"\\:[]\n abcé", min_size=1, max_size=20))
def test_a_parameter_is_text_and_never_structure(value: str) -> None:
    quoted = json.dumps(value.replace("$", "$$"))
    text = f"    - {{name: k, use: redis, with: {{workload: statefulset/r, key: {quoted}}}}}\n"
    last = load(text).probes[-1]
    command = last.question["command"]
    assert isinstance(command, tuple | list)
    assert command[-1] == value
    assert len(command) == 5
