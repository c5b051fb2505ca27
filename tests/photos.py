"""Photos drawn for tests, and files that are none."""

import random
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw


def draw_photo(seed: int = 0, size: tuple[int, int] = (96, 64)) -> Image.Image:
    """A meadow under a sky with a sun, different for every seed."""
    chance = random.Random(seed)
    width, height = size
    image = Image.new("RGB", size, (120 + chance.randrange(80), 170, 230))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, height * 2 // 3, width, height), fill=(60, 110 + chance.randrange(90), 50))
    x, r = chance.randrange(width), max(min(size) // 8, 1)
    pen.ellipse((x - r, r, x + r, 3 * r), fill=(250, 220, 90))
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """The bytes of a file of that kind."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def heic(seed: int = 0, **options: object) -> bytes:
    """The bytes of a HEIC file."""
    import pillow_heif

    file = BytesIO()
    pillow_heif.from_pillow(draw_photo(seed)).save(file, quality=90, **options)
    return file.getvalue()


def bomb() -> bytes:
    """A PNG that says it has 100,000 x 100,000 pixels."""
    data = bytearray(encoded(Image.new("L", (1, 1)), "PNG"))
    data[16:24] = (100_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


def good_files() -> dict[str, bytes]:
    """Files that are odd and yet photos."""
    photo = draw_photo()
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = Image.fromarray((np.asarray(photo.convert("L")).astype(np.uint16)) * 257)
    frames = [draw_photo(seed) for seed in range(3)]
    return {
        "jpeg": encoded(photo),
        "png": encoded(photo, "PNG"),
        "webp": encoded(photo, "WEBP"),
        "tiff": encoded(photo, "TIFF"),
        "bmp": encoded(photo, "BMP"),
        "avif": encoded(photo, "AVIF"),
        "animated gif": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "16-bit png": encoded(deep, "PNG"),
        "cmyk jpeg": encoded(photo.convert("CMYK")),
        "palette png": encoded(photo.convert("P"), "PNG"),
        "black and white": encoded(photo.convert("1"), "PNG"),
        "transparent png": encoded(photo.convert("RGBA"), "PNG"),
        "1x1": encoded(Image.new("RGB", (1, 1), "red"), "PNG"),
        "rotated by exif": encoded(photo, exif=exif),
        "wide": encoded(draw_photo(size=(400, 3)), "PNG"),
    }


def bad_files() -> dict[str, tuple[bytes, str]]:
    """Files that are none, with the code of their error."""
    jpeg, png = encoded(draw_photo()), encoded(draw_photo(), "PNG")
    return {
        "empty": (b"", "photo_empty"),
        "text": (b"no photo", "photo_unsupported"),
        "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>', "photo_unsupported"),
        "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "photo_unsupported"),
        "truncated jpeg": (jpeg[: len(jpeg) // 2], "photo_broken"),
        "truncated png": (png[: len(png) // 2], "photo_broken"),
        "bomb": (bomb(), "photo_too_large"),
    }
