"""The `tcp` probe: does something listen, and what does it say?

| `reply` | heard until |
|---|---|
| `contains` alone | it is there, the other side ends, or the time is over |
| with `not` | the other side ends or the time is over: what is absent shows in no other way |
| anything else | the other side ends, it is quiet for a second, or the time is over |

What was still being said when the time was over, or is longer than 1 MiB, is not judged. A reply
that ends is what was said until then. TCP only: no way leads into a sandbox for UDP.
"""

from collections.abc import Callable, Mapping

from drills import objects
from drills.errors import CannotAsk, Missing
from drills.expectations import Mismatch, check
from drills.ports import Connection, Deadline, Ending, Heard, TlsWish
from drills.probes.comparing import about, kept
from drills.probes.contract import Answer, ProbeContext
from drills.probes.http_question import target_of
from drills.probes.secret_values import NotThere, SandboxSecrets
from drills.probes.veiling import veiled
from scenarios.model import ProbeSpec

REFUSAL_SECONDS = 1.0
"""How long to listen where no reply is expected: a tunnel reports a refused port only then."""
PAUSE_SECONDS = 1.0
"""Quiet for so long, a reply has ended."""
_UNENDED = frozenset({Ending.TIME, Ending.LENGTH, Ending.BROKEN})


class TcpProbe:
    """Keeps `Probe`."""

    kind = "tcp"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Connect once; raises CannotAsk, Unreachable, Forbidden."""
        question, cluster = spec.question, context.cluster
        namespace, port = context.sandbox(question), str(question.get("port", ""))
        secrets = SandboxSecrets(cluster, namespace)
        deadline = Deadline(clock=context.clock, at=context.clock.monotonic() + timeout)
        try:
            target, tls = target_of(question, cluster, namespace), _tls(question, secrets)
            left = max(0.0, deadline.left)
            with cluster.connect(namespace, target, port, timeout=left, tls=tls) as connection:
                heard = _converse(spec, connection, deadline)
                simulated = connection.simulated
        except NotThere as wrong:
            return Answer(observed={"connects": False}, mismatches=(wrong.mismatch,))
        except Missing as err:
            return _judged(spec.expect, {"connects": False, "refusal": str(err)})
        said = {"connects": True, "reply": heard.data.decode("utf-8", errors="replace")}
        return veiled(_judged(spec.expect, said, simulated=simulated), secrets.shown)


def _tls(question: Mapping[str, object], secrets: SandboxSecrets) -> TlsWish | None:
    if question.get("tls") is not True:
        return None
    return TlsWish(
        server_name=objects.text(question, "serverName"),
        certificate=secrets.certificate(objects.mapping(question, "clientCertificate")),
    )


def _converse(spec: ProbeSpec, connection: Connection, deadline: Deadline) -> Heard:
    data, left = objects.text(spec.question, "send").encode(), max(0.0, deadline.left)
    if "reply" not in spec.expect:
        return connection.exchange(data, timeout=min(left, REFUSAL_SECONDS), pause=0.0)
    expected = spec.expect["reply"]
    heard = connection.exchange(
        data, timeout=left, pause=_pause(expected), enough=_enough(expected)
    )
    if heard.ending in _UNENDED:
        raise CannotAsk(
            f"{heard.ending.value}: {len(heard.data)} bytes, which are not judged",
            hint="expect a word of it (contains), or raise the probe's timeout",
        )
    return heard


def _pause(expected: object) -> float | None:
    """Return how long a quiet ends the reply, None where only its end does."""
    if isinstance(expected, Mapping) and ("not" in expected or set(expected) == {"contains"}):
        return None
    return PAUSE_SECONDS


def _enough(expected: object) -> Callable[[bytes], bool] | None:
    """Return whether what was heard will do, whatever comes after it; None where nothing does."""
    if not isinstance(expected, Mapping) or set(expected) != {"contains"}:
        return None
    return lambda heard: check(expected, heard.decode("utf-8", errors="replace")) is None


def _judged(
    expect: Mapping[str, object], observed: Mapping[str, object], *, simulated: bool = False
) -> Answer:
    wanted = expect.get("connects", True)
    wrong: list[Mismatch | None] = [about("connects", check(wanted, observed["connects"]))]
    if "reply" in expect:
        wrong.append(about("reply", check(expect["reply"], observed.get("reply"))))
    return Answer(observed=observed, mismatches=kept(wrong), simulated=simulated)


PROBE = TcpProbe()
