"""Put small faults into the program and see which of them the tests notice: `make mutants` (N of them, by SEED).

    python -m tests.mutants [--count 20] [--seed 0] [MODULES]

MODULES are files and folders of lib/; all of it where none is named. Prints each fault and how long its tests took, the
share that was noticed, and the survivors. Whoever reads a survivor says whether it changes anything: some faults give
the same program.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import ROOT
from tests.mutants import runner


def main() -> int:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("modules", nargs="*", metavar="MODULES")
    asked = parser.parse_args()
    try:
        paths = runner.modules(ROOT, asked.modules or ["lib"])
    except ValueError as error:
        parser.error(str(error))
    mutants = runner.sample(ROOT, paths, asked.count, asked.seed)
    survivors, seconds = [], []
    with tempfile.TemporaryDirectory(prefix="callboard-mutants-") as folder, runner.copied(ROOT, Path(folder)) as copy:
        for mutant in mutants:
            began = time.monotonic()
            is_noticed = copy.notices(mutant, runner.tests_of(ROOT, mutant.path))
            seconds.append(time.monotonic() - began)
            print(f"{'noticed ' if is_noticed else 'SURVIVED'} {seconds[-1]:5.0f} s  {mutant}", flush=True)
            if not is_noticed:
                survivors.append(mutant)
    share = 1 - len(survivors) / len(mutants) if mutants else 1.0
    print(f"{len(mutants)} faults, {len(mutants) - len(survivors)} noticed ({share:.0%})")
    if seconds:
        print(f"{statistics.median(seconds):.0f} s a fault in the median")
    for mutant in survivors:
        print(f"  not noticed: {mutant}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
