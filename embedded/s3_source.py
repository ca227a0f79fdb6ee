"""Somebody's own S3 bucket as a source of backups: read, never written.

In: `s3://BUCKET/PREFIX[?endpoint=URL&region=NAME]` and credentials from boto3's usual chain. Out: a
`Source`.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from embedded.buckets import BACKUPS, METADATA, StoreNotUsable


class S3Source:
    """Somebody's own bucket, read with credentials from the usual chain and never written."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        options = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if not parts.netloc:
            raise StoreNotUsable(f"{address} names no bucket; write s3://BUCKET/PREFIX")
        self._bucket = parts.netloc
        self._client = _client(options)
        prefix = parts.path.strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        if not self._any_backup():
            raise StoreNotUsable(
                f"{address} holds no Velero backup: expected "
                f"{self._prefix}{BACKUPS}/NAME/{METADATA}"
            )

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with the prefix, in order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        cut = len(self._prefix)
        return [one["Key"][cut:] for page in pages for one in page.get("Contents", ())]

    def folders(self) -> list[str]:
        """Return the names one level below the prefix, in order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
        )
        cut = len(self._prefix)
        found = [one["Prefix"][cut:] for page in pages for one in page.get("CommonPrefixes", ())]
        return sorted(name.strip("/") for name in found)

    def read(self, key: str) -> bytes | None:
        """Return an object's content, or None where there is none."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise OSError(f"s3://{self._bucket}/{self._prefix}{key}: {refusal}") from refusal
        return bytes(answer["Body"].read())

    def presigned(self, key: str, seconds: int) -> str:
        """Return a URL for the object, which need not exist."""
        arguments = {"Bucket": self._bucket, "Key": self._prefix + key}
        return str(
            self._client.generate_presigned_url("get_object", Params=arguments, ExpiresIn=seconds)
        )

    def close(self) -> None:
        """Close the connections to the bucket."""
        self._client.close()

    def _any_backup(self) -> bool:

        try:
            return any(key.endswith(f"/{METADATA}") for key in self.keys(f"{BACKUPS}/"))
        except (BotoCoreError, ClientError) as refusal:
            raise StoreNotUsable(f"s3://{self._bucket} cannot be read: {refusal}") from refusal


def _client(options: dict[str, str]) -> Any:  # noqa: ANN401  # boto3 makes its classes at run time
    return boto3.client(
        "s3",
        endpoint_url=options.get("endpoint"),
        region_name=options.get("region"),
        config=Config(
            signature_version="s3v4",
            connect_timeout=5,
            read_timeout=60,
            retries={"total_max_attempts": 3},
            s3={"addressing_style": "path"} if options.get("endpoint") else {},
        ),
    )
