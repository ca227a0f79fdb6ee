"""A bucket over S3.

In: bucket, prefix, endpoint; credentials from the usual places (environment, profile, role). Out:
its files by key, relative to the prefix. Imports boto3, so it is imported only when wanted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import boto3
import urllib3
from botocore import exceptions
from botocore.config import Config

from drills.adapters.s3_errors import code_of, translated
from drills.adapters.s3_facts import facts_of
from drills.adapters.s3_transfer import Transfer
from drills.adapters.streams import Body, buffered
from drills.errors import DrillError, Misconfigured
from drills.policy.bucket import BucketFacts
from drills.ports import StoredObject

FOREIGN = (
    exceptions.BotoCoreError,
    exceptions.ClientError,
    urllib3.exceptions.HTTPError,
    OSError,
)
BROKEN = (
    exceptions.HTTPClientError,
    exceptions.IncompleteReadError,
    exceptions.ResponseStreamingError,
    urllib3.exceptions.HTTPError,
    ConnectionError,
    TimeoutError,
)
"""What a transfer breaks off with and may be taken up again after."""


class S3Store:
    """Reads one bucket below a prefix. Safe for many threads."""

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str = "",
        endpoint: str | None = None,
        region: str | None = None,
        verify: bool | str | None = None,
        style: str | None = None,
        profile: str | None = None,
        requester_pays: bool = False,
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        if verify is False:
            # It was asked for; a warning for each request would bury the findings.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._payer = {"RequestPayer": "requester"} if requester_pays else {}
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            max_pool_connections=50,
            # Adaptive: after a SlowDown, fewer requests are sent for a while, with backoff.
            retries={"mode": "adaptive", "max_attempts": 6},
            s3={"addressing_style": style or ("path" if endpoint else "auto")},
        )
        try:
            self._client: Any = boto3.session.Session(profile_name=profile).client(
                "s3", endpoint_url=endpoint, region_name=region, verify=verify, config=config
            )
        except (exceptions.BotoCoreError, ValueError) as error:
            raise Misconfigured(
                f"store s3://{bucket}: {error}", hint="check endpoint, region and profile"
            ) from error

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the files whose key starts with `prefix`, page by page."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix, **self._payer
        )
        try:
            for page in pages:
                yield from (self._stored(entry) for entry in page.get("Contents", ()))
        except FOREIGN as error:
            right = f"s3:ListBucket on arn:aws:s3:::{self._bucket}"
            raise self._translated(error, self._prefix + prefix, right) from None

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        """Open one file as a stream; raises Missing, Forbidden, Unreachable.

        A transfer that breaks off goes on where it stopped, as long as the file is the same one.
        """
        whole = self._prefix + key
        transfer = Transfer(
            lambda **more: self._client.get_object(
                Bucket=self._bucket, Key=whole, **self._payer, **more
            ),
            BROKEN,
        )

        def translate(error: Exception) -> DrillError:
            return self._translated(error, whole, self._right("GetObject"))

        try:
            transfer.start()
        except FOREIGN as error:
            raise translate(error) from None
        try:
            with buffered(Body(transfer.read, FOREIGN, translate)) as body:
                yield body
        finally:
            transfer.close()

    def part(self, key: str, first: int, length: int) -> bytes:
        """Return at most `length` bytes from `first` on; nothing behind the end of the file."""
        whole, wanted = self._prefix + key, f"bytes={first}-{first + length - 1}"
        try:
            found = self._client.get_object(
                Bucket=self._bucket, Key=whole, Range=wanted, **self._payer
            )
            return bytes(found["Body"].read())
        except FOREIGN as error:
            if code_of(error) == "InvalidRange":
                return b""
            raise self._translated(error, whole, self._right("GetObject")) from None

    def describe(self, key: str) -> StoredObject:
        """Return one file's facts, its version included; raises Missing, Forbidden."""
        whole = self._prefix + key
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=whole, **self._payer)
        except FOREIGN as error:
            raise self._translated(error, whole, self._right("GetObject")) from None
        return StoredObject(
            key=key,
            bytes=int(found["ContentLength"]),
            etag=str(found.get("ETag", "")).strip('"'),
            modified=found.get("LastModified"),
            version=str(found.get("VersionId", "")),
        )

    def facts(self) -> BucketFacts:
        """Return the bucket's own settings; raises Unreachable, Missing, Misconfigured."""
        return facts_of(self._client, self._bucket)

    def _right(self, action: str) -> str:
        return f"s3:{action} on arn:aws:s3:::{self._bucket}/{self._prefix}*"

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Write one file; only report uploads use this, backups are never written."""
        whole = self._prefix + key
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=whole, Body=data, ContentType=content_type
            )
        except FOREIGN as error:
            raise self._translated(error, whole, self._right("PutObject")) from None

    def _stored(self, entry: Any) -> StoredObject:  # noqa: ANN401 - untyped library
        return StoredObject(
            key=str(entry["Key"]).removeprefix(self._prefix),
            bytes=int(entry["Size"]),
            etag=str(entry.get("ETag", "")).strip('"'),
            modified=entry.get("LastModified"),
        )

    def _translated(self, error: Exception, key: str, right: str) -> DrillError:
        return translated(error, f"s3://{self._bucket}/{key}", right)
