"""Tests of the reports: every rendering is made from the document alone."""
