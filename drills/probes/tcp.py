"""The `tcp` probe: does something listen, and what does it say?"""

from collections.abc import Mapping

from drills import objects
from drills.errors import Missing
from drills.expectations import Mismatch, check
from drills.probes.comparing import about, kept
from drills.probes.contract import Answer, ProbeContext
from scenarios.model import ProbeSpec

REFUSAL_SECONDS = 1.0
"""How long to listen where no reply is expected: a tunnel reports a refused port only then."""


class TcpProbe:
    """Keeps `Probe`."""

    kind = "tcp"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Connect once; raises CannotAsk, Unreachable, Forbidden."""
        namespace = context.sandbox(spec.question)
        service = objects.text(spec.question, "service")
        target = f"service/{service}" if service else f"pod/{objects.text(spec.question, 'pod')}"
        port = str(spec.question.get("port", ""))
        data = objects.text(spec.question, "send").encode()
        patience = timeout if "reply" in spec.expect else min(timeout, REFUSAL_SECONDS)
        try:
            with context.cluster.connect(namespace, target, port, timeout=timeout) as connection:
                reply = connection.exchange(data, timeout=patience)
                simulated = connection.simulated
        except Missing as err:
            return _judged(spec.expect, {"connects": False, "refusal": str(err)})
        heard = {"connects": True, "reply": reply.decode("utf-8", errors="replace")}
        return _judged(spec.expect, heard, simulated=simulated)


def _judged(
    expect: Mapping[str, object], observed: Mapping[str, object], *, simulated: bool = False
) -> Answer:
    wanted = expect.get("connects", True)
    wrong: list[Mismatch | None] = [about("connects", check(wanted, observed["connects"]))]
    if "reply" in expect:
        wrong.append(about("reply", check(expect["reply"], observed.get("reply"))))
    return Answer(observed=observed, mismatches=kept(wrong), simulated=simulated)


PROBE = TcpProbe()
