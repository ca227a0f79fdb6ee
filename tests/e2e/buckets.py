"""Copies of the real backup, damaged in chosen ways."""

import gzip
import io
import json
import re
import shutil
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).resolve().parents[2] / "embedded" / "sample" / "velero-1.18.3"
BACKUP = "production-daily-20261121085009"

Change = Callable[[dict[str, Any]], None]
PREFERRED = re.compile(r"/[^/]+-preferredversion/")


class Bucket:
    """A copied bucket that a test may damage."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "bucket"
        shutil.copytree(SAMPLE, self.folder)
        for path in [self.folder, *self.folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)

    @property
    def tarball(self) -> Path:
        """Return the archive with the objects."""
        return self.file(f"{BACKUP}.tar.gz")

    def file(self, name: str) -> Path:
        """Return one file of the backup."""
        return self.folder / "backups" / BACKUP / name

    def change_json(self, name: str, change: Callable[[object], None]) -> None:
        """Rewrite a gzipped or plain JSON file of the backup."""
        path = self.file(name)
        raw = path.read_bytes()
        document = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
        change(document)
        text = json.dumps(document).encode()
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)

    def change_status(self, **fields: object) -> None:
        """Change the backup's own status."""

        def change(document: object) -> None:
            assert isinstance(document, dict)
            document["status"].update(fields)

        self.change_json("velero-backup.json", change)

    def cut(self, name: str) -> None:
        """Cut the end off one file of the backup."""
        path = self.file(name)
        path.write_bytes(path.read_bytes()[:-5])

    def truncate(self) -> None:
        """Cut the archive in half."""
        content = self.tarball.read_bytes()
        self.tarball.write_bytes(content[: len(content) // 2])

    def flip_byte(self) -> None:
        """Change one byte in the middle of the archive."""
        content = bytearray(self.tarball.read_bytes())
        content[len(content) // 2] ^= 0x01
        self.tarball.write_bytes(bytes(content))

    def change_archive(
        self, changes: Mapping[str, Change], added: Mapping[str, Mapping[str, object]]
    ) -> None:
        """Change objects whose path ends so, and add others: each with its versioned copy."""
        raw = io.BytesIO()
        seen = set()
        with tarfile.open(self.tarball) as old, tarfile.open(fileobj=raw, mode="w:gz") as new:
            for member in old.getmembers():
                body = old.extractfile(member)
                content = body.read() if body else b""
                for path, change in changes.items():
                    if PREFERRED.sub("/", member.name).endswith(path):
                        obj = json.loads(content)
                        change(obj)
                        content = json.dumps(obj).encode()
                        seen.add(path)
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
            for path, found in added.items():
                content = json.dumps(found).encode()
                kind, _, place = path.partition("/")
                for name in (path, f"{kind}/v1-preferredversion/{place}"):
                    info = tarfile.TarInfo(f"resources/{name}.json")
                    info.size = len(content)
                    new.addfile(info, io.BytesIO(content))
        assert seen == set(changes), set(changes) - seen
        self.tarball.write_bytes(raw.getvalue())

    def drop_namespace(self, namespace: str) -> None:
        """Rewrite archive and list without anything of `namespace`."""
        kept = io.BytesIO()
        with tarfile.open(self.tarball) as old, tarfile.open(fileobj=kept, mode="w:gz") as new:
            for member in old.getmembers():
                if f"/namespaces/{namespace}/" not in member.name:
                    new.addfile(member, old.extractfile(member))
        self.tarball.write_bytes(kept.getvalue())

        def change(document: object) -> None:
            assert isinstance(document, dict)
            for kind, names in document.items():
                document[kind] = [n for n in names if not n.startswith(f"{namespace}/")]

        self.change_json(f"{BACKUP}-resource-list.json.gz", change)

    def opt_volume_out(self) -> None:
        """Leave the volume out of the backup, as Velero records it."""

        def change(document: object) -> None:
            assert isinstance(document, list)
            volume = document[0]
            volume.pop("pvbInfo")
            volume.update(
                backupMethod="",
                skipped=True,
                skippedReason="podvolume: opted out due to annotation in pod ledger-0;"
                "volumeSnapshot: not satisfy the criteria for VolumePolicy or the legacy snapshot"
                " way;",
            )

        self.change_json(f"{BACKUP}-volumeinfo.json.gz", change)
        path = self.file(f"{BACKUP}-podvolumebackups.json.gz")
        path.write_bytes(gzip.compress(b"[]"))

    def drop_volume_data(self) -> None:
        """Remove the kopia repository that holds the volume's data."""
        shutil.rmtree(self.folder / "kopia")
