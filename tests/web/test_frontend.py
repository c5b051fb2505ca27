"""The page's own tests: its components in Vitest, its types in vue-tsc."""

import os
import subprocess
from pathlib import Path

import pytest

from hatch_build import npm

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("script", ["test", "check"])
def test_the_components(script: str) -> None:
    run = npm()
    path = f"{Path(run[0]).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*run, "run", script], cwd=ROOT / "frontend", env=os.environ | {"PATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
