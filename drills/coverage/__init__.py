"""Coverage: whether the backup holds what lived in the source when it was taken.

In: the live source, read as lists of names, and the inventory. Out: findings. A backup's own lists
cannot tell: what Velero never looked at is in none of them (a kind younger than its last discovery,
an API that did not answer, a filter in the schedule).
"""
