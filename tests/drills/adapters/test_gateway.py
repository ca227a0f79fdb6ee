"""A store as read-only S3: what a foreign tool is told, and what it cannot do."""

import http.client
import re
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from drills.adapters.folder_store import FolderStore
from drills.adapters.gateway import PAGE, Gateway, gateway
from drills.errors import Forbidden
from drills.ports import ObjectStore
from tests.fakes.store import FakeStore


def client(shown: Gateway):  # noqa: ANN201 - boto3's client
    return boto3.client(
        "s3",
        endpoint_url=f"http://{shown.address}",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


@pytest.fixture(name="folder", params=["ranged", "streamed"])
def _store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    files = {"k/one": bytes(range(200)), "k/two words+": b"2", "other": b"3"}
    if request.param == "streamed":
        return FakeStore(files)
    for key, body in files.items():
        (tmp_path / key).parent.mkdir(exist_ok=True)
        (tmp_path / key).write_bytes(body)
    return FolderStore(tmp_path)


def test_what_a_tool_reads(folder: ObjectStore) -> None:
    with gateway(folder) as shown:
        s3 = client(shown)
        listed = s3.list_objects_v2(Bucket=shown.bucket, Prefix="k/")["Contents"]
        assert {(one["Key"], one["Size"]) for one in listed} == {
            ("k/one", 200),
            ("k/two words+", 1),
        }
        assert s3.head_object(Bucket=shown.bucket, Key="k/one")["ContentLength"] == 200
        whole = s3.get_object(Bucket=shown.bucket, Key="k/one")["Body"].read()
        assert whole == bytes(range(200))
        part = s3.get_object(Bucket=shown.bucket, Key="k/one", Range="bytes=190-250")
        assert part["Body"].read() == bytes(range(190, 200))
        assert shown.trouble is None
        s3.close()


@pytest.mark.parametrize(
    ("key", "more", "code"),
    [
        ("k/none", {}, "NoSuchKey"),
        ("k/one", {"Range": "bytes=200-210"}, "InvalidRange"),
        ("../k/one", {}, "NoSuchKey"),
    ],
)
def test_what_is_not_there(folder: ObjectStore, key: str, more: dict, code: str) -> None:
    with gateway(folder) as shown:
        s3 = client(shown)
        with pytest.raises(ClientError) as refused:
            s3.get_object(Bucket=shown.bucket, Key=key, **more)
        assert refused.value.response["Error"]["Code"] == code
        s3.close()


def test_many_files_come_in_pages() -> None:
    files = {f"p{number:05}": b"" for number in range(2 * PAGE + 1)}
    with gateway(FakeStore(files)) as shown:
        s3 = client(shown)
        pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=shown.bucket))
        assert [len(page["Contents"]) for page in pages] == [PAGE, PAGE, 1]
        assert [one["Key"] for page in pages for one in page["Contents"]] == sorted(files)
        s3.close()


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_nothing_can_be_written(tmp_path: Path, method: str) -> None:
    (tmp_path / "a").write_text("kept")
    with gateway(FolderStore(tmp_path)) as shown:
        connection = http.client.HTTPConnection(shown.address, timeout=20)
        connection.request(method, f"/{shown.bucket}/a", body=b"new")
        assert connection.getresponse().status == 501
        connection.close()
    assert (tmp_path / "a").read_text() == "kept"


def test_without_the_buckets_name_nothing_is_told() -> None:
    """Others on the machine can reach the port; the name stands in no command line."""
    with gateway(FakeStore({"a": b"1"})) as shown:
        assert re.fullmatch("[0-9a-f]{48}", shown.bucket)
        connection = http.client.HTTPConnection(shown.address, timeout=20)
        for path in ("/", "/other/", "/other/a", "//"):
            connection.request("GET", path)
            answer = connection.getresponse()
            assert (answer.status, b"NoSuchBucket" in answer.read()) == (404, True)
        connection.close()


def test_a_store_that_refuses_is_remembered() -> None:
    """So that what the tool then says is not taken for damage."""
    store = FakeStore({"a": b"1"})
    store.failures["a"] = Forbidden("denied", hint="grant s3:GetObject")
    with gateway(store) as shown:
        s3 = client(shown)
        with pytest.raises(ClientError):
            s3.get_object(Bucket=shown.bucket, Key="a")
        assert isinstance(shown.trouble, Forbidden)
        s3.close()
