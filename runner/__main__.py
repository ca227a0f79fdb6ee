"""`python -m runner`."""

from runner.cli import main

if __name__ == "__main__":  # not in the processes that a command starts
    raise SystemExit(main())
