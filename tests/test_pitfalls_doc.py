"""docs/pitfalls.md: every pitfall has its row, and every test it names is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\| (\d+) \|(.+)\|(.+)\|(.+)\|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PITFALLS = 35

ROWS = {
    int(number): (without.strip(), done.strip(), shown.strip())
    for number, without, done, shown in ROW.findall((ROOT / "docs" / "pitfalls.md").read_text())
}


def names_in(path: Path) -> set[str]:
    """Return the names of the test functions of one file."""
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_pitfall_has_one_row() -> None:
    assert list(ROWS) == list(range(1, PITFALLS + 1))


@pytest.mark.parametrize("number", ROWS)
def test_a_row_is_shown_by_tests_that_exist(number: int) -> None:
    """Each cell says something, and every test named can be run by that name."""
    without, done, shown = ROWS[number]
    named = NAMED.findall(shown)
    assert without
    assert done
    assert named
    assert ", ".join(f"`{file}::{name}`" for file, name in named) == shown
    for file, name in named:
        assert name in names_in(ROOT / file), f"{file} has no {name}"
