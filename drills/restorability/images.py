"""Image references: what they say, and what they leave open. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from drills.findings import Cause, Finding, Severity

SHOWN = 5
LATEST = "latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReference:
    """`registry/repository:tag@digest`; the registry as written, docker.io where left out."""

    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def pinned(self) -> bool:
        """Return whether it names one image for ever."""
        return bool(self.digest)

    @property
    def floating(self) -> bool:
        """Return whether it means whatever is newest."""
        return not self.digest and self.tag == LATEST


def parse_image(text: str) -> ImageReference:
    """Return the parts; the tag is `latest` where neither tag nor digest is given."""
    name, _, digest = text.partition("@")
    head, slash, rest = name.partition("/")
    has_registry = bool(slash) and ("." in head or ":" in head or head == "localhost")
    registry, path = (head, rest) if has_registry else ("docker.io", name)
    repository, _, tag = path.partition(":")
    return ImageReference(
        registry=registry,
        repository=repository,
        tag=tag or ("" if digest else LATEST),
        digest=digest,
    )


def image_findings(images: Iterable[str], on_nodes: frozenset[str] | None) -> tuple[Finding, ...]:
    """Return what the references leave open.

    `on_nodes` are the images that the cluster's nodes hold, None where that could not be asked.
    No registry is asked: whether an image can still be pulled only a drill tells.
    """
    every = sorted(set(images))
    if not every:
        return ()
    floating = [image for image in every if parse_image(image).floating]
    loose = [i for i in every if not parse_image(i).pinned and not parse_image(i).floating]
    found = [_summary(every, on_nodes)]
    if floating:
        found.append(_floating(floating))
    if loose:
        found.append(_loose(loose))
    return tuple(found)


def _summary(every: list[str], on_nodes: frozenset[str] | None) -> Finding:
    registries = ", ".join(sorted({parse_image(image).registry for image in every}))
    if on_nodes is None:
        there = "which of them the nodes hold could not be asked"
    else:
        there = f"{sum(1 for image in every if image in on_nodes)} of them are on a node already"
    return Finding(
        code="images-needed",
        severity=Severity.INFO,
        cause=Cause.REGISTRY,
        subject="images",
        message=(
            f"The workloads name {len(every)} images ({_some(every)}); {there}. "
            f"The registries ({registries}) were not asked."
        ),
        remedy="Keep the registries reachable from the restored cluster; a drill pulls for real.",
    )


def _floating(images: list[str]) -> Finding:
    return Finding(
        code="image-latest",
        severity=Severity.WARNING,
        cause=Cause.REGISTRY,
        subject="images",
        message=(
            f"{len(images)} images have no tag or the tag latest ({_some(images)}): a restore "
            "runs whatever that is on the day."
        ),
        remedy="Name a version, or better a digest, in the workloads.",
    )


def _loose(images: list[str]) -> Finding:
    return Finding(
        code="image-not-pinned",
        severity=Severity.INFO,
        cause=Cause.REGISTRY,
        subject="images",
        message=f"{len(images)} images are named by tag only ({_some(images)}); tags can move.",
        remedy="Name digests where the restored application must be the very same.",
    )


def _some(images: list[str]) -> str:
    return ", ".join(images[:SHOWN]) + (" …" if len(images) > SHOWN else "")
