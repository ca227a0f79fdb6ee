"""The Velero engine: restores a Velero backup into namespaces that the drill has made.

`create` is what the table of engines names; `engine.py` is where to begin reading.
"""

from drills.engines.velero.engine import VeleroEngine, create

__all__ = ["VeleroEngine", "create"]
