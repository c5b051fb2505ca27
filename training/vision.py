"""The whole training of what sees, in one command: captioner, heads, doubt and pooling of emotions.

    python -m training.vision DATA --work WORK [--out models/embedded]

Fetches the foundations, caches features, trains the captioner and the heads, assembles them, and calibrates. Every step
keeps what it has finished in the work folder, so a run that was stopped goes on; a GPU is used where there is one. On
two cores two and a half hours.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from chains import Settings
from models.assemble import assemble

from . import caption_truth, captioner, emotion_fusion, features, foundations, photo_heads


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("models/embedded"))
    options = parser.parse_args(arguments)
    data, cache, base = str(options.data), str(options.work / "cache"), options.work / "foundations"
    if not (base / "minilm").exists():
        shutil.rmtree(base, ignore_errors=True)
        foundations.main([str(base)])
    features.main([data, "--foundations", str(base), "--out", cache])
    where = ["--cache", cache, "--foundations", str(base), "--work", str(options.work / "checkpoints")]
    captioner.main([data, *where, "--out", str(options.out / "captioner")])
    photo_heads.main([data, "--cache", cache, "--out", str(options.out)])
    assemble(Settings.from_environment().home)
    caption_truth.main([data])
    emotion_fusion.main([data])


if __name__ == "__main__":
    main()
