"""What the rewriter writes for many captions, for readers to mark: what `marks_4.jsonl` was made from.

    python -m training.candidates --data ../shared/data --count 1200 --out candidates.jsonl

The chain writes eight candidates for each caption, in a mood and at an intensity drawn by chance; half of the captions
are those that were written about annotated photos for training, half the captioner's own of such photos. The rewriter
has learnt none of them. Candidates that pass every check are written, in an order by chance. A run goes on from the file that it finds. A second a caption on two cores.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chains import CaptionChain, CaptionRequest, Settings, build_chain
from chains.records import MoodCaption
from evaluation.rewrite import INTENSITIES, neutral_reading
from models import LiteralCaption
from prompts import load_moods

from .annotations import Annotated, read_annotated
from .written import load_written

BATCH = 8
CANDIDATES = 8


def requests(photos: Sequence[Annotated], moods: Sequence[str], seed: int = 0) -> Iterator[CaptionRequest]:
    """Captions to be written, one a photo that the rewriter did not learn from, in an order by chance."""
    chance = random.Random(seed)
    learnt = {row.key for row in load_written()}
    some = [one for one in photos if one.split == "train" and one.kind == "photo" and one.short]
    some = [one for one in some if one.id not in learnt]
    for number, photo in enumerate(chance.sample(some, len(some))):
        known: dict[str, Any] = {"image": photo.file}
        if number % 2:
            known = {"literal": LiteralCaption(text=chance.choice((*photo.short, *photo.long)), confidence=1.0)}
        yield CaptionRequest(
            **known,
            emotion=neutral_reading(),
            mood=chance.choice(moods),
            intensity=chance.choice(INTENSITIES),
            candidates=CANDIDATES,
        )


def passed(record: MoodCaption) -> dict[str, Any]:
    """A caption and its candidates that passed."""
    texts = [] if record.checks is None else [record.text, *(one.text for one in record.alternatives)]
    random.Random(record.literal).shuffle(texts)
    return {
        "literal": record.literal,
        "mood": record.mood.name,
        "intensity": record.mood.intensity,
        "texts": texts,
    }


def write(chain: CaptionChain, asked: Sequence[CaptionRequest], out: Path) -> None:
    """Write the candidates of what is asked for and not in the file yet."""
    done = len(out.read_text("utf-8").splitlines()) if out.exists() else 0
    with out.open("a", encoding="utf-8") as file:
        for start in range(done, len(asked), BATCH):
            records = chain.batch(list(asked[start : start + BATCH]))
            file.writelines(f"{json.dumps(passed(record), ensure_ascii=False)}\n" for record in records)
            file.flush()
            print(f"{start + len(records)} of {len(asked)}", flush=True)


def main() -> None:
    """Write by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1200, help="captions")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    moods = [name for name in load_moods() if name != "neutral"]
    asked = list(requests(read_annotated(options.data), moods))[: options.count]
    write(build_chain(Settings.from_environment()), asked, options.out)


if __name__ == "__main__":
    main()
