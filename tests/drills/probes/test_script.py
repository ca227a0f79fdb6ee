"""The script probe: a local command that learns where the sandbox is, and nothing of ours."""

import json
import sys
from collections.abc import Mapping
from datetime import timedelta

import pytest

from drills.adapters.shell import LocalShell
from drills.errors import CannotAsk, DeadlinePassed, Interrupted
from drills.ports import Deadline
from drills.probes import Answer, find_probe
from drills.probes.asking import Limits, interrogate
from tests.fakes.clock import START
from tests.fakes.cluster import FakeCluster
from tests.fakes.listeners import NoShell
from tests.fakes.probing import SANDBOX, context, spec


def ask(
    code: str,
    expect: Mapping[str, object] | None = None,
    *,
    question: Mapping[str, object] | None = None,
    timeout: float = 30,
    **known: object,
) -> Answer:
    """Run a line of Python as the user's command."""
    asked = {"command": (sys.executable, "-c", code), **(question or {})}
    plain = {"shell": LocalShell(), "drill_id": "weekly-1", "backup_ended_at": START}
    told = context(FakeCluster(), **{**plain, **known})
    return find_probe("script").ask(spec("script", asked, expect), told, timeout)


def environment(**known: object) -> dict[str, str]:
    """Return what the command found in its environment."""
    code = "import os, json; print(json.dumps(dict(os.environ)))"
    answer = ask(code, question={"env": {"TOKEN": "given", "PATH": "/own"}}, **known)
    found: dict[str, str] = json.loads(str(answer.observed["stdout"]))
    return found


def test_exit_code_and_output_decide() -> None:
    assert ask("print('ok')", {"stdout": {"contains": "ok"}}).mismatches == ()
    assert ask("print('no')", {"stdout": {"contains": "ok"}}).mismatches
    assert ask("raise SystemExit(3)").mismatches
    assert ask("raise SystemExit(3)", {"exitCode": 3}).mismatches == ()
    stamped = ask("print('2026-11-21T08:00:00Z')", {"timestamp": {"within": "rpo"}})
    assert stamped.newest == START - timedelta(hours=1)


def test_it_learns_where_the_sandbox_is() -> None:
    found = environment(local={"PATH": "/usr/bin", "HOME": "/home/me", "KUBECONFIG": "/k"})
    assert json.loads(found["DRILL_SANDBOX_NAMESPACES"]) == {"production": SANDBOX}
    assert found["DRILL_SANDBOX_NAMESPACE"] == SANDBOX
    assert found["DRILL_ID"] == "weekly-1"
    assert found["DRILL_STARTED_AT"] == START.isoformat()
    assert found["DRILL_RESTORE_STARTED_AT"] == (START + timedelta(seconds=10)).isoformat()
    assert found["DRILL_BACKUP_ENDED_AT"] == START.isoformat()
    assert (found["KUBECONFIG"], found["HOME"]) == ("/k", "/home/me")
    assert (found["TOKEN"], found["PATH"]) == ("given", "/own")


def test_it_inherits_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    ours = {key for key in environment() if not key.startswith(("DRILL_", "LC_"))}
    assert ours == {"TOKEN", "PATH"}


def test_what_it_is_given_is_in_no_record() -> None:
    code = "import os; print(os.environ['TOKEN'], os.environ['REGION'])"
    question = {
        "command": (sys.executable, "-c", code),
        "env": {"TOKEN": "s3cr3t-token", "REGION": "eu"},
    }
    asked = spec("script", question, {"stdout": "other", "stderr": {"contains": "x"}}, retries=0)
    told = context(FakeCluster(), shell=LocalShell())
    limits = Limits(deadline=Deadline(clock=told.clock, at=1e9), stop=lambda: False)
    record = interrogate(asked, find_probe("script"), told, limits)
    assert "(hidden) eu" in record.observed
    assert record.message
    assert "s3cr3t-token" not in repr(record)


def test_words_stay_words() -> None:
    command = (sys.executable, "-c", "import sys; print(sys.argv[1])", "$(id); `id` && echo")
    answer = ask("", {"stdout": "$(id); `id` && echo"}, question={"command": command})
    assert answer.mismatches == ()


def test_what_cannot_start_or_end_says_nothing() -> None:
    with pytest.raises(CannotAsk, match="cannot be started"):
        ask("", question={"command": ("/no/such/command",)})
    with pytest.raises(DeadlinePassed):
        ask("import time; time.sleep(60)", timeout=0.3)
    with pytest.raises(CannotAsk, match="no local commands"):
        ask("", shell=None)


def test_output_with_a_hole_in_it_is_not_judged() -> None:
    """What must not be in it may have been in the part that was dropped."""
    loud = "print('a' * 5000)"
    short = LocalShell(longest=100)
    with pytest.raises(CannotAsk, match="more than can be kept"):
        ask(loud, {"stdout": {"not": {"contains": "ERROR"}}}, shell=short)
    assert ask(loud, {"exitCode": 0}, shell=short).mismatches == ()


def test_a_drill_that_stops_ends_it() -> None:
    with pytest.raises(Interrupted):
        ask("import time; time.sleep(60)", shell=LocalShell(lambda: True))


def test_on_the_embedded_cluster_its_answer_is_simulated() -> None:
    place = FakeCluster()
    place.embedded = True
    told = context(place, shell=LocalShell())
    question = {"command": (sys.executable, "-c", "")}
    assert find_probe("script").ask(spec("script", question), told, 30).simulated


def test_output_that_is_no_text_is_shown_all_the_same() -> None:
    code = "import sys; sys.stdout.buffer.write(b'\\xff\\x00\\x1b[31m')"
    assert "�" in str(ask(code).observed["stdout"])


def test_several_namespaces_have_no_single_name() -> None:
    found = environment(namespaces={"a": "drill-a", "b": "drill-b"})
    assert json.loads(found["DRILL_SANDBOX_NAMESPACES"]) == {"a": "drill-a", "b": "drill-b"}
    assert "DRILL_SANDBOX_NAMESPACE" not in found
    with pytest.raises(AssertionError, match="nobody may run"):
        ask("", shell=NoShell())
