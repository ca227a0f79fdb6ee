"""What the answers prove. Pure: recorded facts in, a Proof out.

| rule | applies when                                                                  | state    |
|------|-------------------------------------------------------------------------------|----------|
| 1    | a target answers with the policy in place (the API server alone: rule 5), be   | open     |
|      | it to a pod that wears a workload's labels alone                               |          |
| 2    | the prober could not ask                                                       | unproven |
| 3    | in some namespace no target was reached before the policy and blocked by it    | unproven |
| 4    | DNS or a neighbour does not answer, or a stand-in answered on a real cluster   | unproven |
| 5    | otherwise                                                                      | proven   |

Some network plugins exempt the API server, which runs on the nodes' own network. So where another
target is blocked from the same namespace, an API server that still answers decides nothing. One
that is blocked for the prober and answers a pod with a workload's labels was opened for those
labels by somebody's policy: that is no plugin's exemption.

What the labels of workloads are blocked from proves nothing beyond the prober's own answers (they
are not asked for the control), so rules 2 to 5 look at the prober's own alone.
"""

from collections.abc import Sequence

from drills.findings import Cause
from drills.proving.facts import Aim, Outcome, Proof, ProofState, Tried, Unasked, Untried

SHOWN = 4
ENFORCE = (
    "Use a network plugin that enforces NetworkPolicy; until then whatever the copy names can be "
    "reached from the sandbox."
)
OVERRIDE = (
    "Find the policy of the whole cluster that lets these labels through (AdminNetworkPolicy, "
    "CiliumClusterwideNetworkPolicy, GlobalNetworkPolicy, ClusterNetworkPolicy) and keep it off "
    "the sandbox namespaces; until then the restored copy reaches production."
)


def judge(
    tried: Sequence[Tried],
    *,
    image: str = "",
    unasked: Unasked | None = None,
    simulated: bool = False,
    embedded: bool = False,
    untried: Sequence[Untried] = (),
) -> Proof:
    """Return what `tried` proves; `embedded` says whether simulated answers may count."""
    ways = _ways(tried)
    alone = tuple(dict.fromkeys(each.workload for each in ways))
    state, why, cause, hint = _state(
        tried, unasked, believed=embedded or not simulated, simulated=simulated
    )
    return Proof(
        state=state,
        why=why,
        cause=cause,
        hint=hint,
        image=image,
        simulated=simulated,
        tried=tuple(tried),
        let_through=() if "" in alone else alone,
        untried=tuple(untried),
    )


def _state(
    tried: Sequence[Tried], unasked: Unasked | None, *, believed: bool, simulated: bool
) -> tuple[ProofState, str, Cause, str]:
    ways = _ways(tried)
    if ways:
        why = f"with the policy in place the sandbox still reaches {listed(ways)}"
        hint = OVERRIDE if all(each.workload for each in ways) else ENFORCE
        return ProofState.OPEN, why, Cause.ISOLATION, hint
    disguised = [each for each in tried if each.workload]
    tried = [each for each in tried if not each.workload]
    if unasked is not None:
        return ProofState.UNPROVEN, unasked.why, unasked.cause, unasked.hint
    silent = [name for name in _namespaces(tried) if not _blocked(name, tried)]
    if silent or not tried:
        where = ", ".join(silent) or "the sandbox"
        why = f"nothing could be reached from {where} before the policy either, so nothing is shown"
        hint = "Name something in isolation.prober.alsoBlocked that pods of this cluster reach."
        return ProofState.UNPROVEN, why, Cause.ISOLATION, hint
    lacking = [
        each for each in tried if each.target.aim.must_work and each.outcome is not Outcome.WORKS
    ]
    if lacking:
        why = f"what must work does not: {listed(lacking)}"
        return ProofState.UNPROVEN, why, Cause.ENVIRONMENT, "See whether pod networking is well."
    if not believed:
        return ProofState.UNPROVEN, "a stand-in answered for the prober", Cause.RUNNER, ""
    why = f"{_proven(tried)}{_as_well(disguised)}{' (simulated)' if simulated else ''}"
    return ProofState.PROVEN, why, Cause.ISOLATION, ""


def _ways(tried: Sequence[Tried]) -> list[Tried]:
    """Return the ways out; of those open for the prober too, the prober's alone."""
    own = [each for each in tried if each.outcome is Outcome.OPEN and not each.workload]
    known = {(each.namespace, each.target) for each in own}
    return [each for each in own if not _exempt(each, tried)] + [
        each
        for each in tried
        if each.outcome is Outcome.OPEN
        and each.workload
        and (each.namespace, each.target) not in known
    ]


def _proven(tried: Sequence[Tried]) -> str:
    blocked = [each for each in tried if each.outcome is Outcome.BLOCKED]
    words = f"reached before the policy and blocked by it: {listed(blocked)}"
    if any(each.outcome is Outcome.OPEN for each in tried):
        words += "; the API server stays reachable, which this network plugin exempts"
    return words


def _as_well(disguised: Sequence[Tried]) -> str:
    askers = dict.fromkeys(each.asker for each in disguised if each.outcome is Outcome.BLOCKED)
    return f"; blocked as well from {', '.join(askers)}" if askers else ""


def listed(tried: Sequence[Tried]) -> str:
    """Return the first few targets, in words, and from where they were tried."""
    targets = list(dict.fromkeys(str(each.target) for each in tried))
    more = f" and {len(targets) - SHOWN} more" if len(targets) > SHOWN else ""
    askers = dict.fromkeys(each.asker for each in tried)
    return f"{', '.join(targets[:SHOWN])}{more} from {', '.join(askers)}"


def _namespaces(tried: Sequence[Tried]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.namespace for each in tried))


def _blocked(namespace: str, tried: Sequence[Tried]) -> bool:
    """Return whether the prober's own pod there was kept from something."""
    return any(
        each.outcome is Outcome.BLOCKED
        for each in tried
        if each.namespace == namespace and not each.workload
    )


def _exempt(each: Tried, tried: Sequence[Tried]) -> bool:
    return each.target.aim is Aim.API_SERVER and _blocked(each.namespace, tried)
