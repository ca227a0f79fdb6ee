"""Folders and buckets as object stores, and downloads of signed links."""

import os
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from drills.adapters.downloads import HttpDownloads
from drills.adapters.store import open_store
from drills.errors import Forbidden, Misconfigured, Missing, Unreachable
from drills.ports import ObjectStore
from tests.drills.adapters.kube.scripted_api import Reply, ScriptedApi

FILES = {"backups/a/a.tar.gz": b"tar", "backups/a/a-results.gz": b"results", "kopia/x": b"k" * 9}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A local S3 endpoint."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - only where it is wanted

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(s3: str, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - untyped library
    for name, value in {
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return boto3.client("s3", endpoint_url=s3)


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """The same files behind both."""
    if request.param == "folder":
        for key, content in FILES.items():
            path = tmp_path / "bucket" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return open_store(str(tmp_path / "bucket"))
    client, endpoint = request.getfixturevalue("client"), request.getfixturevalue("s3")
    bucket = f"b{os.urandom(4).hex()}"
    client.create_bucket(Bucket=bucket)
    for key, content in FILES.items():
        client.put_object(Bucket=bucket, Key=f"cluster-1/{key}", Body=content)
    return open_store(f"s3://{bucket}/cluster-1?endpoint={endpoint}&region=us-east-1")


def test_lists_by_prefix(store: ObjectStore) -> None:
    found = {entry.key: entry.bytes for entry in store.list("backups/a/a")}
    assert found == {"backups/a/a.tar.gz": 3, "backups/a/a-results.gz": 7}
    assert [entry.key for entry in store.list("")] == sorted(FILES)
    assert list(store.list("nothing/")) == []
    assert all(entry.modified is not None for entry in store.list("kopia"))


def test_reads_as_a_stream(store: ObjectStore) -> None:
    with store.open("kopia/x") as body:
        assert (body.read(2), body.read()) == (b"kk", b"k" * 7)
    with pytest.raises(Missing), store.open("kopia/y"):
        pass


def test_keys_never_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "bucket" / "link").symlink_to(tmp_path / "secret")
    store = open_store(str(tmp_path / "bucket"))
    for key in ("../secret", "link", "/etc/passwd", "a\x00b", "."):
        with pytest.raises(Missing), store.open(key):
            pass
    assert list(store.list("../")) == []
    assert list(store.list("")) == []


@pytest.mark.parametrize("url", ["ftp://x/y", "s3://", "/no/such/folder", "s3://b/p?colour=red"])
def test_what_is_no_store(url: str) -> None:
    with pytest.raises(Misconfigured):
        open_store(url)


def test_a_bucket_that_is_not_there(client: Any, s3: str) -> None:  # noqa: ANN401 - untyped
    store = open_store(f"s3://absent?endpoint={s3}")
    with pytest.raises(Missing, match="NoSuchBucket"):
        list(store.list(""))


def test_refusals_of_s3_have_names(
    client: Any,  # noqa: ANN401 - untyped library
    api: ScriptedApi,
) -> None:
    denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    api.on("GET", "/b/p/x", Reply(status=403, document=denied))
    archived = "<Error><Code>InvalidObjectState</Code></Error>"
    api.on("GET", "/b/p/y", Reply(status=403, document=archived))
    store = open_store("s3://b/p", endpoint=api.url, region="us-east-1")
    with pytest.raises(Forbidden) as caught, store.open("x"):
        pass
    assert "s3:GetObject on arn:aws:s3:::b/p/*" in caught.value.hint
    with pytest.raises(Exception, match="InvalidObjectState"), store.open("y"):
        pass


def test_a_store_that_is_not_there(client: Any) -> None:  # noqa: ANN401 - untyped library
    with ScriptedApi() as gone:
        url = gone.url
    store = open_store("s3://b", endpoint=url, region="us-east-1")
    with pytest.raises(Unreachable), store.open("x"):
        pass


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    with ScriptedApi() as api:
        yield api


def test_downloads_the_bytes_as_they_are(api: ScriptedApi) -> None:
    """A gzip file stays gzip, even where the server declares it as an encoding."""
    api.on("GET", "/f.gz", Reply(document="not really gzip", headers={"Content-Encoding": "gzip"}))
    with HttpDownloads().open(f"{api.url}/f.gz?X-Amz-Signature=s", timeout=5) as body:
        assert body.read() == b"not really gzip"


@pytest.mark.parametrize(
    ("status", "error"), [(404, Missing), (403, Forbidden), (503, Unreachable)]
)
def test_refused_downloads_keep_the_signature_to_themselves(
    api: ScriptedApi, status: int, error: type[Exception]
) -> None:
    api.on("GET", "/f.gz", Reply(status=status, document=""))
    with (
        pytest.raises(error, match=r"f\.gz") as caught,
        HttpDownloads().open(f"{api.url}/f.gz?X-Amz-Signature=secret", timeout=5),
    ):
        pass
    assert "secret" not in f"{caught.value} {caught.value.__dict__}"


def test_a_broken_download_keeps_the_signature_to_itself(api: ScriptedApi) -> None:
    """Not even a printed trace of the error shows the query."""
    api.on("GET", "/f.gz", Reply(cut=True))
    signature = os.urandom(8).hex()
    with (
        pytest.raises(Unreachable) as caught,
        HttpDownloads().open(f"{api.url}/f.gz?X-Amz-Signature={signature}", timeout=5),
    ):
        pass
    assert signature not in "".join(traceback.format_exception(caught.value))


def test_a_download_that_hangs_ends(api: ScriptedApi) -> None:
    hold = threading.Event()
    api.on("GET", "/f.gz", Reply(events=["x"], hold=hold))
    with (
        pytest.raises(Unreachable),
        HttpDownloads().open(f"{api.url}/f.gz", timeout=0.2) as body,
    ):
        body.read()
    hold.set()
