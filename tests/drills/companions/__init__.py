"""Tests of what pods name and a restore must find."""
