"""Policy: whether the backups are kept, repeated, copied and locked as somebody promised.

In: the list of backups, listings of stores, facts of a bucket. Out: findings. Pure: what is asked
of clusters and stores is asked elsewhere.
"""
