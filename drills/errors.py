"""Errors: why a drill could not go on. Bad news that was found is a Finding instead.

DrillError
├── Misconfigured       the user asked for something impossible; nothing was touched
│   └── SandboxTaken    the namespace exists and is not ours
├── OutsideRefused      the cluster, store or engine said no
│   ├── Forbidden       a right is missing
│   ├── NotServed       the cluster does not serve this API
│   ├── AlreadyExists   the name is taken
│   ├── Conflicted      a precondition (uid, resourceVersion) failed
│   ├── Missing         the object or file is not there
│   └── SandboxLost     somebody took the sandbox away from the drill
├── Unreachable         no answer, after retries
├── DeadlinePassed      our own deadline came before the answer
├── Interrupted         Ctrl-C or SIGTERM
├── CannotAsk           a probe's question could not be put
│   └── NobodyAnswers   no container runs there, and nobody stands in for one
├── TooMuchToRewrite    what makes the copy harmless is more than the cluster takes
└── BackupUnreadable    the backup itself is damaged
"""

from drills.findings import Cause


class DrillError(Exception):
    """Root of all errors a drill raises; `hint` says what to do next."""

    cause: Cause = Cause.ENVIRONMENT

    def __init__(self, message: str, *, hint: str = "", cause: Cause | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if cause is not None:
            self.cause = cause


class Misconfigured(DrillError):
    """The scenario asks for something that cannot be; exit code 2, nothing touched."""

    cause = Cause.CONFIGURATION


class SandboxTaken(Misconfigured):
    """The sandbox namespace exists and does not carry our marks, or another drill holds it."""


class OutsideRefused(DrillError):
    """The outside answered, with a refusal."""


class Forbidden(OutsideRefused):
    """A right is missing; the message names verb and resource."""

    cause = Cause.CONFIGURATION


class NotServed(OutsideRefused):
    """The cluster does not serve this apiVersion and kind."""


class AlreadyExists(OutsideRefused):
    """An object of that name exists."""


class Conflicted(OutsideRefused):
    """A uid or resourceVersion precondition did not hold."""


class Missing(OutsideRefused):
    """The object or file is not there."""


class SandboxLost(OutsideRefused):
    """The sandbox is no longer this drill's: deleted, made anew, or taken over."""


class Unreachable(DrillError):
    """No answer within the retries allowed."""


class DeadlinePassed(DrillError):
    """Our own deadline came first."""


class Interrupted(DrillError):
    """The user or the system asked us to stop."""

    cause = Cause.RUNNER


class CannotAsk(DrillError):
    """A probe's question could not be put: never a failure of the restored application."""

    cause = Cause.PROBE


class NobodyAnswers(CannotAsk):
    """No container runs there and no stand-in answers; asking again does not mend it."""

    cause = Cause.ENVIRONMENT

    def __init__(self, message: str) -> None:
        hint = "drill on a real cluster, or register a stand-in (cluster.standIns, --stand-in)"
        super().__init__(message, hint=hint)


class TooMuchToRewrite(DrillError):
    """The rules that make a copy harmless do not fit into what the engine takes."""

    cause = Cause.CONFIGURATION


class BackupUnreadable(DrillError):
    """The backup's own files are damaged or absent."""

    cause = Cause.BACKUP
