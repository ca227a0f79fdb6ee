"""The engines: each is one module (or package) behind `drills.engine.Engine`.

In: the scenario's word for its backup system. Out: the factory that builds that engine. Packages
that users install add theirs through the entry point group `restore_drill.engines`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from typing import cast

from drills.backups import Backup
from drills.engine import EngineFactory
from drills.errors import Misconfigured
from drills.integrity.contract import BucketFactory
from drills.ports import ObjectStore

StoredLister = Callable[[ObjectStore, datetime], Iterator[Backup]]
"""Given a store and the present instant, yields every backup in it."""

ENGINES: dict[str, str] = {"velero": "drills.engines.velero.engine:create"}
"""The scenario's word to `module:function`; imported only when a scenario asks for it."""

BUCKETS: dict[str, str] = {"velero": "drills.engines.velero.bucket:VeleroBucket"}
"""Engines whose backups can be checked in an object store, likewise."""

STORED: dict[str, str] = {"velero": "drills.engines.velero.stored:stored_backups"}
"""Engines whose backups an object store can list by itself, likewise."""

GROUP = "restore_drill.engines"


def engine_factory(word: str) -> EngineFactory:
    """Return the factory of engine `word`; raises Misconfigured naming the known ones."""
    if word in ENGINES:
        module, _, attribute = ENGINES[word].partition(":")
        return cast("EngineFactory", getattr(import_module(module), attribute))
    from importlib.metadata import entry_points  # noqa: PLC0415 - 45 ms that few need

    installed = entry_points(group=GROUP)
    if word in installed.names:
        return cast("EngineFactory", installed[word].load())
    known = ", ".join(sorted({*ENGINES, *installed.names}))
    raise Misconfigured(
        f'there is no engine "{word}"',
        hint=f"Known engines: {known}. Others install through the entry point group {GROUP}.",
    )


def bucket_factory(word: str) -> BucketFactory:
    """Return what checks the stored backups of engine `word`; raises Misconfigured."""
    if word not in BUCKETS:
        known = ", ".join(sorted(BUCKETS))
        raise Misconfigured(
            f'the stored backups of engine "{word}" cannot be checked', hint=f"Known: {known}."
        )
    module, _, attribute = BUCKETS[word].partition(":")
    return cast("BucketFactory", getattr(import_module(module), attribute))


def stored_lister(word: str) -> StoredLister:
    """Return what lists the backups of engine `word` in a store; raises Misconfigured."""
    if word not in STORED:
        known = ", ".join(sorted(STORED))
        raise Misconfigured(
            f'the stored backups of engine "{word}" cannot be listed', hint=f"Known: {known}."
        )
    module, _, attribute = STORED[word].partition(":")
    return cast("StoredLister", getattr(import_module(module), attribute))
