"""Whole drills, through the command line, on the embedded cluster over HTTP."""
