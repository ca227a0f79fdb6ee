"""Object stores to read from: a folder, or a bucket over S3.

In: a path, or `s3://bucket/prefix?endpoint=URL&region=R&ca=FILE&insecure=true&style=path&
profile=NAME&requester-pays=true`. Out: the ObjectStore port; keys are relative to the folder or
prefix. Nothing is ever written. Credentials never stand in a URL: they come from the usual places.
"""

from pathlib import Path
from typing import TypedDict
from urllib.parse import parse_qs, urlsplit

from drills.adapters.folder_store import FolderStore
from drills.errors import Misconfigured
from drills.ports import ObjectStore

OPTIONS = frozenset({"endpoint", "region", "ca", "insecure", "style", "profile", "requester-pays"})
STYLES = frozenset({"path", "virtual", "auto"})
YES = frozenset({"true", "1", "yes"})


def open_store(
    url: str,
    *,
    endpoint: str | None = None,
    region: str | None = None,
    ca_bundle: str | None = None,
) -> ObjectStore:
    """Return the store behind `url`; raises Misconfigured. Options in the URL count first."""
    parts = urlsplit(url)
    if parts.scheme in {"", "file"}:
        return _folder(parts.path or url)
    from drills.adapters.s3_store import S3Store  # noqa: PLC0415 - boto3 takes 0.2 s

    return S3Store(**s3_settings(url, endpoint=endpoint, region=region, ca_bundle=ca_bundle))


def is_folder(url: str) -> bool:
    """Return whether the store is a folder of this machine."""
    return urlsplit(url).scheme in {"", "file"}


def location_of(url: str) -> str:
    """Return what names the store for good: without options, a folder by its full path."""
    parts = urlsplit(url)
    if parts.scheme in {"", "file"}:
        return str(Path(parts.path or url).expanduser().resolve())
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


class S3Settings(TypedDict):
    """Where a bucket is and how it is reached."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str | None
    verify: bool | str | None
    style: str | None
    profile: str | None
    requester_pays: bool


def s3_settings(
    url: str,
    *,
    endpoint: str | None = None,
    region: str | None = None,
    ca_bundle: str | None = None,
) -> S3Settings:
    """Return what `s3://bucket/prefix?options` says; raises Misconfigured."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise Misconfigured(
            f"{url.partition('?')[0]} is no store", hint="give a folder or s3://BUCKET/PREFIX"
        )
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    unknown = sorted(set(options) - OPTIONS)
    if unknown:
        known = ", ".join(sorted(OPTIONS))
        raise Misconfigured(f"unknown store option {unknown[0]!r}", hint=f"known are {known}")
    return S3Settings(
        bucket=parts.netloc,
        prefix=parts.path.strip("/"),
        endpoint=options.get("endpoint", endpoint),
        region=options.get("region", region),
        verify=_verification(options, ca_bundle),
        style=_style(options),
        profile=options.get("profile"),
        requester_pays=options.get("requester-pays", "").lower() in YES,
    )


def _style(options: dict[str, str]) -> str | None:
    style = options.get("style")
    if style is not None and style not in STYLES:
        raise Misconfigured(
            f"unknown addressing style {style!r}", hint=f"known are {', '.join(sorted(STYLES))}"
        )
    return style


def _folder(path: str) -> FolderStore:
    root = Path(path).expanduser()
    if not root.is_dir():
        raise Misconfigured(f"{root} is no folder", hint="give a copied bucket or s3://BUCKET")
    return FolderStore(root)


def _verification(options: dict[str, str], ca_bundle: str | None) -> bool | str | None:
    if options.get("insecure", "").lower() in YES:
        return False
    bundle = options.get("ca", ca_bundle)
    if bundle is not None and not Path(bundle).exists():
        raise Misconfigured(
            f"{bundle} is not there", hint="ca=FILE names a file with CA certificates in PEM"
        )
    return bundle
