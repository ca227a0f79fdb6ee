"""Hostile files: a clear error, within a second, in bounded memory."""

import time
import tracemalloc

import pytest

from scenarios import ScenarioError, parse_scenario

MEBIBYTE = 1024 * 1024
HEAD = """apiVersion: drills/v1
kind: RestoreDrill
metadata: {name: example}
spec:
  cluster: {context: prod}
  backup: {engine: velero, schedule: production-daily}
  restore: {namespaces: {production: backup-test}}
"""

GUARD_SECONDS = 10
"""Against hanging only: under coverage and on busy machines a second is no bound to test by."""


def laughs() -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    for level in range(1, 12):
        below = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} [{below}]")
    return "\n".join(lines)


def fill(line: str, size: int = MEBIBYTE - 100) -> str:
    return "".join(line.format(i) for i in range(size // (len(line) + 4)))


HOSTILE = {
    "a billion laughs": (laughs(), "aliases counted"),
    "an alias within itself": ("a: &a [*a]", "refers to itself"),
    "nested lists": ("[" * 500_000, "nested more than"),
    "nested mappings": ("{a: " * 200_000, "nested more than"),
    "nested blocks": ("- " * 400_000, "nested more than"),
    "nested keys": ("? " * 400_000, "expected a word as key"),
    "indentation": ("".join(f"{' ' * i}a:\n" for i in range(1000)), "nested more than"),
    "many keys": (fill("key{}: 1\n"), "no scenario has so many"),
    "many numbers": (f"a: [{fill('{},')}]", "no scenario has so many"),
    "many duplicate keys": ("a: 1\n" * 9000, "appears twice"),
    "many unknown keys": (
        HEAD + fill("  proves{}: 1\n", 120_000),
        "unknown key",
    ),
    "many wrong probes": (
        HEAD + "  probes:\n" + "    - {name: x, htpp: {}, needs: [y, z]}\n" * 2000,
        "did you mean 'http'?",
    ),
    "many needs": (
        HEAD
        + "  probes:\n"
        + "".join(
            f"    - {{name: p{i}, needs: [p{i + 1}], tcp: {{service: a, port: 1}}}}\n"
            for i in range(1500)
        ),
        "of at most 500 entries",
    ),
    "a long word": (HEAD + f"  cleanup: {'x' * (MEBIBYTE // 2)}\n", "expected always"),
    "a long number": (HEAD + f"  cleanup: {'9' * (MEBIBYTE // 2)}\n", "quote it"),
    "a long key": (HEAD + f"  {'k' * 900}: 1\n", "unknown key"),
    "a long anchor": (f"a: &{'a' * 100_000} b\nc: *{'a' * 100_000}\n", "this key is missing"),
    "a deep regular expression": (
        HEAD
        + "  probes:\n    - name: a\n      logs: {workload: pod/a}\n"
        + f"      expect: {{matches: '{'(' * 500}{')' * 500}'}}\n",
        "expected a regular expression",
    ),
    "a file too big": ("#" * (MEBIBYTE + 1), "expected at most 1048576 bytes"),
    "a document that goes on": (HEAD + "---\n" * 100_000, "a second document"),
    "a directive": ("%YAML 9.9\n---\na: 1\n", "not YAML"),
    "a null character": ("a: \x00", "U+0000"),
    "no character at all": ("a: \uffff", "U+FFFF"),
    "a Python object": ("a: !!python/object/apply:os.system [ls]", "is not supported"),
    "nothing": ("", "the file is empty"),
    "only a reference": ("${HOME}", "expected a restore drill scenario"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name: str) -> None:
    """Neither time nor memory depends on what the file would like them to be.

    The time is the processor's, so that a busy machine does not fail the test.
    """
    text, expected = HOSTILE[name]
    started = time.process_time()
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text.encode(), source="hostile.yaml", environ={"HOME": "x"})
    assert time.process_time() - started < GUARD_SECONDS
    assert expected in str(caught.value)
    assert len(caught.value.problems) <= 51
    assert len(str(caught.value)) < 50_000


@pytest.mark.parametrize("name", ["a billion laughs", "nested lists", "a long word"])
def test_memory_is_bounded(name: str) -> None:
    text = HOSTILE[name][0].encode()
    tracemalloc.start()
    try:
        with pytest.raises(ScenarioError):
            parse_scenario(text, source="hostile.yaml", environ={})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 * MEBIBYTE


def test_references_cannot_explode() -> None:
    """Many references to one big variable are refused before they fill the memory."""
    text = HEAD + "  cleanup: '" + "${BIG}" * 100_000 + "'\n"
    with pytest.raises(ScenarioError, match="longer than"):
        parse_scenario(text.encode(), source="", environ={"BIG": "x" * 100_000})


def test_terminal_escapes_are_not_passed_on() -> None:
    text = HEAD + '  cleanup: "\\e[2J"\n  "\\e[31m": 1\n'
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text.encode(), source="", environ={})
    assert "\x1b" not in str(caught.value)
