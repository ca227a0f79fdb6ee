"""Transfers that break off, and buckets as people have them."""

import io
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from drills.adapters.s3_transfer import MOST_BREAKS, Transfer
from drills.adapters.store import location_of, open_store, s3_settings
from drills.errors import Misconfigured
from drills.integrity.remembering import Describing

CONTENT = bytes(range(256)) * 8


class Breaking:
    """A server that hands out `each` bytes and then breaks the connection off."""

    def __init__(self, each: int) -> None:
        self.each = each
        self.asked: list[dict[str, str]] = []

    def __call__(self, **more: str) -> Any:  # noqa: ANN401 - as the library's answers are
        """Answer from the byte asked for."""
        self.asked.append(more)
        begin = int(more.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        body = io.BytesIO(CONTENT[begin : begin + self.each])
        return {"Body": body, "ETag": '"e"', "ContentLength": len(CONTENT) - begin}


def read(ask: Breaking) -> bytes:
    transfer = Transfer(ask, (ConnectionError,))
    transfer.start()
    return b"".join(iter(lambda: transfer.read(100), b""))


def test_a_transfer_goes_on_where_it_broke_off() -> None:
    ask = Breaking(700)
    assert read(ask) == CONTENT
    assert ask.asked == [
        {},
        {"Range": "bytes=700-", "IfMatch": '"e"'},
        {"Range": "bytes=1400-", "IfMatch": '"e"'},
    ]


def test_a_server_that_gives_nothing_is_given_up() -> None:
    ask = Breaking(0)
    with pytest.raises(ConnectionError):
        read(ask)
    assert len(ask.asked) == MOST_BREAKS + 1


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A local S3 endpoint."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - only where it is wanted

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_versions_and_many_pages(
    endpoint: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,  # noqa: ANN401
) -> None:
    """Credentials from a profile in a shared file, path style, a prefix, a versioned bucket."""
    shared = tmp_path / "credentials"
    shared.write_text("[velero]\naws_access_key_id = made-up\naws_secret_access_key = made-up\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shared))
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "7")
    bucket = f"b{os.urandom(4).hex()}"
    client = boto3.session.Session(profile_name="velero").client(
        "s3", endpoint_url=endpoint, region_name="us-east-1"
    )
    client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for number in range(30):
        client.put_object(Bucket=bucket, Key=f"p/backups/a/{number:02}", Body=b"x")
    options = f"endpoint={endpoint}&region=us-east-1&style=path&profile=velero&requester-pays=true"
    store = open_store(f"s3://{bucket}/p?{options}")
    assert len(list(store.list("backups/"))) == 30
    assert isinstance(store, Describing)
    described = store.describe("backups/a/07")
    assert described.version
    assert (described.key, described.bytes) == ("backups/a/07", 1)


def test_options_are_checked_and_stay_out_of_the_location() -> None:
    url = "s3://b/p/?endpoint=http://e&style=path&requester-pays=yes"
    assert s3_settings(url)["requester_pays"] is True
    assert location_of(url) == "s3://b/p"
    with pytest.raises(Misconfigured, match="addressing style"):
        s3_settings("s3://b?style=curly")
    with pytest.raises(Misconfigured):
        open_store("s3://b?profile=no-such-profile-anywhere")
