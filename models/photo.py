"""A photo made safe: checked before it is decoded, upright, sRGB without metadata, capped in size."""

import hashlib
import warnings
from io import BytesIO
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from .errors import PhotoBroken, PhotoEmpty, PhotoError, PhotoNotFound, PhotoTooLarge, PhotoUnsupported

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""The formats that Pillow is allowed to open; of an animation the first frame is taken."""
MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 128_000_000
LONGEST_SIDE = 1536
"""Pixels of the longer side after decoding; more is scaled down, no model here looks closer."""


class Photo:
    """One decoded photo: `image` (RGB, upright), `digest` (SHA-256 of what was given), and a memo for models.

    `features` is where a model keeps what it has seen of the photo, so that another one need not look again.
    """

    __slots__ = ("digest", "features", "image")

    def __init__(self, image: Image.Image, digest: str) -> None:
        self.image, self.digest = image, digest
        self.features: dict[str, Any] = {}


def open_photo(
    source: str | PathLike[str] | bytes | Image.Image,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    longest_side: int = LONGEST_SIDE,
) -> Photo:
    """The photo of a path, of a file's bytes or of a PIL image, ready for every model.

    A side of more than `longest_side` pixels is scaled down.

    Raises:
        PhotoNotFound, PhotoEmpty, PhotoTooLarge, PhotoUnsupported, PhotoBroken: each with one clear sentence.
    """
    if isinstance(source, Image.Image):
        return _from_image(source, max_pixels, longest_side)
    data = read_photo(source, max_bytes)
    return Photo(_decode(data, max_pixels, longest_side), hashlib.sha256(data).hexdigest())


def read_photo(source: str | PathLike[str] | bytes, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a photo's file, not decoded yet.

    Raises:
        PhotoNotFound, PhotoEmpty, PhotoTooLarge: each with one clear sentence.
    """
    data = source if isinstance(source, bytes) else _read(Path(fspath(source)), max_bytes)
    if not data:
        raise PhotoEmpty("The photo is empty: it has no bytes.")
    if len(data) > max_bytes:
        raise PhotoTooLarge(f"The photo has {len(data):,} bytes; at most {max_bytes:,} are read.")
    return data


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        if path.is_dir():
            raise PhotoNotFound(f"{path} is a folder; `moodcap batch` takes folders.")
        if not path.is_file():
            raise PhotoNotFound(f"There is no photo at {path}.")
        if path.stat().st_size > max_bytes:
            raise PhotoTooLarge(f"{path.name} has {path.stat().st_size:,} bytes; at most {max_bytes:,} are read.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise PhotoNotFound(f"{str(path)!r} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _from_image(image: Image.Image, max_pixels: int, longest_side: int) -> Photo:
    _check_size(image, max_pixels)
    try:
        ready = _upright_rgb(image.copy(), longest_side)
    except (OSError, ValueError, SyntaxError) as error:
        raise PhotoBroken("The photo is truncated or damaged.") from error
    return Photo(ready, hashlib.sha256(repr(ready.size).encode() + ready.tobytes()).hexdigest())


def _decode(data: bytes, max_pixels: int, longest_side: int) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata is no reason to refuse a photo; its size is checked here
        try:
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                _check_size(image, max_pixels)
                image.draft("RGB", (longest_side, longest_side))
                return _upright_rgb(image, longest_side)
        except PhotoError:
            raise
        except Image.DecompressionBombError as error:
            raise PhotoTooLarge(f"The photo has more than {max_pixels:,} pixels.") from error
        except UnidentifiedImageError as error:
            raise PhotoUnsupported(f"The file is no photo of a known format ({', '.join(FORMATS)}).") from error
        except (OSError, ValueError, SyntaxError, EOFError, IndexError, MemoryError) as error:
            raise PhotoBroken("The photo is truncated or damaged.") from error


def _check_size(image: Image.Image, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        raise PhotoTooLarge(f"The photo has {image.width}x{image.height} pixels; at most {max_pixels:,} are read.")
    if not image.width or not image.height:
        raise PhotoBroken("The photo has no pixels.")


def _upright_rgb(image: Image.Image, longest_side: int) -> Image.Image:
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return _plain(_to_srgb(_eight_bits(image), profile))


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        high = float(np.asarray(image.convert("F")).max())
        deep = image.mode != "F" and high > 255
        scale = 255 / 65535 if deep else (255 / high if 0 < high <= 1 else 1.0)
        return image.convert("F").point(lambda value: value * scale).convert("L")
    return image


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as they were meant; a profile that cannot be read is passed over, as browsers do."""
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            converted = ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            return converted or image
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image


def _plain(image: Image.Image) -> Image.Image:
    """RGB on white, with nothing of the file's metadata left."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    image = image.convert("RGB")
    return Image.frombytes("RGB", image.size, image.tobytes())
