"""Kopia's own answers, by a stand-in for its binary."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from drills.adapters.kopia import KopiaReader
from drills.errors import DeadlinePassed
from drills.integrity.contract import Snapshots
from drills.ports import CommandResult
from tests.fakes.velero import SAMPLE

MANIFESTS = json.dumps(
    [{"id": "a", "labels": {"type": "snapshot"}}, {"id": "b", "labels": {"type": "policy"}}]
)


class Scripted:
    """Keeps `drills.ports.Shell`: answers by the command's second word."""

    password = "secret"

    def __init__(self, answers: Mapping[str, CommandResult | DeadlinePassed]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, ...]] = []
        self.files: set[str] = set()

    def run(
        self, command: Sequence[str], *, env: Mapping[str, str], timeout: float
    ) -> CommandResult:
        """Answer as scripted."""
        assert env["KOPIA_PASSWORD"] == self.password
        assert self.password not in command
        self.asked.append(tuple(command))
        if "filesystem" in command:
            place = Path(command[command.index("--path") + 1])
            self.files = {file.name for file in place.iterdir()}
        answer = self.answers[command[1]]
        if isinstance(answer, DeadlinePassed):
            raise answer
        return answer


def result(code: int = 0, out: str = "", err: str = "") -> CommandResult:
    return CommandResult(exit_code=code, stdout=out, stderr=err)


def ask(url: str, **answers: CommandResult | DeadlinePassed) -> tuple[Snapshots | None, Scripted]:
    shell = Scripted(answers)
    reader = KopiaReader(shell, "kopia", url, "secret", {})
    first = reader.snapshots("kopia", "production")
    assert reader.snapshots("kopia", "production") == first
    return first, shell


def test_snapshots_of_a_copied_bucket() -> None:
    found, shell = ask(str(SAMPLE), repository=result(), manifest=result(out=MANIFESTS))
    assert found == Snapshots(handles=frozenset({"a"}))
    assert len(shell.asked) == 2
    assert "--readonly" in shell.asked[0]
    assert "kopia.repository.f" in shell.files


def test_a_bucket_is_opened_where_it_is() -> None:
    url = "s3://b/p?endpoint=http://127.0.0.1:9&region=r"
    _, shell = ask(url, repository=result(), manifest=result(out=MANIFESTS))
    words = shell.asked[0]
    assert {"--bucket=b", "--prefix=p/kopia/production/", "--endpoint=127.0.0.1:9"} < set(words)
    assert "--disable-tls" in words


@pytest.mark.parametrize(
    "answers",
    [
        {"repository": result(1, err="invalid repository password\n")},
        {"repository": result(), "manifest": result(1, err="x")},
        {"repository": result(), "manifest": result(out="no json")},
        {"repository": DeadlinePassed("too long")},
    ],
)
def test_what_keeps_it_shut_is_told(answers: dict[str, CommandResult]) -> None:
    found, _ = ask(str(SAMPLE), **answers)
    assert found is not None
    assert found.trouble


def test_a_repository_that_is_not_there_is_no_crash(tmp_path: Path) -> None:
    found, shell = ask(str(tmp_path))
    assert found is not None
    assert found.trouble
    assert not shell.asked


def test_restic_is_not_its_business() -> None:
    assert KopiaReader(Scripted({}), "kopia", "x", "secret", {}).snapshots("restic", "n") is None


def test_a_password_nobody_named_leaves_it_to_the_structure() -> None:
    wrong = result(1, err="invalid repository password\n")
    shell = ByDefault({"repository": wrong})
    reader = KopiaReader(shell, "kopia", str(SAMPLE), None, {})
    assert reader.snapshots("kopia", "production") is None
    assert reader.snapshots("kopia", "production") is None
    assert len(shell.asked) == 1


class ByDefault(Scripted):
    """Is asked with the password that Velero sets by itself."""

    password = "static-passw0rd"
