"""The Velero engine: restores a Velero backup into namespaces that the drill has made.

`engine.py` is where to begin reading; the table of engines names its `create`. Nothing is imported
here, so that checking stored backups (`bucket/`) does not wait for what restores them.
"""
