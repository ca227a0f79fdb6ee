"""docs/compatibility.md says what the kept backups and the lab's drills say, and no more."""

import pytest

from tests.corpus.compatibility import PAGE, LabDrill, kept_by_csi, lab_drills, page
from tests.corpus.kept import KEPT, VERSIONS, Method


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    made = page(KEPT, lab_drills(), kept_by_csi())
    if request.config.getoption("--update-golden", default=False):
        PAGE.write_text(made, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == made, (
        "docs/compatibility.md is out of date: run pytest tests/corpus --update-golden"
    )


def test_what_the_lab_drilled_is_told_apart() -> None:
    drill = LabDrill(
        velero="1.10.3", kubernetes="v1.34.4", server="v1.18.3", method=str(Method.KOPIA),
        verdict="passed",
    )  # fmt: skip
    without, with_it = (row(page(KEPT, found), Method.KOPIA) for found in ((), (drill,)))
    column = 1 + VERSIONS.index("1.10.3")
    assert (without[column], with_it[column]) == ("embedded", "**lab**")
    assert without[column + 1 :] == with_it[column + 1 :]


def test_nothing_is_claimed_without_a_backup() -> None:
    assert set(row(page((), ()), Method.KOPIA)[1:]) == {"read"}
    assert set(row(page((), ()), Method.RESTIC)[1:]) == {"read", "-"}


def row(text: str, method: Method) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {method} |"))
    return line.strip("| ").split(" | ")
