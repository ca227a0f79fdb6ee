"""The kept backups: which Velero wrote each, how it saved volumes, and copies that may be damaged.

In comes this folder; out comes one `Kept` for each backup.
"""

import json
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

HERE = Path(__file__).resolve().parent
VERSIONS = ("1.10.3", "1.11.1", "1.13.2", "1.14.0", "1.15.2", "1.16.2", "1.17.2", "1.18.3")
SCHEDULE = "nightly"
LEFT_OUT = "cellar/data-casks-1"
"""The claim whose pod said, while `opted-out` was made, that it is to be left out."""


class Method(StrEnum):
    """How the backup saved the data in its volumes."""

    KOPIA = "file-system backup by kopia"
    RESTIC = "file-system backup by restic"
    OPTED_OUT = "file-system backup, one volume opted out"
    NONE = "no volume data"


def writes(version: str, method: str) -> bool:
    """Whether this Velero writes such backups: none by restic from 1.17 on.

    Velero v1.17.2, `pkg/uploader/types.go`, ValidateUploaderType.
    """
    return method != Method.RESTIC or tuple(map(int, version.split("."))) < (1, 17)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One backup."""

    version: str
    """Velero's, such as `1.10.3`."""
    bucket: str
    """The folder of its bucket: `kopia`, `restic`, `versions`."""
    name: str

    @property
    def folder(self) -> Path:
        """The bucket, laid out as Velero did."""
        return HERE / f"velero-{self.version}" / self.bucket

    @property
    def sort(self) -> str:
        """What it was made for: its name without the version, or the time, at its end."""
        return re.sub(r"-(\d+-\d+-\d+|\d{14})$", "", self.name)

    @property
    def backup(self) -> dict[str, Any]:
        """The Backup object as Velero stored it."""
        file = self.folder / "backups" / self.name / "velero-backup.json"
        return cast("dict[str, Any]", json.loads(file.read_bytes()))

    @property
    def ended(self) -> datetime:
        """When Velero had written it."""
        return datetime.fromisoformat(self.backup["status"]["completionTimestamp"])

    @property
    def kubernetes(self) -> str:
        """The version of the cluster that was backed up."""
        return str(
            self.backup["metadata"]["annotations"]["velero.io/source-cluster-k8s-gitversion"]
        )

    @property
    def method(self) -> Method:
        """How its volumes were saved."""
        if self.sort in {"none", "cluster"}:
            return Method.NONE
        if self.sort == "opted-out":
            return Method.OPTED_OUT
        return Method.RESTIC if self.bucket == "restic" else Method.KOPIA

    @property
    def namespaces(self) -> tuple[str, ...]:
        """What it holds."""
        return tuple(self.backup["spec"]["includedNamespaces"])

    def copy(self, target: Path) -> Path:
        """Copies its bucket to where it may be changed."""
        shutil.copytree(self.folder, target)
        return target

    def __str__(self) -> str:
        return f"{self.version} {self.bucket} {self.name}"


def kept() -> tuple[Kept, ...]:
    """Every backup that is kept, oldest Velero first."""
    return tuple(
        Kept(version=version, bucket=bucket.name, name=backup.name)
        for version in VERSIONS
        for bucket in sorted((HERE / f"velero-{version}").glob("*"))
        for backup in sorted((bucket / "backups").iterdir())
    )


KEPT = kept()
