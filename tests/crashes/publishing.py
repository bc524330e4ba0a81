"""A program that publishes one file after another until somebody ends it: `python -m tests.crashes.publishing`."""

import itertools
import os
import sys
from pathlib import Path

from lib.settings import Settings
from lib.storage.open_storage import open_storage

CONTENT = bytes(range(256)) * 50_000  # 13 MB, which S3 takes in two parts


def main(data_dir: Path, storage_url: str) -> None:
    """Say the name of each file that is there."""
    storage, written = open_storage(Settings(data_dir=data_dir, storage_url=storage_url)), data_dir / "written"
    for number in itertools.count():
        written.write_bytes(CONTENT)
        name = f"exports/{os.getpid()}.{number}.csv"
        storage.publish(written, name)
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
