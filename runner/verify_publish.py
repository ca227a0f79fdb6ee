"""Writes what comes of a run of `verify`: reports and metrics, each whole or not at all.

In: a VerifyRecord. Out: files where the user wants them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import click

from drills.errors import Misconfigured
from reports import render_json, render_verify_html, to_verify_document
from reports.evidence import write_atomically
from reports.verify_record import VerifyRecord
from runner.exit_codes import ExitCode, worst
from runner.verify_options import VerifyOutput


def check_places(output: VerifyOutput) -> None:
    """Refuse before hours of reading what could not be written after; raises Misconfigured."""
    wanted = {"--report-dir": output.report_dir, "--metrics": _folder(output.metrics)}
    for option, folder in wanted.items():
        if folder is None:
            continue
        there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise Misconfigured(
                f"{option}: {there} is no folder that can be written to",
                hint="Name a folder that this user may write to.",
            )


def _folder(file: Path | None) -> Path | None:
    return None if file is None else file.parent


def publish_verify(record: VerifyRecord, output: VerifyOutput, code: ExitCode) -> ExitCode:
    """Write what is wished for; return `code`, or 3 where a good answer could not be written."""
    try:
        for path, content in _files(record, output):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
    except OSError as error:
        click.echo(f"{record.state}  the report could not be written: {error}", err=True)
        return worst([code, ExitCode.INCONCLUSIVE])
    return code


def _files(record: VerifyRecord, output: VerifyOutput) -> Iterator[tuple[Path, bytes]]:
    if output.report_dir is not None:
        folder, document = output.report_dir / record.verify_id, to_verify_document(record)
        yield folder / "verify.json", render_json(document)
        yield folder / "verify.html", render_verify_html(document)
        click.echo(f"report  {folder / 'verify.html'}", err=True)
    if output.metrics is not None:
        from runner.verify_metrics import render_metrics

        yield output.metrics, render_metrics(record)
