"""What a proof says to those who read the report. Pure: a Proof in, findings out."""

from collections.abc import Iterator, Sequence

from drills.findings import Cause, Finding, Severity
from drills.proving.facts import Outcome, Proof, ProofState, Tried, Unasked
from drills.proving.guises import MOST
from drills.proving.judging import listed

NAMED = 12
"""Workloads that one message names."""


def findings(proof: Proof, *, required: bool) -> tuple[Finding, ...]:
    """Return what the proof says before anything is restored."""
    return (
        *_verdict(proof, required=required),
        *_needed(proof.tried),
        *_untried(proof, required=required),
    )


def _verdict(proof: Proof, *, required: bool) -> tuple[Finding, ...]:
    if proof.state is ProofState.OPEN:
        follows = "Nothing was restored into it." if required else "The drill went on all the same."
        partly = any(each.outcome is Outcome.BLOCKED for each in proof.tried)
        enforced = "enforced in part only" if partly else "not enforced"
        if proof.let_through:
            enforced = f"overridden for {', '.join(proof.let_through)}"
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


def _untried(proof: Proof, *, required: bool) -> Iterator[Finding]:
    """Yield with whose labels nothing was tried; where nothing is proven that is no news."""
    silent = [each for each in proof.untried if each.why]
    beyond = [each for each in proof.untried if not each.why]
    if proof.state is ProofState.UNPROVEN:
        return
    unseen = "A policy of the whole cluster that lets these labels alone through would not be seen."
    if silent:
        told = "; ".join(f"{each} ({each.why})" for each in silent)
        yield _finding(
            "isolation-not-tried-as",
            Severity.WARNING if required else Severity.INFO,
            Cause.ENVIRONMENT,
            f"The way out was not tried with the labels of {told}. {unseen}",
            "Mend what the message names, then drill again.",
        )
    if beyond:
        told = ", ".join(map(str, beyond[:NAMED]))
        more = f" and {len(beyond) - NAMED} more" if len(beyond) > NAMED else ""
        yield _finding(
            "isolation-not-tried-as-all",
            Severity.INFO,
            Cause.RUNNER,
            f"A drill tries the way out with the labels of {MOST} workloads at most. Not tried: "
            f"{told}{more}. {unseen}",
            "Drill fewer namespaces at a time, or see that no such policy takes the sandbox in.",
        )


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
