"""Making an evidence archive: the reports of a period, as an auditor keeps them.

In: paths of `report.json` files, the period, optionally the schedule and a signing key. Out: the
bytes of a zip, the same for the same input. Every drill of the period goes in whatever its verdict;
what could not be read is named in the manifest.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from drills.errors import Misconfigured
from reports.evidence import archive, signing
from reports.evidence.manifest import Period, Read, Scheduled, Taken, build, entry, started
from reports.evidence.readme import readme
from reports.html_report import render_html
from reports.json_report import render_json
from reports.junit_report import render_junit
from reports.loading import ReportUnreadable, parse_report, read_bytes, schema_bytes
from reports.reading import word

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
SIGNATURE = "manifest.dsse.json"


def export(
    reports: Sequence[Path],
    *,
    period: Period,
    now: datetime,
    tool_version: str,
    scheduled: Sequence[Scheduled] | None = None,
    private_key: bytes | None = None,
) -> bytes:
    """Return the archive.

    Args:
        reports: paths of `report.json` files, all that there are; those outside the period are
            counted and left out.
        period: which drills go in, by their start.
        now: when the archive is made, in UTC.
        tool_version: version of this program, for the manifest.
        scheduled: when drills should have begun; None where no schedule is known, and then the
            manifest says so.
        private_key: Ed25519 private key in PEM; None for an archive without signature.

    Raises:
        Misconfigured: the period ends before it begins, two different reports carry one drill id,
            or the key is none.
    """
    if period.end <= period.start:
        raise Misconfigured("the period ends before it begins", hint="Swap its two ends.")
    taken = _take(reports, period, scheduled)
    files = _files(taken, signed=private_key is not None)
    manifest = render_json(build(taken, files, period=period, now=now, version=tool_version))
    files[MANIFEST] = manifest
    files[SUMS] = sums(files)
    if private_key is not None:
        files[SIGNATURE] = signing.sign(manifest, private_key)
    return archive.pack(files)


def sums(files: dict[str, bytes]) -> bytes:
    """Return the list that `sha256sum -c` reads, over files and manifest."""
    lines = [f"{entry(path, files[path])['sha256']}  {path}\n" for path in sorted(files)]
    return "".join(lines).encode()


def _take(reports: Sequence[Path], period: Period, scheduled: Sequence[Scheduled] | None) -> Taken:
    found: dict[str, Read] = {}
    unreadable: dict[str, str] = {}
    outside = 0
    for path in reports:
        name = f"{path.parent.name}/{path.name}"
        try:
            read = _read(path)
            within = started(read.document) in period
        except ReportUnreadable as error:
            unreadable[name] = "; ".join(error.problems)
        except ValueError as error:
            unreadable[name] = str(error)
        else:
            outside += not within
            if within:
                _add(found, read, path)
    ordered = sorted(
        found.values(), key=lambda r: (started(r.document), word(r.document, "drillId"))
    )
    return Taken(
        reports=tuple(ordered), outside=outside, unreadable=unreadable, scheduled=scheduled
    )


def _read(path: Path) -> Read:
    data = read_bytes(path)
    return Read(document=parse_report(data, where=str(path)), data=data)


def _add(found: dict[str, Read], read: Read, path: Path) -> None:
    drill = word(read.document, "drillId")
    if drill in found and found[drill].data != read.data:
        raise Misconfigured(
            f"{path} and another report both say to be drill {drill}, and they differ",
            hint="Find out which of the two the runner wrote, and hand in that one alone.",
        )
    found[drill] = read


def _files(taken: Taken, *, signed: bool) -> dict[str, bytes]:
    files = {
        "README.txt": readme(signed=signed),
        "schema/report.schema.json": schema_bytes("report"),
        "schema/evidence.schema.json": schema_bytes("evidence"),
    }
    for report in taken.reports:
        folder = f"drills/{word(report.document, 'drillId')}"
        files[f"{folder}/report.json"] = report.data
        files[f"{folder}/report.html"] = render_html(report.document)
        files[f"{folder}/junit.xml"] = render_junit(report.document)
    return files
