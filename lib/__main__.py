"""The command `callboard`, also as `python -m lib`. Loading the program takes a second; Ctrl-C may come within it."""

import sys


def main() -> None:
    """Load the command line and run it."""
    try:
        from lib import cli
        from lib.store import data_dir
    except KeyboardInterrupt:
        sys.exit(130)
    data_dir.restrict_umask()
    cli.main()


if __name__ == "__main__":
    main()
