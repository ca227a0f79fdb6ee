"""Kopia's own answers, by a stand-in for its binary; test_kopia_real.py asks kopia itself."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from drills.adapters.kopia import KopiaReader
from drills.errors import DeadlinePassed, Interrupted, Unreachable
from drills.integrity.contract import Snapshots
from drills.ports import CommandResult
from tests.fakes.store import FakeStore
from tests.fakes.velero import SAMPLE

MANIFESTS = json.dumps(
    [
        {"id": "a", "labels": {"type": "snapshot"}},
        {"id": "c", "labels": {"type": "snapshot"}},
        {"id": "b", "labels": {"type": "policy"}},
    ]
)
PASSWORD = "secret"
Answer = CommandResult | Exception


class Scripted:
    """Keeps `drills.ports.Shell`: answers by the command's first words, the last one for ever."""

    def __init__(self, answers: Mapping[str, Sequence[Answer]]) -> None:
        self.answers = {words: list(given) for words, given in answers.items()}
        self.asked: list[tuple[str, ...]] = []
        self.config: dict = {}

    def run(
        self, command: Sequence[str], *, env: Mapping[str, str], timeout: float
    ) -> CommandResult:
        """Answer as scripted."""
        assert PASSWORD not in command
        self.env = env
        self.asked.append(tuple(command))
        config = Path(command[command.index("--config-file") + 1])
        assert config.stat().st_mode & 0o077 == 0
        self.config = json.loads(config.read_text())
        given = self.answers[" ".join(command[1:3])]
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def result(code: int = 0, out: str = "", err: str = "") -> CommandResult:
    return CommandResult(exit_code=code, stdout=out, stderr=err)


LISTED, WHOLE, SOUND = result(out=MANIFESTS), result(), result(out="{}")


def reader(
    listed: Answer = LISTED,
    whole: Answer = WHOLE,
    verified: Sequence[Answer] = (SOUND,),
    percent: int = 0,
) -> tuple[KopiaReader, Scripted]:
    shell = Scripted(
        {"manifest list": [listed], "content verify": [whole], "snapshot verify": verified}
    )
    store = FakeStore.of(SAMPLE)
    return KopiaReader(shell, "kopia", store, PASSWORD, read_percent=percent), shell


def ask(read: KopiaReader, *wanted: str) -> Snapshots:
    found = read.snapshots("kopia", "production", frozenset(wanted))
    assert found is not None
    return found


def test_each_snapshot_is_looked_at_once() -> None:
    read, shell = reader(percent=5)
    found = ask(read, "a", "lost")
    assert found == Snapshots(handles=frozenset("ac"), read_percent=5)
    assert ask(read, "a", "lost") == found
    assert [words[1:3] for words in shell.asked] == [
        ("manifest", "list"),
        ("content", "verify"),
        ("snapshot", "verify"),
    ]
    assert "--verify-files-percent=5" in shell.asked[-1]
    assert ask(read, "a", "c").broken == {}
    assert "c" in shell.asked[-1]
    assert "a" not in shell.asked[-1]


def test_it_is_opened_for_reading_behind_a_gateway() -> None:
    """No credentials of the store reach kopia, and what it reads from ends with the session."""
    read, shell = reader()
    ask(read, "a")
    assert shell.config["readonly"] is True
    storage = shell.config["storage"]["config"]
    assert storage["prefix"] == "kopia/production/"
    assert storage["endpoint"].startswith("127.0.0.1:")
    assert set(shell.env) == {"HOME", "KOPIA_PASSWORD", "KOPIA_CHECK_FOR_UPDATES"}
    assert not Path(shell.env["HOME"]).exists()


def test_the_broken_one_is_named() -> None:
    """Several are looked at in one go; only when something is wrong, one by one."""
    words = "object 1 is backed by missing blob p1"
    bad = result(1, out=json.dumps({"errorStrings": [words]}))
    read, shell = reader(verified=[bad, SOUND, bad])
    assert ask(read, "a", "c").broken == {"c": words}
    assert len(shell.asked) == 5


def test_a_pack_cut_off_makes_it_read_everything() -> None:
    """Whether these snapshots need the pack only reading tells."""
    read, shell = reader(whole=result(1, err="the repository is corrupted"))
    found = ask(read, "a")
    assert found.others_damaged
    assert (found.read_percent, found.broken) == (100, {})
    assert "--verify-files-percent=100" in shell.asked[-1]


@pytest.mark.parametrize(
    "listed",
    [
        result(1, err=f"open repository: {'invalid repository password'}\n"),
        result(1, err="unknown flag --json"),
        result(out="no json"),
        result(1),
        DeadlinePassed("too long"),
    ],
)
def test_what_keeps_it_shut_is_told(listed: Answer) -> None:
    read, _ = reader(listed)
    found = ask(read, "a")
    assert found.trouble
    assert not found.damage


@pytest.mark.parametrize("verified", [DeadlinePassed("too long"), Unreachable("x")])
def test_a_look_that_breaks_off_is_no_damage(verified: Answer) -> None:
    read, _ = reader(verified=[verified])
    found = ask(read, "a")
    assert found.trouble
    assert not found.broken


def test_a_stop_is_passed_on() -> None:
    for read, _ in (reader(Interrupted("stop")), reader(verified=[Interrupted("stop")])):
        with pytest.raises(Interrupted):
            ask(read, "a")


def test_files_that_are_gone_are_damage() -> None:
    read, _ = reader(result(1, err='error getting blob "q1": BLOB not found\n'))
    found = ask(read, "a")
    assert "BLOB not found" in found.damage
    assert not found.trouble


def test_restic_is_not_its_business() -> None:
    read, shell = reader()
    assert read.snapshots("restic", "n", frozenset("a")) is None
    assert not shell.asked


def test_a_password_nobody_named_leaves_it_to_the_structure() -> None:
    """Asked with the password that Velero sets by itself; another is no fault of the backup."""
    wrong = result(1, err="open repository: invalid repository password\n")
    shell = Scripted({"manifest list": [wrong]})
    read = KopiaReader(shell, "kopia", FakeStore.of(SAMPLE), None)
    assert read.snapshots("kopia", "production", frozenset("a")) is None
    assert read.snapshots("kopia", "production", frozenset("a")) is None
    assert len(shell.asked) == 1
    assert shell.env["KOPIA_PASSWORD"] == "static-passw0rd"
