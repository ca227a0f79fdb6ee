"""The command line: names the commands and loads each only when it is called.

A bare `SCENARIO...` means `run`. Importing this file must stay cheap: `--help` answers in under
0.2 s, so the commands' one-line descriptions stand here and their code is imported on demand.
"""

import difflib
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from runner.exit_codes import ExitCode

COMMANDS: dict[str, str] = {
    "run": "Run drills; the default for a bare SCENARIO.",
    "validate": "Check scenarios for form and meaning; no cluster is touched.",
    "plan": "Show what a drill would restore, leave out, rewrite and probe.",
    "record": "Record what the live source holds, for probes that say `recorded`.",
    "verify": "Read the backup itself to its end; no restore.",
    "clean": "Remove what interrupted drills left, only what carries our marks.",
    "serve": "Run drills on their schedules, with /healthz and /metrics.",
    "report": "List, show, compare and re-render reports.",
    "evidence": "Export and verify evidence for auditors.",
    "schema": "Print the JSON Schema of scenarios, reports or verify reports.",
}

YAML = (".yaml", ".yml")

EXAMPLE = """\b
Examples:
  python -m runner scenarios/quickstart.yaml
  python -m runner run --embedded --store ./bucket-copy scenario.yaml
  python -m runner validate scenarios/*.yaml
"""


class LazyGroup(click.Group):
    """A group whose commands are imported when first called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order a newcomer needs them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"runner.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` before arguments that begin with a scenario file."""
        if args and args[0] not in COMMANDS and _looks_like_scenario(args):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the command that a mistyped one comes closest to."""
        near = difflib.get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            meant = f" Did you mean {near[0]!r}?" if near else ""
            known = ", ".join(COMMANDS)
            ctx.fail(f"{args[0]!r} is neither a command nor a scenario file.{meant} Known: {known}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _looks_like_scenario(args: Sequence[str]) -> bool:
    """Return whether `args` begin a run: a YAML file among them, or a path, not a mistyped word."""
    first = args[0]
    if first.startswith("-"):
        return any(arg.endswith(YAML) for arg in args)
    return first.endswith(YAML) or "/" in first or Path(first).is_file()


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from runner.version import version_line

    click.echo(version_line())
    ctx.exit()


@click.group(
    cls=LazyGroup, epilog=EXAMPLE, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Print the version and where it runs from.",
)
def cli() -> None:
    """Proves that Kubernetes backups can be restored.

    Restores the latest backup into an isolated sandbox, asks the restored application and its
    data, measures RTO and RPO, cleans up, and writes a report.

    Exit codes: 0 passed or warned, 1 failed, 2 scenario or command line wrong (nothing touched),
    3 inconclusive, 4 passed or warned but something was left behind.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        result = cli.main(args=args, prog_name="python -m runner", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as help_wanted:
        click.echo(help_wanted.format_message(), err=True)
        return ExitCode.MISUSED
    except click.ClickException as error:
        error.show()
        # click's own default of 1 would read as "the drill failed".
        return ExitCode.MISUSED if error.exit_code == 1 else error.exit_code
    except click.Abort:
        click.echo("stopped", err=True)
        return ExitCode.INCONCLUSIVE
    return int(result) if isinstance(result, int) else ExitCode.OK
