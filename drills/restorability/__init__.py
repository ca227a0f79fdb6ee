"""Restorability: whether this cluster could take what a backup holds, asked before a restore.

In: the inventory and the objects a restore would create. Out: findings. `references` asks what the
objects need (APIs, classes, accounts, images); `dry_run` sends each object to the API server, which
judges it and keeps nothing.
"""
