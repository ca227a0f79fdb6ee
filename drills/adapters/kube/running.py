"""Inside containers: running a command, reading a log.

In: namespace, pod, container. Out: ExecAnswer, LogAnswer. The exit code comes from the Status that
the kubelet sends on channel 3 when the command ends; without it nothing is known of the command.
"""

import json
from collections.abc import Sequence
from http import HTTPStatus

from drills import objects
from drills.adapters.kube.asking import Asker
from drills.adapters.kube.channels import STAND_IN, Channels, open_channels
from drills.adapters.kube.refusals import NotImplementedThere, refusal
from drills.adapters.kube.services import pod_path
from drills.adapters.kube.wire import Request
from drills.cluster import ExecAnswer, LogAnswer
from drills.errors import (
    CannotAsk,
    DeadlinePassed,
    DrillError,
    Forbidden,
    Missing,
    NobodyAnswers,
    OutsideRefused,
)

STDOUT, STDERR, ENDING = 1, 2, 3
LONGEST_OUTPUT = 4 * 1024 * 1024
LONGEST_LOG = 16 * 1024 * 1024


def execute(
    asker: Asker,
    namespace: str,
    pod: str,
    container: str,
    command: Sequence[str],
    seconds: float,
) -> ExecAnswer:
    """Run a command; raises Missing, Forbidden, CannotAsk, DeadlinePassed, Unreachable."""
    request = Request(
        what=f"exec in pod {namespace}/{pod}",
        method="GET",
        path=pod_path(namespace, pod, "exec"),
        query=(
            *((("container", container),) if container else ()),
            ("stdout", "true"),
            ("stderr", "true"),
            *(("command", word) for word in command),
        ),
    )
    started = asker.clock.monotonic()
    try:
        channels = open_channels(asker, request, seconds)
    except OutsideRefused as error:
        raise _unaskable(error) from error
    try:
        until = started + seconds
        heard = _listen(asker, channels, until, f"{request.what}: no end in {seconds:g} s")
        return ExecAnswer(
            exit_code=_exit_code(request.what, heard[ENDING]),
            stdout=heard[STDOUT].decode("utf-8", "replace"),
            stderr=heard[STDERR].decode("utf-8", "replace"),
            simulated=channels.simulated,
            cut=max(len(heard[STDOUT]), len(heard[STDERR])) >= LONGEST_OUTPUT,
        )
    finally:
        channels.close()


def read_log(
    asker: Asker,
    namespace: str,
    pod: str,
    container: str,
    *,
    tail: int | None,
    since: float | None,
    previous: bool = False,
    seconds: float,
) -> LogAnswer:
    """Read a log, at most its first 16 MiB; raises Missing, Forbidden, CannotAsk, Unreachable."""
    wanted = (
        ("container", container),
        ("tailLines", "" if tail is None else str(tail)),
        ("sinceSeconds", "" if since is None else str(max(1, int(since)))),
        ("previous", "true" if previous else ""),
        ("limitBytes", str(LONGEST_LOG)),
    )
    request = Request(
        what=f"read the log of pod {namespace}/{pod}",
        method="GET",
        path=pod_path(namespace, pod, "log"),
        query=tuple(pair for pair in wanted if pair[1]),
        headers={"Accept": "*/*"},
        read_seconds=seconds,
    )
    answer = asker.freely(request)
    if answer.status != HTTPStatus.OK:
        error = refusal(request.what, answer)
        raise _unaskable(error) if isinstance(error, OutsideRefused) else error
    text = answer.body.decode("utf-8", "replace")
    return LogAnswer(
        text=text, simulated=STAND_IN in answer.headers, cut=len(answer.body) >= LONGEST_LOG
    )


def _listen(asker: Asker, channels: Channels, until: float, late: str) -> dict[int, bytearray]:
    heard = {STDOUT: bytearray(), STDERR: bytearray(), ENDING: bytearray()}
    while True:
        try:
            message = channels.receive(until - asker.clock.monotonic())
        except TimeoutError as error:
            raise DeadlinePassed(late, hint="give the probe more time") from error
        if message is None:
            return heard
        channel, data = message
        if channel in heard and len(heard[channel]) < LONGEST_OUTPUT:
            heard[channel] += data
        if channel == ENDING:
            return heard


def _exit_code(what: str, ending: bytearray) -> int:
    try:
        status: object = json.loads(ending)
    except ValueError as error:
        raise CannotAsk(f"{what}: the connection ended before the command did") from error
    if objects.text(status, "status") == "Success":
        return 0
    for cause in objects.items(status, "details", "causes"):
        code = objects.text(cause, "message")
        if objects.text(cause, "reason") == "ExitCode" and code.lstrip("-").isdigit():
            return int(code)
    raise CannotAsk(f"{what}: {objects.text(status, 'message')[:300]}")


def _unaskable(error: OutsideRefused) -> DrillError:
    """Return CannotAsk for a pod that takes no such question, and the rest as it is."""
    if isinstance(error, Missing | Forbidden):
        return error
    if isinstance(error, NotImplementedThere):
        return NobodyAnswers(str(error))
    return CannotAsk(str(error), hint="is the container there, and running?")
