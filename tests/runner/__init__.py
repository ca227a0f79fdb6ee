"""Tests of floor 4: when and where drills run."""
