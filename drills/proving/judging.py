"""What the prober's answers prove. Pure: recorded facts in, a Proof and findings out.

| rule | applies when                                                                  | state    |
|------|-------------------------------------------------------------------------------|----------|
| 1    | a target answers with the policy in place (the API server alone: rule 5)       | open     |
| 2    | the prober could not ask                                                       | unproven |
| 3    | in some namespace no target was reached before the policy and blocked by it    | unproven |
| 4    | DNS or a neighbour does not answer, or a stand-in answered on a real cluster   | unproven |
| 5    | otherwise                                                                      | proven   |

Some network plugins exempt the API server, which runs on the nodes' own network. So where another
target is blocked from the same namespace, an API server that still answers decides nothing.
"""

from collections.abc import Sequence

from drills.findings import Cause, Finding, Severity
from drills.proving.facts import Aim, Outcome, Proof, ProofState, Tried, Unasked

SHOWN = 4
ENFORCE = (
    "Use a network plugin that enforces NetworkPolicy; until then whatever the copy names can be "
    "reached from the sandbox."
)


def judge(
    tried: Sequence[Tried],
    *,
    image: str = "",
    unasked: Unasked | None = None,
    simulated: bool = False,
    embedded: bool = False,
) -> Proof:
    """Return what `tried` proves; `embedded` says whether simulated answers may count."""
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
    )


def _state(
    tried: Sequence[Tried], unasked: Unasked | None, *, believed: bool, simulated: bool
) -> tuple[ProofState, str, Cause, str]:
    open_ones = [
        each for each in tried if each.outcome is Outcome.OPEN and not _exempt(each, tried)
    ]
    if open_ones:
        why = f"with the policy in place the sandbox still reaches {listed(open_ones)}"
        return ProofState.OPEN, why, Cause.ISOLATION, ENFORCE
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
    return ProofState.PROVEN, _proven(tried, simulated=simulated), Cause.ISOLATION, ""


def _proven(tried: Sequence[Tried], *, simulated: bool) -> str:
    blocked = [each for each in tried if each.outcome is Outcome.BLOCKED]
    words = f"reached before the policy and blocked by it: {listed(blocked)}"
    if any(each.outcome is Outcome.OPEN for each in tried):
        words += "; the API server stays reachable, which this network plugin exempts"
    return f"{words} (simulated)" if simulated else words


def listed(tried: Sequence[Tried]) -> str:
    """Return the first few targets, in words, and from where they were tried."""
    targets = list(dict.fromkeys(str(each.target) for each in tried))
    more = f" and {len(targets) - SHOWN} more" if len(targets) > SHOWN else ""
    return f"{', '.join(targets[:SHOWN])}{more} from {', '.join(_namespaces(tried))}"


def _namespaces(tried: Sequence[Tried]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.namespace for each in tried))


def _blocked(namespace: str, tried: Sequence[Tried]) -> bool:
    return any(each.outcome is Outcome.BLOCKED for each in tried if each.namespace == namespace)


def _exempt(each: Tried, tried: Sequence[Tried]) -> bool:
    return each.target.aim is Aim.API_SERVER and _blocked(each.namespace, tried)


def findings(proof: Proof, *, required: bool) -> tuple[Finding, ...]:
    """Return what the proof says before anything is restored."""
    return (*_verdict(proof, required=required), *_needed(proof.tried))


def _verdict(proof: Proof, *, required: bool) -> tuple[Finding, ...]:
    if proof.state is ProofState.OPEN:
        follows = "Nothing was restored into it." if required else "The drill went on all the same."
        partly = any(each.outcome is Outcome.BLOCKED for each in proof.tried)
        enforced = "enforced in part only" if partly else "not enforced"
        return (
            _finding(
                "isolation-open",
                Severity.WARNING,
                Cause.ISOLATION,
                f"The network policy is {enforced}: {proof.why}. {follows}",
                f"{proof.hint} isolation.requireProof decides whether a drill goes on.",
                unanswered=required,
            ),
        )
    if proof.state is ProofState.UNPROVEN:
        wanted = ", and the scenario wants proof" if required else ""
        return (
            _finding(
                "isolation-not-proven",
                Severity.WARNING if required else Severity.INFO,
                proof.cause,
                f"It is not proven that the network policy is enforced{wanted}: {proof.why}.",
                proof.hint or "Mend what the message names, then drill again.",
                unanswered=required,
            ),
        )
    if not proof.exempt:
        return ()
    return (
        _finding(
            "api-server-exempt",
            Severity.INFO,
            Cause.ISOLATION,
            "The API server answers in spite of the policy; everything else is blocked. Some "
            "network plugins exempt it, because it runs on the nodes' own network.",
            "See that no ServiceAccount of the sandbox has rights beyond it.",
        ),
    )


def _needed(tried: Sequence[Tried]) -> tuple[Finding, ...]:
    """Return what the restored application will miss; blamed on the policy only where it is."""
    broken = [each for each in tried if each.outcome is Outcome.BROKEN]
    cut = [each for each in broken if each.before]
    never = [each for each in broken if not each.before]
    found = []
    if cut:
        message = f"Inside the closed sandbox this does not work any more: {listed(cut)}."
        remedy = "See where DNS runs and how the plugin treats traffic among the drill's own pods."
        found.append(
            _finding("sandbox-cut-off", Severity.WARNING, Cause.ENVIRONMENT, message, remedy)
        )
    if never:
        message = f"This did not work before the policy either: {listed(never)}."
        remedy = "See whether pod networking and DNS are well, and whether the image has nslookup."
        found.append(
            _finding("sandbox-without-network", Severity.INFO, Cause.ENVIRONMENT, message, remedy)
        )
    return tuple(found)


def findings_after(proof: Proof, unasked: Unasked | None, *, required: bool) -> tuple[Finding, ...]:
    """Return what asking again after the restore showed beyond what was known before it."""
    opened = [each for each in proof.tried if each.opened]
    if opened:
        return (
            _finding(
                "sandbox-opened",
                Severity.CRITICAL,
                Cause.ISOLATION,
                f"Since the restore the sandbox is open: it now reaches {listed(opened)}.",
                "Find the restored policy that allows it and leave its kind out of the restore; "
                "where there is none, see why the network plugin no longer enforces ours.",
            ),
        )
    if unasked is not None and proof.state is not ProofState.UNPROVEN:
        return (
            _finding(
                "isolation-not-asked-again",
                Severity.WARNING if required else Severity.INFO,
                unasked.cause,
                f"Whether the sandbox stayed closed after the restore is unknown: {unasked.why}.",
                unasked.hint or "Drill again.",
                unanswered=required,
            ),
        )
    broken = [e for e in proof.tried if e.again is False and e.after and e.target.aim.must_work]
    if not broken:
        return ()
    message = f"Since the restore this does not work any more: {listed(broken)}."
    remedy = "Find the restored policy that denies it."
    return (_finding("sandbox-cut-off", Severity.WARNING, Cause.ENVIRONMENT, message, remedy),)


def _finding(
    code: str,
    severity: Severity,
    cause: Cause,
    message: str,
    remedy: str,
    *,
    unanswered: bool = False,
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        cause=cause,
        subject="sandbox",
        message=message,
        remedy=remedy,
        unanswered=unanswered,
    )
