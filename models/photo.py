"""A photo made safe: checked before it is decoded, upright, sRGB without metadata, capped in size."""

import hashlib
import warnings
from io import BytesIO
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from PIL import Image

from .errors import PhotoBroken, PhotoEmpty, PhotoError, PhotoNotFound, PhotoTooLarge, PhotoUnsupported
from .photo_files import format_of, is_refused
from .photo_pixels import upright_rgb

MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 128_000_000
LONGEST_SIDE = 1536
"""Pixels of the longer side after decoding; more is scaled down, no model here looks closer."""
BROKEN = "The photo is truncated or damaged."


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
        ready = upright_rgb(image, longest_side)
    except Exception as error:  # a lazy image decodes here, and decoders raise anything
        raise PhotoBroken(BROKEN) from error
    return Photo(ready, hashlib.sha256(repr(ready.size).encode() + ready.tobytes()).hexdigest())


def _decode(data: bytes, max_pixels: int, longest_side: int) -> Image.Image:
    kind, failure = format_of(data), Exception()
    _allow(max_pixels)

    def opened(part: bytes) -> Image.Image:
        image = kind.open(BytesIO(part))
        _check_size(image, max_pixels)
        image.draft("RGB", (longest_side, longest_side))
        return image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata is no reason to refuse a photo; its size is checked here
        for part in kind.mended(data, opened):
            try:
                with opened(part) as image:
                    return upright_rgb(image, longest_side)
            except PhotoError:
                raise
            except Image.DecompressionBombError as error:
                raise PhotoTooLarge(f"The photo has more than {max_pixels:,} pixels.") from error
            except Exception as error:  # decoders raise anything
                failure = error
        if is_refused(failure):
            raise PhotoUnsupported(f"The photo is {kind.name} of a kind that is not read.") from failure
        raise PhotoBroken(BROKEN) from failure


def _allow(max_pixels: int) -> None:
    """Raise Pillow's own limit, of the process, where more is asked for; it refuses twice what it says."""
    if Image.MAX_IMAGE_PIXELS is not None:
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, -(-max_pixels // 2))


def _check_size(image: Image.Image, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        raise PhotoTooLarge(f"The photo has {image.width}x{image.height} pixels; at most {max_pixels:,} are read.")
    if not image.width or not image.height:
        raise PhotoBroken("The photo has no pixels.")
