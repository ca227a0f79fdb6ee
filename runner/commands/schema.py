"""`schema`: the published JSON Schemas, for editors and readers."""

from importlib.resources import files

import click

SCHEMAS = {
    "scenario": ("scenarios", "schema/scenario.schema.json"),
    "report": ("reports", "schema/report.schema.json"),
    "verify": ("reports", "schema/verify.schema.json"),
}
EXAMPLE = """\b
Example:
  python -m runner schema scenario > scenario.schema.json
"""


@click.command(name="schema", epilog=EXAMPLE)
@click.argument("which", type=click.Choice(list(SCHEMAS)))
def command(which: str) -> int:
    """Print the JSON Schema (draft 2020-12) of scenarios, or of reports."""
    package, path = SCHEMAS[which]
    click.echo(files(package).joinpath(path).read_text(encoding="utf-8"), nl=False)
    return 0
