"""Asking with patience: retries where they cannot do harm.

In: Requests. Out: Answers that are not worth repeating, or DrillErrors.

Reads are repeated on 429, 500, 502 to 504 and lost connections; writes only where the server
surely did nothing (connection refused, 429). Where it may have, `Doubtful` leaves it to the
caller to look before trying again.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

import urllib3

from drills.adapters.kube.refusals import refusal, said
from drills.adapters.kube.wire import Answer, NoAnswer, Request, Wire
from drills.errors import Unreachable
from drills.ports import Clock, Deadline

FIRST_PAUSE = 0.1
_SPREAD = random.Random()  # noqa: S311 - spreads load, no secret
"""Our own, not the module's, whose state belongs to whoever seeds it."""
LONGEST_PAUSE = 3.0
SHORTEST_WAIT = 0.01
"""Seconds that are waited for an answer even where the moment has come: none means for ever."""
LONGEST_RETRY_AFTER = 30.0

FAILING = frozenset(
    {
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class Doubtful(Unreachable):
    """No answer that tells whether the write was carried out."""


class Attempts:
    """Pauses between attempts, until patience ends."""

    def __init__(
        self,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
        patience: float,
        deadline: Deadline | None = None,
    ) -> None:
        self._sleep = sleep
        self._monotonic = monotonic
        self._patience = patience
        self._deadline = deadline
        self._number = 0
        self._until: float | None = None

    def pause(self, error: Unreachable, retry_after: float = 0.0) -> None:
        """Wait before the next attempt; raises `error` when patience has ended.

        Patience counts from the first failure since the last `reset`, and ends at the deadline.
        """
        moment = self._monotonic()
        if self._until is None:
            self._until = moment + self._patience
        backoff = min(LONGEST_PAUSE, FIRST_PAUSE * 2**self._number)
        jittered = backoff * _SPREAD.uniform(0.5, 1.0)
        wait = max(jittered, min(retry_after, LONGEST_RETRY_AFTER))
        late = self._deadline is not None and wait > self._deadline.left
        if late or moment + wait > self._until:
            raise error
        self._number += 1
        self._sleep(wait)

    def reset(self) -> None:
        """Forget past failures after a success."""
        self._number = 0
        self._until = None


class Asker:
    """Puts requests with patience (seconds). Safe for many threads."""

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        patience: float,
        sleep: Callable[[float], None] | None = None,
        until: Deadline | None = None,
    ) -> None:
        self.wire = wire
        self.clock = clock
        self.patience = patience
        self._sleep = sleep or clock.sleep
        self._until = until

    def waiting_with(self, sleep: Callable[[float], None]) -> "Asker":
        """Return the same asker with another way to wait."""
        return Asker(self.wire, self.clock, self.patience, sleep, self._until)

    def until(self, deadline: Deadline) -> "Asker":
        """Return the same asker, for which everything ends at a moment."""
        return Asker(self.wire, self.clock, self.patience, self._sleep, deadline)

    def deadline(self, seconds: float) -> Deadline:
        """Return the moment in so many seconds, ours where that is earlier."""
        at = self.clock.monotonic() + seconds
        return Deadline(clock=self.clock, at=min(at, self._until.at) if self._until else at)

    def attempts(self, patience: float | None = None, deadline: Deadline | None = None) -> Attempts:
        """Return a fresh count of attempts."""
        return Attempts(
            self._sleep,
            self.clock.monotonic,
            self.patience if patience is None else patience,
            deadline or self._until,
        )

    def timed(self, request: Request) -> Request:
        """Return the request, which waits for its answer no longer than until our moment."""
        if self._until is None:
            return request
        left = max(SHORTEST_WAIT, self._until.left)
        return replace(request, read_seconds=min(request.read_seconds, left))

    def freely(self, request: Request, *, patience: float | None = None) -> Answer:
        """Ask what may be repeated freely; raises Unreachable when patience (seconds) ends."""
        attempts = self.attempts(patience)
        while True:
            try:
                answer = self.wire.ask(self.timed(request))
            except NoAnswer as lost:
                attempts.pause(unreachable(request, lost))
                continue
            if not _worth_repeating(answer.status):
                return answer
            attempts.pause(_overloaded(request, answer), retry_after(answer))

    def open(self, request: Request) -> urllib3.BaseHTTPResponse:
        """Open a stream; an answer other than 200 is raised as its refusal."""
        attempts = self.attempts()
        while True:
            try:
                response = self.wire.open(request)
                if response.status == HTTPStatus.OK:
                    return response
                answer = _drained(response)
            except NoAnswer as lost:
                attempts.pause(unreachable(request, lost))
                continue
            if not _worth_repeating(answer.status):
                raise refusal(request.what, answer)
            attempts.pause(_overloaded(request, answer), retry_after(answer))

    def carefully(self, request: Request) -> Answer:
        """Ask what must not be done twice; raises Doubtful where it may have been done."""
        attempts = self.attempts()
        while True:
            try:
                answer = self.wire.ask(request)
            except NoAnswer as lost:
                if lost.reached:
                    raise Doubtful(f"{request.what}: connection lost: {lost}") from lost
                attempts.pause(unreachable(request, lost))
                continue
            if answer.status in FAILING:
                raise Doubtful(f"{request.what}: {said(answer)}")
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                return answer
            attempts.pause(_overloaded(request, answer), retry_after(answer))


def retry_after(answer: Answer) -> float:
    """Return the seconds the server asked us to wait, 0 where it did not."""
    try:
        return max(0.0, float(answer.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0


def unreachable(request: Request, lost: NoAnswer) -> Unreachable:
    """Return the error for a lost connection, or raise it where trying again is hopeless."""
    error = Unreachable(
        f"{request.what}: no answer from the API server: {lost}",
        hint="check the address in the kubeconfig, the network and that the server runs",
    )
    if lost.hopeless:
        error.hint = "the server's certificate does not verify: correct the kubeconfig's CA"
        raise error from lost
    return error


def _worth_repeating(status: int) -> bool:
    return status in FAILING or status == HTTPStatus.TOO_MANY_REQUESTS


def _overloaded(request: Request, answer: Answer) -> Unreachable:
    return Unreachable(
        f"{request.what}: {said(answer)}",
        hint="the API server is overloaded or failing; look at its own health first",
    )


def _drained(response: urllib3.BaseHTTPResponse) -> Answer:
    try:
        body = response.read()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NoAnswer(str(error)[:300], reached=True) from error
    finally:
        response.release_conn()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status, headers=headers, body=body)
