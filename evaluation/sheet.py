"""What the embedded models say of a hundred unpicked dev photos, as a page to read: docs/captions.md.

    python -m evaluation.sheet --data ../shared/data --out docs/captions.md [--count 100]

The photos are the first of the annotated dev photos in the order of the hash of their names. They may not be shown
here, so a caption that was written by a reader of the photo stands beside what the models say of it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from chains import CaptionRequest, MoodCaption, Settings, build_chain
from training.annotations import Annotated, hashed, measured, read_annotated

HEAD = """# What it says of a hundred photos

Unpicked: the first {count} dev photos, which training never saw, in the order of the hash of their names. Written by
`python -m evaluation.sheet --data DATA --out docs/captions.md`. The photos are others' and not shown; *annotated* is
what a large language model wrote that looked at the photo. No mood was asked for, so where the emotion is neutral the
caption stays as it is. *Unsure* is said where the captioner doubts itself.

| # | annotated | literal caption | doubt | emotion | mood caption |
|---|---|---|---|---|---|
"""


def row(number: int, photo: Annotated, record: MoodCaption) -> str:
    """One line of the table."""
    said = "*unsure*" if record.unsure else record.text if record.text != record.literal else ""
    cells = (number, photo.short[0], record.literal, f"{record.doubt or 0:.2f}", record.emotion.emotion, said)
    return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100)
    options = parser.parse_args(arguments)
    photos = [photo for photo in measured(read_annotated(options.data)) if photo.split == "dev"]
    photos = sorted(photos, key=lambda photo: hashed(photo.id))[: options.count]
    chain = build_chain(Settings(seed=0))
    records = [chain.invoke(CaptionRequest(image=photo.file)) for photo in photos]
    rows = [row(i, photo, record) for i, (photo, record) in enumerate(zip(photos, records, strict=True), 1)]
    options.out.write_text(HEAD.format(count=len(photos)) + "\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
