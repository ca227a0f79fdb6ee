"""Proof that the sandbox is closed: pods of the drill's own that try to get out of it.

Read `facts` for the words, `judging` for what counts as proof, `acts` for when it is asked:
before the policy is made, after it is, and again once the restore has settled.
"""
