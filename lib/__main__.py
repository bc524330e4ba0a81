"""The command `callboard`, also as `python -m lib`. Loading the program takes a second; Ctrl-C may come within it."""

import os
import signal


def main() -> None:
    """Load the command line and run it."""
    interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if interruptible:  # nothing is open yet; an exception could get lost within an import's callbacks
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from lib import cli
    from lib.store import data_dir

    if interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    data_dir.restrict_umask()
    cli.main()


if __name__ == "__main__":
    main()
