"""The published schema: sound, described throughout, and what the reference page says."""

from collections.abc import Iterator
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

import scenarios
from scenarios.checking import ANNOTATIONS, VALUE_RULES, WALKS
from scenarios.model import PickMode
from scenarios.proofs import BUILT_IN_KINDS, PROBE_FIELDS
from scenarios.published import definition, scenario_schema

ROOT = Path(scenarios.__file__).parents[1]
SCHEMA = scenario_schema()


def subschemas(schema: object, path: str = "#") -> Iterator[tuple[str, dict[str, object]]]:
    if not isinstance(schema, dict):
        return
    yield path, schema
    for keyword in ("additionalProperties", "propertyNames", "items", "not", "if", "then"):
        yield from subschemas(schema.get(keyword), f"{path}/{keyword}")
    for keyword in ("properties", "$defs"):
        for name, below in schema.get(keyword, {}).items():
            yield from subschemas(below, f"{path}/{keyword}/{name}")
    for keyword in ("oneOf", "allOf", "anyOf"):
        for index, below in enumerate(schema.get(keyword, [])):
            yield from subschemas(below, f"{path}/{keyword}/{index}")


def test_it_is_a_sound_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_field_is_described_with_an_example() -> None:
    fields = [
        (path, schema)
        for path, schema in subschemas(SCHEMA)
        if path.split("/")[-2:][0] in {"properties", "$defs"} and "/then/" not in path
    ]
    assert len(fields) > 100
    missing = [path for path, schema in fields if not {"description", "examples"} <= schema.keys()]
    assert missing == []


def test_every_example_is_valid() -> None:
    """What an editor offers as an example is accepted in its place."""
    for path, schema in subschemas(SCHEMA):
        whole = {"$defs": SCHEMA["$defs"], **schema}
        examples = schema.get("examples", [])
        assert isinstance(examples, list)
        for example in examples:
            # References are filled in before the schema is asked.
            if "${" not in str(example):
                assert Draft202012Validator(whole).is_valid(example), (path, example)


def test_no_unknown_keys_but_where_users_name_them() -> None:
    """Every mapping with fields of its own refuses other keys."""
    with_fields = [
        (path, schema)
        for path, schema in subschemas(SCHEMA)
        if "properties" in schema and "/then" not in path
    ]
    open_ones = [
        path for path, schema in with_fields if schema["additionalProperties"] is not False
    ]
    assert open_ones == []


def test_our_checker_knows_every_keyword() -> None:
    used = {keyword for _, schema in subschemas(SCHEMA) for keyword in schema}
    assert used <= ANNOTATIONS | VALUE_RULES.keys() | WALKS.keys()


def test_probe_fields_and_kinds_agree_with_the_code() -> None:
    fields = definition(SCHEMA, "$defs", "probe", "properties")
    assert set(fields) == PROBE_FIELDS | BUILT_IN_KINDS


def test_pick_words_agree_with_the_code() -> None:
    pick = definition(
        SCHEMA, "properties", "spec", "properties", "backup", "properties", "pick", "then"
    )
    assert pick["enum"] == [mode.value for mode in PickMode if mode is not PickMode.RANDOM]


def test_an_editor_accepts_what_we_accept() -> None:
    """Shipped scenarios keep the schema as the library reads it, too."""
    validator = Draft202012Validator(SCHEMA)
    for path in sorted((ROOT / "scenarios").glob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        if "${" not in path.read_text():
            assert validator.is_valid(document), path.name


def test_the_reference_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "scenario-reference.md").read_text()
    assert page == scenarios.render_reference()


def test_the_reference_page_names_every_field() -> None:
    page = scenarios.render_reference()
    names = {
        path.rpartition("/")[2]
        for path, _ in subschemas(SCHEMA)
        if path.split("/")[-2:][0] == "properties"
    }
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
