"""Tests of what is asked of the cluster before a restore."""
