"""What `verify --bucket` prints. Pure: checks in, lines out."""

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from drills.findings import Finding, Severity
from drills.integrity.result import BackupCheck, State

SHOWN = {State.GOOD: "good   ", State.DAMAGED: "damaged", State.UNKNOWN: "unknown"}
LEFTOVER = "leftover"
UNITS = ("B", "KB", "MB", "GB", "TB")
STEP = 1000


def backup_lines(check: BackupCheck) -> Iterator[str]:
    """Yield one line for the backup, then its findings."""
    rate = f"{size(int(check.bytes / check.seconds))}/s" if check.seconds else "-"
    if check.leftover:
        yield f"{LEFTOVER}  {check.name}"
        yield from finding_lines(check.findings)
        return
    yield (
        f"{SHOWN[check.state]}  {check.name}  {check.phase or '-'}  "
        f"{size(check.bytes)}  {rate}  {check.facts.objects} objects"
    )
    yield from finding_lines(check.findings)


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield each finding with what to do about it; the worst first."""
    order = list(Severity)
    for finding in sorted(findings, key=lambda found: order.index(found.severity)):
        yield f"  {finding.severity}  {finding.code}  {finding.subject}: {finding.message}"
        if finding.severity is not Severity.INFO:
            yield f"    {finding.remedy}"


def summary_line(state: State, url: str, checks: Sequence[BackupCheck], seconds: float) -> str:
    """Return the last line: the verdict first."""
    backups = [check for check in checks if not check.leftover]
    counts = {str(one): sum(check.state is one for check in backups) for one in State}
    counts[LEFTOVER] = len(checks) - len(backups)
    told = ", ".join(f"{count} {one}" for one, count in counts.items() if count) or "none"
    read = sum(check.bytes for check in checks)
    place = urlsplit(url)._replace(query="").geturl()
    return (
        f"{state}  {place}  {len(backups)} backup(s): {told}  "
        f"{size(read)} in {seconds:.1f} s  read, not restored"
    )


def size(number: int) -> str:
    """Return bytes for people: `3.4 MB`."""
    shown, unit = float(number), UNITS[0]
    for bigger in UNITS[1:]:
        if shown < STEP:
            break
        shown, unit = shown / STEP, bigger
    return f"{shown:.0f} {unit}" if unit == UNITS[0] else f"{shown:.1f} {unit}"
