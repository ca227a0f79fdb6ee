"""Local commands end, whatever they do."""

import os
import sys

import pytest

from drills.adapters.shell import LocalShell
from drills.errors import CannotAsk, DeadlinePassed, Misconfigured


def test_says_how_it_ended() -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    result = LocalShell().run([sys.executable, "-c", code], env={}, timeout=30)
    assert (result.exit_code, result.stdout, result.stderr) == (3, "out\n", "err\n")


def test_sees_only_the_environment_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    code = "import os; print(sorted(k for k in os.environ if k[:2] in ('AW', 'MY')))"
    result = LocalShell().run([sys.executable, "-c", code], env={"MY": "1"}, timeout=30)
    assert result.stdout.strip() == "['MY']"


def test_shell_words_are_only_words() -> None:
    result = LocalShell().run(
        [sys.executable, "-c", "import sys; print(sys.argv[1])", "$(id); `id`"], env={}, timeout=30
    )
    assert result.stdout == "$(id); `id`\n"


def test_time_up_ends_the_whole_family() -> None:
    """A child that would hold the pipes open for ever goes as well."""
    read, write = os.pipe()
    os.set_inheritable(write, True)  # noqa: FBT003 - it takes no name
    code = (
        "import os, subprocess, sys, time; "
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], close_fds=False); "
        "time.sleep(60)"
    )
    with pytest.raises(DeadlinePassed):
        LocalShell().run([sys.executable, "-c", code], env={}, timeout=0.5)
    os.close(write)
    assert os.read(read, 1) == b""
    os.close(read)


def test_what_cannot_start() -> None:
    with pytest.raises(CannotAsk, match="no-such-command cannot be started"):
        LocalShell().run(["no-such-command"], env={}, timeout=1)
    with pytest.raises(Misconfigured):
        LocalShell().run([], env={}, timeout=1)


def test_of_endless_output_both_ends_are_kept() -> None:
    """And no more than that is held in memory, whatever the command prints."""
    code = (
        "import sys; w = sys.stdout.buffer.write; w(b'first'); "
        "[w(b'x' * 1000) for _ in range(5000)]; w(b'last'); print('err', file=sys.stderr)"
    )
    result = LocalShell(longest=2000).run([sys.executable, "-c", code], env={}, timeout=30)
    assert result.cut
    assert result.stdout.startswith("firstxxx")
    assert result.stdout.endswith("xxxlast")
    assert "[4998009 bytes left out]" in result.stdout
    assert len(result.stdout) < 2100
    assert result.stderr == "err\n"


def test_output_that_fits_is_kept_whole() -> None:
    code = "print('ä' * 999)"
    env = {"PYTHONIOENCODING": "utf-8"}
    result = LocalShell(longest=2000).run([sys.executable, "-c", code], env=env, timeout=30)
    assert (result.stdout, result.cut) == ("ä" * 999 + "\n", False)


def test_a_command_that_closes_its_output_is_waited_for() -> None:
    code = "import os, sys; os.close(1); os.close(2); sys.stdin.read(); os._exit(4)"
    assert LocalShell().run([sys.executable, "-c", code], env={}, timeout=30).exit_code == 4
    forever = "import os, time; os.close(1); os.close(2); time.sleep(60)"
    with pytest.raises(DeadlinePassed):
        LocalShell().run([sys.executable, "-c", forever], env={}, timeout=0.5)
