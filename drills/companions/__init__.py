"""Companions: what the pods of a backup name, and a restore must find beside them.

In: the backup's objects, one by one. Out: findings for the Secrets, ConfigMaps, ServiceAccounts and
claims that are neither in the backup nor made by somebody else. `named` says what a pod names,
`makers` what else may make it, `lacks` what is missing, `judging` how much that weighs.
"""
