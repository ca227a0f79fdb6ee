"""Reading `report.json` back: size, JSON and schema are checked before anything is rendered.

In: a path or bytes. Out: a document that fits the published schema, or ReportUnreadable with all
that is wrong with it.
"""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from drills.errors import DrillError
from drills.findings import Cause
from reports.reading import Document

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes. A report of thousands of probes stays far below; what is larger is not ours."""

PROBLEMS_SHOWN = 20

_SCHEMAS = Path(__file__).parent / "schema"


class ReportUnreadable(DrillError):
    """The file is not a report this version can read; `problems` says each thing wrong with it."""

    cause = Cause.CONFIGURATION

    def __init__(self, where: str, problems: tuple[str, ...]) -> None:
        super().__init__(
            f"{where} is not a readable report: {'; '.join(problems)}",
            hint="Name a report.json that a drill wrote, or a verify.json; docs/report-format.md "
            "describes them.",
        )
        self.problems = problems


def load_report(path: Path) -> Document:
    """Return the document in the file.

    Raises:
        ReportUnreadable: the file cannot be read, is too large, no JSON, or against the schema.
    """
    return parse_report(read_bytes(path), where=str(path))


def load_verify(path: Path) -> Document:
    """Return the document of a `verify.json`.

    Raises:
        ReportUnreadable: the file cannot be read, is too large, no JSON, or against the schema.
    """
    return _fitting(parse_object(read_bytes(path), where=str(path)), "verify", str(path))


def load_any(path: Path) -> tuple[str, Document]:
    """Return `report` or `verify`, and the document in the file that fits the schema of that name.

    Raises:
        ReportUnreadable: the file cannot be read, is too large, no JSON, or against its schema.
    """
    document = parse_object(read_bytes(path), where=str(path))
    kind = "verify" if "verifyId" in document else "report"
    return kind, _fitting(document, kind, str(path))


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes, one more than the limit where it is larger.

    Raises:
        ReportUnreadable: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ReportUnreadable(str(path), (error.strerror or "it cannot be read",)) from error


def parse_report(data: bytes, *, where: str) -> Document:
    """Return the document in `data`; `where` names it in errors.

    Raises:
        ReportUnreadable: too large, no JSON, or against the schema.
    """
    return _fitting(parse_object(data, where=where), "report", where)


def _fitting(document: Document, schema: str, where: str) -> Document:
    problems = schema_problems(document, schema)
    if problems:
        raise ReportUnreadable(where, problems)
    return document


def parse_object(data: bytes, *, where: str) -> Document:
    """Return the JSON object in `data`, whatever its keys.

    Raises:
        ReportUnreadable: too large, not UTF-8, no JSON, a key given twice, or not an object.
    """
    if len(data) > SIZE_LIMIT:
        raise ReportUnreadable(where, (f"it is larger than {SIZE_LIMIT} bytes",))
    try:
        document = json.loads(
            data.decode(), parse_constant=_refuse, object_pairs_hook=_without_twins
        )
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ReportUnreadable(where, (f"no valid JSON: {problem}",)) from error
    if not isinstance(document, dict):
        raise ReportUnreadable(where, ("it holds no JSON object",))
    return document


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not a JSON number")


def _without_twins(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    # Two readers may take different ones of two equal keys: one would see `passed`, one `failed`.
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} is given twice")
        found[key] = value
    return found


def schema_problems(document: Document, schema: str) -> tuple[str, ...]:
    """Return what is wrong with the document by the published schema of that name, at its path."""
    errors = _validator(schema).iter_errors(document)
    found = sorted(f"{error.json_path}: {error.message[:200]}" for error in errors)
    more = len(found) - PROBLEMS_SHOWN
    return (*found[:PROBLEMS_SHOWN], *([f"and {more} more"] if more > 0 else []))


def schema_bytes(schema: str) -> bytes:
    """Return the published schema (`report`, `verify` or `evidence`) as it is shipped."""
    return (_SCHEMAS / f"{schema}.schema.json").read_bytes()


@cache
def _validator(schema: str) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import, seldom needed

    return Draft202012Validator(json.loads(schema_bytes(schema)))
