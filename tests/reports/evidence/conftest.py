"""A folder of reports, a key pair, and an archive made of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from reports import render_json, to_document
from reports.evidence import Period, export
from tests.reports import records

NOVEMBER = Period(
    start=datetime(2026, 11, 1, tzinfo=UTC),
    end=datetime(2026, 12, 1, tzinfo=UTC),
)
NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def key_pair() -> tuple[bytes, bytes]:
    """Private and public key as PEM."""
    return new_key_pair()


def new_key_pair() -> tuple[bytes, bytes]:
    key = ed25519.Ed25519PrivateKey.generate()
    return (
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    )


@pytest.fixture
def reports(tmp_path: Path) -> list[Path]:
    """Three drills of November, one failed, and one of October."""
    october = records.START - timedelta(days=30)
    drills = [
        records.passed(),
        records.failed_missing_volume(),
        replace(records.embedded(), started_at=records.START + timedelta(days=7)),
        replace(records.passed(), drill_id="in-october", started_at=october),
    ]
    paths = []
    for drill in drills:
        path = tmp_path / "drill-reports" / drill.drill_id / "report.json"
        path.parent.mkdir(parents=True)
        path.write_bytes(render_json(to_document(drill)))
        paths.append(path)
    return paths


@pytest.fixture
def archive(reports: list[Path], tmp_path: Path) -> Callable[..., Path]:
    """Return a function that exports the reports and returns the archive's path."""

    def make(**more: object) -> Path:
        path = tmp_path / "evidence.zip"
        path.write_bytes(export(reports, period=NOVEMBER, now=NOW, tool_version="0.1.0", **more))
        return path

    return make
