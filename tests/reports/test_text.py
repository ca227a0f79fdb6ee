"""The terminal's last lines."""

from dataclasses import replace

import pytest

from reports import summary_lines, to_document
from tests.reports import records


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_last_line_is_the_verdict(name: str) -> None:
    document = to_document(records.ALL[name]())
    last = summary_lines(document, width=60)[-1]
    assert last.split("  ")[:3] == [
        document["verdict"],
        document["scenario"]["name"],
        document["environment"],
    ]


def test_verdict_line_whole() -> None:
    assert summary_lines(to_document(records.embedded()), width=60)[-1] == (
        "passed  quickstart  embedded  RTO 2.1s of 15m  RPO 9h of 24h  proof objects"
    )


def test_all_but_the_verdict_line_fit_the_width() -> None:
    lines = summary_lines(to_document(records.failed_missing_volume()), width=60)
    assert max(len(line) for line in lines[:-1]) <= 60


def test_leftovers_are_shouted() -> None:
    """A passed drill that left something behind says so, also in its last line."""
    lines = summary_lines(to_document(records.leftovers()), width=80)
    assert any("CLEANUP IS INCOMPLETE" in line for line in lines)
    assert any("pvc-0b1c" in line for line in lines)
    assert lines[-1].endswith("  cleanup leftovers")


def test_embedded_says_what_it_may_claim() -> None:
    text = "\n".join(summary_lines(to_document(records.embedded()), width=99))
    assert "no container ran; this proves objects at most" in text
    assert "(3 simulated)" in text


def test_colour_marks_the_verdict_alone() -> None:
    lines = summary_lines(to_document(records.passed()), width=80, colour=True)
    assert lines[-1].startswith("\x1b[1;32mpassed\x1b[0m  production-weekly")
    assert not any("\x1b" in line for line in lines[:-1])


def test_many_probes_show_those_without_a_pass() -> None:
    """Four hundred probes do not scroll the answer away."""
    good = records.failed_missing_volume()
    probes = tuple(replace(good.probes[i % 4], name=f"probe {i}") for i in range(400))
    lines = summary_lines(to_document(replace(good, probes=probes)), width=80)
    assert len(lines) < 60
    assert any("300 of 400 passed" in line for line in lines)
    assert any("88 more probes without a pass" in line for line in lines)


def test_inconclusive_blames_no_backup() -> None:
    text = " ".join(summary_lines(to_document(records.inconclusive_hang()), width=200))
    assert "says nothing for or against the backup" in text
    assert "cannot be relied on" not in text


def test_many_missing_objects_are_counted() -> None:
    """The terminal shows the first of them and how many more there are."""
    good = records.passed()
    row = replace(good.completeness.rows[0], missing=tuple(f"item-{i}" for i in range(9)))
    record = replace(good, completeness=replace(good.completeness, rows=(row,)), backup=None)
    lines = summary_lines(to_document(record), width=80)
    assert "  and 4 more" in lines
    assert "backup    none could be picked" in lines


def test_many_findings_are_counted() -> None:
    bad = records.failed_missing_volume()
    lines = summary_lines(to_document(replace(bad, findings=bad.findings * 4)), width=80)
    assert "  and 7 more findings in the report" in lines
