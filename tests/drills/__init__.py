"""Tests of floor 2: how a restore is proven."""
