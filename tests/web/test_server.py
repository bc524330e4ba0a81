"""What the HTTP server and its process are set to."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT

LOWERED = """
import resource
from lib.web.server import raise_open_files
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
raise_open_files()
print(resource.getrlimit(resource.RLIMIT_NOFILE) == (min(16_384, hard), hard))
"""


def test_more_files_may_be_open_as_far_as_the_system_lets_it() -> None:
    for limits in (
        LOWERED,
        LOWERED.replace("(256, hard)", "(256, 300)").replace("min(16_384, hard), hard", "300, 300"),
    ):
        done = subprocess.run([sys.executable, "-c", limits], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout == "True\n"
