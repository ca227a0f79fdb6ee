"""Errors as the command line ends with them: what is wrong, what to do, which exit code."""

import click

from drills.errors import DrillError
from runner.exit_codes import ExitCode


class Refusal(click.ClickException):
    """What kept the rehearsal from an answer, with its remedy."""

    exit_code = int(ExitCode.INCONCLUSIVE)

    def __init__(self, error: DrillError) -> None:
        super().__init__(f"{error}\n  {error.hint}" if error.hint else str(error))


class Misuse(Refusal):
    """What the user asked for is impossible."""

    exit_code = int(ExitCode.MISUSED)
