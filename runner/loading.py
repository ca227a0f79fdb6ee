"""Loads scenarios for a command; every problem of every file is shown before anything runs."""

from collections.abc import Sequence
from pathlib import Path

import click

from runner.exit_codes import ExitCode
from runner.settings import environment
from scenarios import Scenario, ScenarioError, load_scenario


class ScenarioProblems(click.ClickException):
    """Scenarios that cannot be used; exit code 2."""

    exit_code = ExitCode.MISUSED

    def show(self, file: object = None) -> None:
        """Print the problems as they are: file, line, column, path, what to do."""
        del file
        click.echo(self.message, err=True)


def load_all(paths: Sequence[Path]) -> list[Scenario]:
    """Return the scenarios; raises ScenarioProblems naming every problem of every file."""
    loaded, problems = [], []
    variables = environment()
    for path in paths:
        try:
            loaded.append(load_scenario(path, variables))
        except ScenarioError as error:
            problems.append(str(error))
    if problems:
        raise ScenarioProblems("\n".join(problems))
    _refuse_namesakes(loaded)
    return loaded


def _refuse_namesakes(loaded: Sequence[Scenario]) -> None:
    seen: dict[str, str] = {}
    for scenario in loaded:
        if scenario.name in seen and seen[scenario.name] != scenario.source:
            raise ScenarioProblems(
                f"{scenario.source}: metadata.name {scenario.name!r} is also the name of "
                f"{seen[scenario.name]}; give each scenario its own"
            )
        seen[scenario.name] = scenario.source
