"""Break files and bring them in: `make fuzz` (FILES of all formats together, from the number SEED on).

    python -m tests.hostile [--files 10000] [--seed 0] [--format csv] [--only NUMBER] [--keep FOLDER]

With `--bombs` each bomb is brought, and told with its size, time and memory. Tells what came of them by format, and ends with 1 where any was not answered with words. A fault is named by its format
and number; `--format F --only NUMBER` brings that one file again, `--keep` writes it down.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests.hostile import door
from tests.hostile.bombs import BOMBS, bomb
from tests.hostile.mutations import FORMATS, made


def main() -> int:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", choices=FORMATS)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--bombs", action="store_true")
    asked = parser.parse_args()
    formats = (asked.format,) if asked.format else FORMATS
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Settings(data_dir=Path(folder) / "data", sample="off", **door.LIMITS))
        with door.opened(workspace, Path(folder)) as opened:
            for name in BOMBS if asked.bombs else ():
                file = bomb(name)
                told = opened.bring(file, 0)
                faults += told.result == "fault"
                sizes = f"{len(file.content) / 2**20:.2f} MB, {told.seconds:.1f} s, child {told.peak_mb:.0f} MB"
                print(f"{name}: {sizes}, {told.result}: {told.words[:150]}", flush=True)
            for form in () if asked.bombs else formats:
                numbers = range(asked.seed, asked.seed + asked.files // len(formats))
                tally = door.Tally()
                for number in [asked.only] if asked.only is not None else numbers:
                    file = made(form, number)
                    if asked.keep:
                        (asked.keep / file.name).write_bytes(file.content)
                    told = opened.bring(file, number)
                    tally.add(file.name, told)
                    if told.result == "fault" or told.killed or asked.only is not None:
                        print(f"{file.name} (mapping {file.mapping!r}): {told}", flush=True)
                print(form, *tally.lines(), sep="\n  ", flush=True)
                faults += len(tally.faults)
        differences = TASKS["check"](workspace, {}, lambda *_: None)["differences"]
        workspace.close()
    print(f"this process: {door.own_peak_mb():.0f} MB at its peak; check: {differences} differences; faults: {faults}")
    return 1 if faults or differences else 0


if __name__ == "__main__":
    sys.exit(main())
