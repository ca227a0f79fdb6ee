"""Backups: one way to choose them, and limits that do not contradict each other."""

from collections.abc import Iterator

from scenarios.document import Document
from scenarios.problems import Complaint, Path, listed, nearest

_BACKUP: Path = ("spec", "backup")
_SELECTORS = ("schedule", "name", "labels", "namespaces")


def check_backup(document: Document) -> Iterator[Complaint]:
    """Yield what is wrong with `spec.backup`."""
    backup = document.part(*_BACKUP)
    if not backup.table():
        return
    yield from _check_selector(backup)
    if "name" in backup.table() and "pick" in backup.table():
        message = "a backup chosen by name leaves nothing to pick"
        yield Complaint(path=(*_BACKUP, "pick"), message=message, hint="take one out", at_key=True)
    window, oldest = backup.duration("pick", "randomWithin"), backup.duration("maxAge")
    if window and oldest and window > oldest:
        said = backup.text("maxAge")
        message = f"the window is wider than maxAge ({said}), which refuses what is older"
        path = (*_BACKUP, "pick", "randomWithin")
        yield Complaint(path=path, message=message, hint="widen maxAge or narrow the window")


def _check_selector(backup: Document) -> Iterator[Complaint]:
    said = [name for name in _SELECTORS if name in backup.table()]
    if len(said) > 1:
        message = f"backups are already chosen by {said[0]}"
        for name in said[1:]:
            hint = f"keep one of {listed(said)}"
            yield Complaint(path=(*_BACKUP, name), message=message, hint=hint, at_key=True)
    elif not said and "options" not in backup.table() and not _misspelt(backup):
        message = f"which backups? expected one of {listed(_SELECTORS)}"
        hint = "for example schedule: production-daily"
        yield Complaint(path=_BACKUP, message=message, hint=hint, at_key=True)


def _misspelt(backup: Document) -> bool:
    """Whether a key is a selector but for a letter: the form check has named it."""
    known = {"engine", "namespace", "location", "pick", "maxAge", "partiallyFailed"}
    return any(nearest(key, _SELECTORS) for key in list(backup.table())[:50] if key not in known)
