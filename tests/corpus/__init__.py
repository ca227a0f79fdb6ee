"""Backups that real Veleros wrote, one folder for each version, and what is asked of them.

See README.md for how they came about, `kept.py` for how tests find them.
"""
