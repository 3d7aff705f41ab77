"""`python -m popmodel.cli`: the command line."""

from popmodel.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
