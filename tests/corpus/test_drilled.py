"""Each kept backup, drilled on the embedded cluster, brings the verdict that is true of it."""

from pathlib import Path

import pytest

from runner.cli import main
from tests.corpus.drilling import Answer, answer, write
from tests.corpus.kept import KEPT, LEFT_OUT, Kept, Method

WHOLE = [one for one in KEPT if one.method is not Method.OPTED_OUT]
OPTED_OUT = [one for one in KEPT if one.method is Method.OPTED_OUT]


def drill(one: Kept, folder: Path) -> Answer:
    reports = folder / "reports"
    scenario = write(one, folder)
    words = ["--embedded", "--store", str(one.folder), "--report-dir", str(reports)]
    return answer(main(["run", *words, str(scenario)]), reports)


@pytest.mark.parametrize("one", WHOLE, ids=str)
def test_a_whole_backup_passes(one: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRILL_STATE_DIR", str(tmp_path / "state"))
    ended = drill(one, tmp_path)
    assert ended.verdict in {"passed", "warned"}, ended.text
    assert ended.code == 0, ended.text
    restored = {f"{v['namespace']}/{v['claim']}" for v in ended.report["volumes"]}
    outcomes = {v["outcome"] for v in ended.report["volumes"]}
    if one.method is not Method.NONE:
        assert restored == {LEFT_OUT, "cellar/data-casks-0", "orchard/photos"}
        assert outcomes == {"restored"}


@pytest.mark.parametrize("one", OPTED_OUT, ids=str)
def test_a_volume_that_was_opted_out_fails_and_is_named(
    one: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRILL_STATE_DIR", str(tmp_path / "state"))
    ended = drill(one, tmp_path)
    assert ended.verdict == "failed", ended.text
    assert any("data-casks-1" in reason["message"] for reason in ended.report["reasons"])
    assert not any("data-casks-0" in reason["message"] for reason in ended.report["reasons"])
