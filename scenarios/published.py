"""The published JSON Schema, with what installed packages add to it."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path as FilePath

SCHEMA_FILE = FilePath(__file__).parent / "schema" / "scenario.schema.json"

PROBE_GROUP = "restore_drill.probes"
"""Entry points: name is the probe's kind, value its module. The module may hold `SCHEMA`, a mapping
with a JSON Schema of the question under `question` and of the expected answer under `expect`, made
of the keywords that the published schema uses."""
ENGINE_GROUP = "restore_drill.engines"
"""Entry points: name is the engine's word in `backup.engine`."""

JsonObject = dict[str, object]


@lru_cache(maxsize=1)
def scenario_schema() -> JsonObject:
    """Return the schema as published; the caller must not change it."""
    loaded: JsonObject = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return loaded


def definition(schema: Mapping[str, object], *path: str) -> JsonObject:
    """Return the part of the schema at `path`.

    Raises:
        KeyError: there is no such part.
    """
    part: object = schema
    for step in path:
        if not isinstance(part, dict) or step not in part:
            raise KeyError("/".join(path))
        part = part[step]
    if not isinstance(part, dict):
        raise KeyError("/".join(path))
    return part


def schema_for(data: object) -> JsonObject:
    """Return the schema, with the plugins that this document seems to name.

    Installed packages are looked through only where a probe or the engine is not one of ours:
    that search takes longer than all the rest.
    """
    schema = scenario_schema()
    kinds = frozenset(_unknown_probe_keys(data, schema))
    engine = _unknown_engine(data, schema)
    if not kinds and not engine:
        return schema
    return _with_plugins(schema, kinds, engine)


def _spec(data: object) -> Mapping[str, object]:
    spec = data.get("spec") if isinstance(data, Mapping) else None
    return spec if isinstance(spec, Mapping) else {}


def _unknown_probe_keys(data: object, schema: JsonObject) -> Iterator[str]:
    known = definition(schema, "$defs", "probe", "properties")
    probes = _spec(data).get("probes")
    for probe in probes if isinstance(probes, list) else ():
        if isinstance(probe, Mapping):
            yield from (key for key in probe if key not in known)


def _unknown_engine(data: object, schema: JsonObject) -> str:
    backup = _spec(data).get("backup")
    engine = backup.get("engine") if isinstance(backup, Mapping) else None
    known = _engine_words(schema)
    return engine if isinstance(engine, str) and engine not in known else ""


def _engine_words(schema: JsonObject) -> list[str]:
    path = ("properties", "spec", "properties", "backup", "properties", "engine")
    words = definition(schema, *path)["enum"]
    return words if isinstance(words, list) else []


def _with_plugins(schema: JsonObject, kinds: frozenset[str], engine: str) -> JsonObject:
    from importlib.metadata import entry_points  # noqa: PLC0415  slow to import, rarely needed

    found = [point for point in entry_points(group=PROBE_GROUP) if point.name in kinds]
    engines = [point.name for point in entry_points(group=ENGINE_GROUP) if point.name == engine]
    if not found and not engines:
        return schema
    grown = deepcopy(schema)
    _engine_words(grown).extend(engines)
    for point in found:
        _add_probe_kind(grown, point.name, _probe_schema(point.module))
    return grown


def _probe_schema(module: str) -> Mapping[str, object]:
    from importlib import import_module  # noqa: PLC0415  only with plugins

    try:
        found = getattr(import_module(module), "SCHEMA", {})
    except ImportError:
        # The probe's own room says why it cannot be loaded, with more to say about it.
        return {}
    return found if isinstance(found, Mapping) else {}


def _add_probe_kind(schema: JsonObject, kind: str, parts: Mapping[str, object]) -> None:
    probe = definition(schema, "$defs", "probe")
    definition(probe, "properties")[kind] = parts.get("question", {"type": "object"})
    expect = {"properties": {"expect": parts.get("expect", {"type": "object"})}}
    for keyword, rule in (
        ("oneOf", {"required": [kind]}),
        ("allOf", {"if": {"required": [kind]}, "then": expect}),
    ):
        rules = probe[keyword]
        if isinstance(rules, list):
            rules.append(rule)
