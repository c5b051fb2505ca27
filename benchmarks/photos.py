"""The photos that are measured with: those of a folder, or drawn ones. No two have the same bytes."""

import random
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = (500, 375)  # as the photos of flickr8k are
KINDS = {".jpg", ".jpeg", ".png", ".webp"}


class Photos:
    """As many photos as are asked for, as the bytes of files.

    A folder's photos come round again after the last one. Each gets a few bytes after its end, which no decoder
    reads: so none is answered from memory, however often it came before.
    """

    def __init__(self, folder: Path | None = None, seed: int = 0) -> None:
        self.seed, self._given = seed, 0
        found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in KINDS) if folder else []
        if folder and not found:
            raise SystemExit(f"There are no photos in {folder}.")
        random.Random(seed).shuffle(found)
        self._files = found

    def __str__(self) -> str:
        if self._files:
            return f"{len(self._files):,} photos"
        return f"drawn scenes of {SIZE[0]} x {SIZE[1]} pixels"

    def take(self, count: int) -> list[bytes]:
        """So many photos that were not given before."""
        return [self._next() for _ in range(count)]

    def _next(self) -> bytes:
        self._given += 1
        if self._files:
            data = self._files[self._given % len(self._files)].read_bytes()
        else:
            data = draw(self.seed + self._given % 64)
        return data + f"{self.seed}.{self._given}".encode()


def draw(seed: int) -> bytes:
    """A JPEG of a scene: sky, ground, and things in it, different for every seed."""
    chance = random.Random(seed)
    width, height = SIZE
    image = Image.new("RGB", SIZE, (chance.randrange(90, 200), 170, 230))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, height * 3 // 5, width, height), fill=(60, chance.randrange(90, 200), 60))
    for _ in range(6):
        x, y, side = chance.randrange(width), chance.randrange(height), chance.randrange(20, 120)
        colour = tuple(chance.randrange(256) for _ in range(3))
        shape = chance.choice((pen.ellipse, pen.rectangle))
        shape((x, y, x + side, y + side * chance.randrange(50, 150) // 100), fill=colour)
    file = BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()
