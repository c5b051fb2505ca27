"""What the rewriter writes for many captions, for readers to mark: what `marks_4.jsonl` was made from.

    python -m training.candidates --data ../shared/data --count 1200 --out candidates.jsonl
    python -m training.candidates --beside --count 550 --out own.jsonl

The chain writes eight candidates for each caption, in a mood and at an intensity drawn by chance; half of the captions
are those that were written about annotated photos for training, half the captioner's own of such photos. The rewriter
has learnt none of them. Candidates that pass every check are written, in an order by chance. A run goes on from the
file that it finds. A second a caption on two cores.

With `--beside` it draws what the rewriter writes, unsteered and unchecked, for rewrites that it has learnt, and sets
the rewrite above it: preferences that need no reader (self-play fine-tuning; Chen et al., 2024).
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel

from chains import CaptionChain, CaptionRequest, Settings, build_chain
from chains.caption import model_context
from chains.records import MoodCaption
from chains.rewrite import to_messages, write
from evaluation.rewrite import INTENSITIES, neutral_reading
from models import LiteralCaption, load_models
from prompts import load_moods, taught_turns

from .annotations import Annotated, read_annotated
from .written import Written, load_written, split

BATCH = 8
CANDIDATES = 8
EACH = 2  # of the writer's own beside a rewrite


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


def write_candidates(chain: CaptionChain, asked: Sequence[CaptionRequest], out: Path) -> None:
    """Write the candidates of what is asked for and not in the file yet."""
    done = len(out.read_text("utf-8").splitlines()) if out.exists() else 0
    with out.open("a", encoding="utf-8") as file:
        for start in range(done, len(asked), BATCH):
            records = chain.batch(list(asked[start : start + BATCH]))
            file.writelines(f"{json.dumps(passed(record), ensure_ascii=False)}\n" for record in records)
            file.flush()
            print(f"{start + len(records)} of {len(asked)}", flush=True)


def beside_own(writer: BaseChatModel, rows: Sequence[Written], each: int = EACH) -> Iterator[dict[str, Any]]:
    """Rows as `marks.py` has them: a rewrite with the mark 3, and as many of the writer's own with 1 as are others."""
    moods = load_moods()
    asked = [to_messages(taught_turns(row.literal, moods[row.mood], row.intensity)) for row in rows]
    answers = write(writer, [chat for chat in asked for _ in range(each)], [{}] * (each * len(rows)))
    for i, row in enumerate(rows):
        own = dict.fromkeys(answer.text for answer in answers[i * each : (i + 1) * each])
        texts = [[row.rewrite, 3], *([text, 1] for text in own if text and text != row.rewrite)]
        yield {"literal": row.literal, "mood": row.mood, "intensity": row.intensity, "texts": texts}


def main() -> None:
    """Write by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of the data sets; not needed with --beside")
    parser.add_argument("--beside", action="store_true", help="the rewriter's own, beside rewrites that it has learnt")
    parser.add_argument("--count", type=int, default=1200, help="captions")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    settings = Settings.from_environment()
    if options.beside:
        rows = split(load_written())["train"]
        some = random.Random(0).sample(rows, min(options.count, len(rows)))
        models = load_models(settings.chosen_preset(), model_context(settings))
        found = beside_own(models.rewriter, some)
        options.out.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in found), "utf-8")
        return
    if options.data is None:
        parser.error("--data is missing")
    moods = [name for name in load_moods() if name != "neutral"]
    asked = list(requests(read_annotated(options.data), moods))[: options.count]
    write_candidates(build_chain(settings), asked, options.out)


if __name__ == "__main__":
    main()
