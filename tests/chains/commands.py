"""The command line over doubles, as a process of its own, so that streams and exit codes are the real ones."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """
import sys
import app
from chains import Settings, build_chain, cli
from tests.chains.doubles import some_models

cli._chain = lambda: build_chain(Settings(candidates=1), some_models("A brown dog, glad, runs through the snow."))
cli.main(sys.argv[1:])
"""


def run(*arguments: str | bytes | Path, code: int = 0, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """One run of the command with that exit code; its output as bytes."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", **environment},
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stderr.decode(errors="replace")
    assert b"Traceback" not in done.stderr
    return done
