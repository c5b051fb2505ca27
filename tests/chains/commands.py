"""The command line over doubles, with streams of any encoding and width."""

import os
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import NamedTuple

import pytest

from chains import Settings, build_chain, cli
from chains.console import err, out

from .doubles import some_models


class Said(NamedTuple):
    """What a command wrote."""

    out: bytes
    err: bytes


class Commands:
    """Runs commands in this process, with streams in place of the real ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch = monkeypatch
        chain = build_chain(Settings(candidates=1), some_models("A brown dog, glad, runs through the snow."))
        monkeypatch.setattr(cli, "_chain", lambda: chain)

    def run(self, *arguments: object, code: int = 0, encoding: str = "utf-8", columns: int = 100) -> Said:
        """What a command wrote, after it ended with that exit code."""
        streams = [TextIOWrapper(BytesIO(), encoding=encoding, write_through=True) for _ in range(2)]
        given = [os.fsdecode(part) if isinstance(part, (bytes, Path)) else str(part) for part in arguments]
        with self.patch.context() as patch:
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            patch.setattr(out, "_width", columns)
            patch.setattr(err, "_width", columns)
            with pytest.raises(SystemExit) as ended:
                cli.main(given)
        said = Said(*(stream.buffer.getvalue() for stream in streams))
        assert (ended.value.code or 0) == code, said.err.decode(errors="replace")
        return said
