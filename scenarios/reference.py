"""The scenario reference page, rendered from the published schema and from nothing else."""

import json
from collections.abc import Iterator, Mapping

from scenarios.faults import names, table
from scenarios.published import scenario_schema

_HEAD = """# Scenario reference

Every field of a scenario file (`apiVersion: drills/v1`). This page is rendered from
`scenarios/schema/scenario.schema.json`; after a change there, render it anew:

```sh
python -c "import scenarios; print(scenarios.render_reference(), end='')" \\
    > docs/scenario-reference.md
```

Put this line at the top of a scenario, and an editor with a YAML language server completes and
checks it as you write:

```yaml
# yaml-language-server: $schema=schema/scenario.schema.json
```

"""
_SHARED = (
    ("expected", "Expected values"),
    ("cell", "Expected values of SQL"),
    ("duration", "Durations"),
)


def render_reference() -> str:
    """Return `docs/scenario-reference.md` as Markdown."""
    schema = scenario_schema()
    definitions = table(schema["$defs"])
    lines = [_HEAD, f"{schema['description']}\n"]
    lines += _section("The file", schema, definitions)
    lines += _subsections("", schema, definitions)
    for name, title in _SHARED:
        shared = table(definitions.get(name))
        lines.append(f"\n## {title}\n\n{shared['description']}\n")
        if "properties" in shared:
            lines += _section("", shared, definitions)
    return "\n".join(lines) + "\n"


def _subsections(
    path: str, schema: Mapping[str, object], definitions: Mapping[str, object]
) -> Iterator[str]:
    for name, part in table(schema.get("properties")).items():
        below, here = _below(table(part), definitions), f"{path}{name}"
        if "properties" in below and below not in _tests(definitions):
            suffix = "[]" if "items" in table(part) else ""
            yield from _section(f"`{here}{suffix}`", below, definitions)
            yield from _subsections(f"{here}{suffix}.", below, definitions)
        if name == "expect":
            yield from _expectations(f"{here}", definitions)


def _tests(definitions: Mapping[str, object]) -> tuple[object, ...]:
    """Return what has a section of its own, and holds itself."""
    return definitions.get("expected"), definitions.get("cell")


def _expectations(path: str, definitions: Mapping[str, object]) -> Iterator[str]:
    for name, part in definitions.items():
        kind = name.removesuffix("Expect")
        if kind != name:
            yield from _section(f"`{path}` of {kind}", table(part), definitions)
            yield from _subsections(f"{path}.", table(part), definitions)


def _below(part: Mapping[str, object], definitions: Mapping[str, object]) -> Mapping[str, object]:
    if "items" in part:
        part = table(part["items"])
    reference = part.get("$ref")
    if isinstance(reference, str):
        return table(definitions.get(reference.rpartition("/")[2]))
    return part


def _section(
    title: str, schema: Mapping[str, object], definitions: Mapping[str, object]
) -> Iterator[str]:
    if title:
        yield f"\n## {title}\n"
        if title != "The file":
            yield f"{schema.get('description', '')}\n"
    yield "| field | expects | what it is | example |"
    yield "|---|---|---|---|"
    required = names(schema.get("required"))
    for name, part in table(schema.get("properties")).items():
        mark = " (required)" if name in required else ""
        expects = _expects(table(part), definitions)
        cells = (f"`{name}`{mark}", expects, _description(table(part)), _example(table(part)))
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _expects(part: Mapping[str, object], definitions: Mapping[str, object]) -> str:
    shape = part if "title" in part or "$ref" not in part else _below(part, definitions)
    if "title" in shape:
        return str(shape["title"])
    if "enum" in shape:
        return ", ".join(f"`{word}`" for word in names(shape["enum"]))
    if "const" in shape:
        return f"`{json.dumps(shape['const']).strip(chr(34))}`"
    words = {"string": "text", "object": "a mapping", "array": "a list", "boolean": "true or false"}
    words |= {"integer": "a whole number", "number": "a number"}
    return " or ".join(words.get(name, name) for name in names(shape.get("type")))


def _description(part: Mapping[str, object]) -> str:
    default = part.get("default")
    words = str(part.get("description", ""))
    return words if default is None else f"{words} Default: `{json.dumps(default).strip(chr(34))}`."


def _example(part: Mapping[str, object]) -> str:
    examples = part.get("examples")
    if not isinstance(examples, list) or not examples:
        return ""
    return f"`{json.dumps(examples[0], ensure_ascii=False)}`"
