"""Writes what comes of a run of `verify`: reports and metrics, each whole or not at all.

In: a VerifyRecord. Out: files where the user wants them.
"""

import os
from pathlib import Path

import click

from drills.errors import DrillError, Misconfigured
from reports.verify_record import VerifyRecord
from reports.writing import write_atomically
from runner.exit_codes import ExitCode, worst
from runner.publish import ReportStore, open_report_store
from runner.verify_options import VerifyOutput


def check_places(output: VerifyOutput) -> ReportStore | None:
    """Refuse before hours of reading what could not be written after; raises DrillError.

    Returns the store that reports are copied to, if one is wished for.
    """
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
    return open_report_store(output.report_store)


def _folder(file: Path | None) -> Path | None:
    return None if file is None else file.parent


def publish_verify(
    record: VerifyRecord, output: VerifyOutput, code: ExitCode, store: ReportStore | None = None
) -> ExitCode:
    """Write what is wished for; return `code`, or 3 where a good answer could not be written."""
    try:
        _write(record, output, store)
    except (OSError, DrillError) as error:
        click.echo(f"{record.state}  the report could not be written: {error}", err=True)
        return worst([code, ExitCode.INCONCLUSIVE])
    return code


def _write(record: VerifyRecord, output: VerifyOutput, store: ReportStore | None) -> None:
    if output.metrics is not None:
        from runner.verify_metrics import render_metrics

        output.metrics.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(output.metrics, render_metrics(record))
    if output.report_dir is None and store is None:
        return
    from reports import render_json, render_verify_html, to_verify_document

    document = to_verify_document(record)
    # The truth last: a folder that has it has all.
    files = {"verify.html": render_verify_html(document), "verify.json": render_json(document)}
    if output.report_dir is not None:
        folder = output.report_dir / record.verify_id
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_atomically(folder / name, content)
        click.echo(f"report  {folder / 'verify.html'}", err=True)
    if store is not None:
        store.keep(record.verify_id, files)
        click.echo(f"report  kept as {record.verify_id} in the report store", err=True)
