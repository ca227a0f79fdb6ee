"""The prober's commands, run for real: with Python, with BusyBox, and with tools that lie."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.proving.facts import API_SERVER, Aim, Target
from drills.proving.script import answers, ask_command, environment, helpless, listen_command

BUSYBOX = shutil.which("busybox")
APPLETS = ("sh", "nc", "nslookup", "sed", "head", "sleep", "true")
LIES = {
    "an nc that reaches all": "exit 0",
    "an nc that reaches nothing": "exit 1",
}
Ask = Callable[..., subprocess.CompletedProcess[str]]


def to(port: int, host: str = "127.0.0.1") -> Target:
    return Target(aim=Aim.NAMED, words="there", host=host, port=port)


@pytest.fixture(name="listener")
def _listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(name="closed")
def _closed() -> Iterator[int]:
    """Yield a port that is bound and never listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture(name="tools")
def _tools(tmp_path: Path) -> Path:
    """Return a folder that is the whole PATH: BusyBox's applets, and no Python."""
    if BUSYBOX is None:
        pytest.skip("busybox is not installed; apt install busybox-static")
    for applet in APPLETS:
        (tmp_path / applet).symlink_to(BUSYBOX)
    return tmp_path


def ask(path: str, own: int, *targets: Target, api: int = 1) -> subprocess.CompletedProcess[str]:
    """Run the asking command as a container would; `own` is the prober's own listener."""
    command = ask_command(targets, 1)
    command[5] = str(own)
    return subprocess.run(
        command,
        env={
            **environment(),
            "PATH": path,
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(api),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def replaced(tools: Path, name: str, script: str) -> None:
    """Put a script in a tool's place; BusyBox's own shell would run the applet all the same."""
    (tools / "sh").unlink()
    (tools / "sh").symlink_to("/bin/sh")
    (tools / name).unlink()
    (tools / name).write_text(f"#!{tools}/sh\n{script}\n")
    (tools / name).chmod(0o755)


def tried(path: str, listener: int, closed: int) -> tuple[bool | None, ...]:
    targets = (to(listener), to(closed), to(443, API_SERVER))
    return answers(ask(path, listener, *targets, api=listener).stdout, 3)


def test_python_asks_where_it_is(listener: int, closed: int) -> None:
    assert tried(os.environ["PATH"], listener, closed) == (True, False, True)


def test_python_looks_names_up(listener: int) -> None:
    names = (
        Target(aim=Aim.DNS, words="here", host="localhost"),
        Target(aim=Aim.DNS, words="nowhere", host="nowhere.invalid"),
        to(listener, "localhost"),
    )
    said = ask(os.environ["PATH"], listener, *names).stdout
    assert answers(said, 3) == (True, False, True)


def test_busybox_asks_without_python(tools: Path, listener: int, closed: int) -> None:
    assert tried(str(tools), listener, closed) == (True, False, True)


ADDRESSES = {
    "busybox": "Name:\tx\nAddress: 127.0.0.1\n",
    "small busybox": "Name:      x\nAddress 1: 127.0.0.1 x\n",
    "bind": "Non-authoritative answer:\nName:\tx\nAddress: 127.0.0.1\n",
}


@pytest.mark.parametrize("said", ADDRESSES.values(), ids=ADDRESSES)
def test_names_are_looked_up_apart(tools: Path, listener: int, said: str) -> None:
    """Every nslookup words it otherwise, and names its own server first."""
    server = "Server:\t\t192.0.2.53\nAddress:\t192.0.2.53:53\n\n"
    (tools / "said").write_text(server + said)
    replaced(tools, "nslookup", f'while read -r line; do echo "$line"; done <{tools}/said')
    targets = (Target(aim=Aim.DNS, words="x", host="x.y.svc"), to(listener, "x.y.svc"))
    assert answers(ask(str(tools), listener, *targets).stdout, 2) == (True, True)


def test_a_look_up_that_hangs_holds_nothing_up(tools: Path, listener: int) -> None:
    """A blocked DNS counts as not reached, and the command ends in its time."""
    replaced(tools, "nslookup", "exec sleep 30")
    targets = (Target(aim=Aim.DNS, words="x", host="x.y.svc"), to(listener))
    assert answers(ask(str(tools), listener, *targets).stdout, 2) == (False, True)


@pytest.mark.parametrize("script", LIES.values(), ids=LIES)
def test_an_nc_that_lies_is_not_believed(tools: Path, listener: int, script: str) -> None:
    replaced(tools, "nc", script)
    said = ask(str(tools), listener, to(listener))
    assert helpless(said.stdout)
    assert answers(said.stdout, 1) == (None,)


def test_an_nc_with_another_way_to_end(tools: Path, listener: int, closed: int) -> None:
    """OpenBSD's nc knows `-z` and no `-e`."""
    script = f'[ "$1" = -z ] || exit 1\nexec {BUSYBOX} nc -w "$3" "$4" "$5" -e true'
    replaced(tools, "nc", script)
    assert tried(str(tools), listener, closed) == (True, False, True)


def holds(said: str) -> bool:
    """Whether the first of two was reached."""
    return answers(said, 2)[0] is True


@pytest.mark.parametrize("kind", ["python", "busybox"])
def test_the_listener_takes_one_after_the_other(
    kind: str, request: pytest.FixtureRequest, closed: int
) -> None:
    path = os.environ["PATH"] if kind == "python" else str(request.getfixturevalue("tools"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = listen_command()
    command[-1] = str(port)
    listening = subprocess.Popen(command, env={"PATH": path}, start_new_session=True)
    try:
        # Between two callers busybox listens anew, so one that comes too soon calls again.
        said = [
            next(filter(holds, (ask(path, port, to(port), to(closed)).stdout for _ in range(100))))
            for _ in range(3)
        ]
    finally:
        os.killpg(listening.pid, signal.SIGKILL)
        listening.wait()
    assert [answers(each, 2) for each in said] == [(True, False)] * 3


@given(st.text(max_size=60), st.integers(min_value=0, max_value=4))
def test_whatever_is_said_has_an_answer_for_each(text: str, count: int) -> None:
    """Only a whole answer counts, whatever else stands in it."""
    found = answers(text, count)
    assert len(found) == count
    assert all(each is None for each in found) or "done" in text


def test_half_an_answer_is_none() -> None:
    assert answers("0 reached\n1 unreached\n", 2) == (None, None)
    assert answers("1 reached\ndone\n", 2) == (False, True)
