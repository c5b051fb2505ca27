"""Pictures that are no photos, drawn for training: blank and dark ones, blurred photos, documents, codes, charts.

People upload these too, and photo collections hold few of them. Each comes with two captions and its kind; a seed
draws the same pictures again. What is blurred or nearly black is made from photos of the training sets.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from .annotations import Annotated, lines

COLORS = {
    "white": (255, 255, 255), "black": (0, 0, 0), "gray": (128, 128, 128), "red": (200, 30, 40),
    "blue": (40, 80, 190), "green": (40, 150, 70), "yellow": (240, 215, 60), "beige": (232, 220, 196),
    "pink": (240, 170, 190), "orange": (240, 140, 40), "purple": (120, 60, 150), "brown": (110, 75, 45),
}  # fmt: skip
WORDS = (
    "the of and to in for on with your our this that we you are is will be have from by at as please thank order date "
    "name price total amount account number address street office meeting report table figure market result value"
).split()
FONTS = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif-Bold.ttf")
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Drawn(NamedTuple):
    """A picture with its captions and kind."""

    image: Image.Image
    short: str
    long: str
    kind: str


def drawn(photos: Sequence[Path], count: int, seed: int = 0) -> Iterator[Drawn]:
    """`count` pictures, every kind as often as the others; `photos` are what blurred and dark ones are made from."""
    chance = random.Random(seed)
    ways: list[Callable[[random.Random], Drawn]] = [
        blank, letter, receipt, code, qr_code, bar_chart, line_chart, pie_chart,
        lambda c: blurred(c, c.choice(photos)), lambda c: dark(c, c.choice(photos)),
    ]  # fmt: skip
    for number in range(count):
        yield ways[number % len(ways)](chance)


def blank(chance: random.Random) -> Drawn:
    """One colour, or a soft change from one to another, with a little noise at times."""
    name = chance.choice(["white", "black", *COLORS])
    image = Image.new("RGB", (300, 240), _near(chance, COLORS[name]))
    if chance.random() < 0.3:
        other = Image.new("RGB", image.size, _near(chance, COLORS[name], 40))
        image = Image.composite(image, other, Image.linear_gradient("L").resize(image.size))
    if chance.random() < 0.3:
        noise = Image.frombytes("L", image.size, chance.randbytes(image.width * image.height))
        image = Image.blend(image, noise.convert("RGB"), chance.uniform(0.02, 0.1))
    if name == "black":
        return Drawn(image, "A black image with nothing to see.", "An entirely black image shows nothing.", "blank")
    return Drawn(
        image, f"A blank {name} image.", f"A plain {name} surface fills the whole image, with nothing on it.", "blank"
    )


def blurred(chance: random.Random, photo: Path) -> Drawn:
    """A photo so blurred that nobody can tell what it shows."""
    image = _opened(photo).filter(ImageFilter.GaussianBlur(chance.uniform(9, 22)))
    long = "Soft blurred patches of color, without a subject that can be made out."
    return Drawn(image, "Blurred shapes without a clear subject.", long, "photo")


def dark(chance: random.Random, photo: Path) -> Drawn:
    """A photo so dark that nobody can tell what it shows."""
    image = ImageEnhance.Brightness(_opened(photo)).enhance(chance.uniform(0.01, 0.06))
    return Drawn(
        image, "A black image with nothing to see.", "A nearly black image in which nothing can be made out.", "blank"
    )


def letter(chance: random.Random) -> Drawn:
    """Lines of text on paper."""
    image, pen = _page(chance, chance.choice([(300, 400), (400, 300), (280, 280)]))
    font, y = _font(chance, chance.randint(9, 22)), chance.randint(8, 40)
    lines = chance.randint(3, 26)
    for _ in range(lines):
        if chance.random() > 0.12:
            pen.text(
                (chance.choice([16, 16, 40]), y), _words(chance, image.width / font.size * 1.5), _ink(chance), font
            )
        y += int(font.size * 1.45)
    much = "a few lines" if lines < 8 else "many lines"
    return Drawn(
        image, "A page of printed text.", f"A white page holds {much} of printed text in dark letters.", "document"
    )


def receipt(chance: random.Random) -> Drawn:
    """A narrow strip of paper with items and prices, on a darker ground."""
    image = Image.new("RGB", (300, 360), _near(chance, COLORS[chance.choice(["gray", "brown", "black", "beige"])], 20))
    pen, font = ImageDraw.Draw(image), ImageFont.truetype("DejaVuSansMono.ttf", chance.randint(9, 12))
    left, right = chance.randint(30, 80), chance.randint(210, 275)
    pen.rectangle(
        (left, chance.randint(-5, 25), right, chance.randint(330, 365)), fill=_near(chance, (248, 247, 243), 6)
    )
    pen.text((left + 30, 36), _words(chance, 9).upper(), (30, 30, 30), font)
    for row in range(chance.randint(8, 17)):
        y = 66 + row * 15
        pen.text((left + 8, y), _words(chance, 10), (40, 40, 40), font)
        pen.text((right - 44, y), f"{chance.uniform(0.5, 99):.2f}", (40, 40, 40), font)
    return Drawn(
        image.rotate(chance.uniform(-6, 6), fillcolor=image.getpixel((2, 350))),
        "A paper receipt lists items and prices.",
        "A narrow white paper receipt lists items on the left and prices on the right.",
        "document",
    )


def code(chance: random.Random) -> Drawn:
    """Lines of source code, colored as editors do, on a dark or light screen."""
    is_dark = chance.random() < 0.7
    ground = _near(chance, (30, 32, 40) if is_dark else (250, 250, 250), 8)
    image = Image.new("RGB", (chance.choice([320, 420]), 280), ground)
    pen, font = ImageDraw.Draw(image), ImageFont.truetype("DejaVuSansMono.ttf", chance.randint(9, 14))
    colors = [(220, 120, 200), (120, 190, 250), (150, 210, 130), (230, 200, 120), (210, 210, 210)]
    for row in range(chance.randint(8, 18)):
        x = 12.0 + 18 * chance.randint(0, 3)
        for word in _words(chance, chance.randint(4, 30)).split():
            token = chance.choice([word, f"{word}()", f"{word} =", f'"{word}"', f"{word}:", f"return {word}"])
            color = chance.choice(colors)
            pen.text((x, 8 + row * font.size * 1.4), token, color if is_dark else tuple(c // 2 for c in color), font)
            x += (len(token) + 1) * font.size * 0.6
    tone = "dark" if is_dark else "light"
    long = f"A screenshot shows colored lines of program code on a {tone} background."
    return Drawn(image, f"Lines of code stand on a {tone} screen.", long, "screenshot")


def qr_code(chance: random.Random) -> Drawn:
    """A QR code on white, small or large."""
    import segno

    buffer = BytesIO()
    segno.make(_words(chance, chance.randint(8, 60))).save(buffer, kind="png", scale=5, border=chance.randint(2, 8))
    image = Image.open(buffer).convert("RGB")
    return Drawn(
        image,
        "A black and white QR code.",
        "A square QR code of small black blocks stands on a white background.",
        "document",
    )


def bar_chart(chance: random.Random) -> Drawn:
    """Bars over an axis."""
    image, pen = _page(chance, (360, 260))
    bars, color = chance.randint(3, 9), chance.choice(list(COLORS)[3:])
    width = 300 // bars
    for i in range(bars):
        height = chance.randint(20, 190)
        pen.rectangle((40 + i * width, 230 - height, 36 + (i + 1) * width, 230), fill=COLORS[color])
        pen.text((42 + i * width, 236), _words(chance, 2)[:6], (60, 60, 60), _font(chance, 9))
    _axes(chance, pen)
    long = f"A chart with {NUMBERS[bars]} upright {color} bars of different heights on a white background."
    return Drawn(image, f"A bar chart has {NUMBERS[bars]} {color} bars.", long, "chart")


def line_chart(chance: random.Random) -> Drawn:
    """One to three lines over axes."""
    image, pen = _page(chance, (360, 260))
    lines = chance.randint(1, 3)
    for color in chance.sample(list(COLORS)[3:], lines):
        y, points = float(chance.randint(60, 200)), []
        for x in range(40, 345, chance.choice([8, 20, 40])):
            y = min(max(y + chance.uniform(-35, 33), 20), 225)
            points.append((x, y))
        pen.line(points, COLORS[color], chance.randint(2, 4))
    _axes(chance, pen)
    many = "line" if lines == 1 else "lines"
    long = f"A chart with {NUMBERS[lines]} colored {many} that rise and fall between two axes."
    return Drawn(image, f"A line chart shows {NUMBERS[lines]} {many}.", long, "chart")


def pie_chart(chance: random.Random) -> Drawn:
    """A circle in slices."""
    image, pen = _page(chance, (320, 280))
    cuts = sorted(chance.sample(range(20, 340, 10), chance.randint(2, 5)))
    box = (70, 45, 260, 235)
    for start, end, color in zip([0, *cuts], [*cuts, 360], chance.sample(list(COLORS)[3:], 9), strict=False):
        pen.pieslice(box, start, end, fill=COLORS[color], outline="white")
    pen.text((90, 12), _words(chance, 12), (40, 40, 40), _font(chance, 13))
    slices = NUMBERS[len(cuts) + 1]
    return Drawn(
        image,
        f"A pie chart has {slices} slices.",
        f"A round chart is cut into {slices} colored slices of different sizes.",
        "chart",
    )


def _axes(chance: random.Random, pen: ImageDraw.ImageDraw) -> None:
    pen.line((38, 20, 38, 231, 345, 231), (50, 50, 50), 1)
    pen.text((110, 4), _words(chance, 16), (40, 40, 40), _font(chance, 12))


def _page(chance: random.Random, size: tuple[int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", size, _near(chance, (250, 250, 248), 7))
    return image, ImageDraw.Draw(image)


def _font(chance: random.Random, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(chance.choice(FONTS), size)


def _ink(chance: random.Random) -> tuple[int, int, int]:
    return _near(chance, (25, 25, 35), 20)


def _words(chance: random.Random, letters: float) -> str:
    found: list[str] = []
    while sum(map(len, found)) + len(found) < letters:
        found.append(chance.choice(WORDS))
    text = " ".join(found)
    return text.capitalize() if chance.random() < 0.5 else text


def _near(chance: random.Random, color: tuple[int, int, int], away: int = 12) -> tuple[int, int, int]:
    red, green, blue = (min(max(c + chance.randint(-away, away), 0), 255) for c in color)
    return red, green, blue


def _opened(photo: Path) -> Image.Image:
    with Image.open(photo) as image:
        return image.convert("RGB")


def write_drawn(photos: Sequence[Path], folder: Path, count: int = 1000) -> None:
    """Draw `count` pictures into a folder, with a table of what they show; those that are there stay."""
    table = folder / "pictures.jsonl"
    if table.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, picture in enumerate(drawn(photos, count)):
        name = f"drawn_{number:04d}"
        picture.image.save(folder / f"{name}.png")
        rows.append({"id": name, "short": picture.short, "long": picture.long, "kind": picture.kind})
    table.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def read_drawn(folder: Path) -> list[Annotated]:
    """The pictures of a folder; they carry no mood, and every tenth is kept for measuring."""
    neutral, calm = (0.0,) * 8 + (1.0,), (0.0, -0.75)
    return [
        Annotated(
            row["id"], folder / f"{row['id']}.png", "train" if int(row["id"][-4:]) // 10 % 10 else "drawn",
            (row["short"],), (row["long"],), emotion=neutral, place=calm, kind=row["kind"],
        )
        for row in lines(folder / "pictures.jsonl")
    ]  # fmt: skip
