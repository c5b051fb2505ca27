"""A photo's pixels as they were meant: 8 bits a channel, upright, sRGB, on white, no larger than asked."""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from .photo_colours import CodePoints, to_srgb

ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
MODE_OF = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""The mode of an image by the colour space of its ICC profile."""
PHOTOMETRIC, BITS = 262, 258  # tags of TIFF
POINTS = "code_points"
"""Where an opened image's `info` has its code points, in place of a profile."""


def upright_rgb(image: Image.Image, longest_side: int) -> Image.Image:
    """The image as RGB, upright, with nothing of the file's metadata left."""
    image.load()
    turn, profile, points = _turn(image), image.info.get("icc_profile"), image.info.get(POINTS)
    image = _with_channels(image)
    if turn is not None:
        image = image.transpose(turn)
    image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if isinstance(points, CodePoints):
        return _plain(to_srgb(image, points))
    return _plain(_to_srgb(image, profile))


def _turn(image: Image.Image) -> Image.Transpose | None:
    """How the image has to be turned; not at all where its metadata cannot be read."""
    try:
        return TURNS.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # Pillow's reader of EXIF raises whatever a broken value leads to
        return None


def _with_channels(image: Image.Image) -> Image.Image:
    """The image in a mode that can be scaled and converted, 8 bits a channel; never the image itself."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _eight_bits(image)
    if image.has_transparency_data:
        return image.convert("LA" if image.mode in ("1", "L", "LA") else "RGBA")
    modes = {"1": "L", "L": "L", "RGB": "RGB", "CMYK": "CMYK", "LAB": "LAB"}
    return image.copy() if image.mode == modes.get(image.mode) else image.convert(modes.get(image.mode, "RGB"))


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits, by what its format says of the range."""
    tags: Any = getattr(image, "tag_v2", {})
    values = np.asarray(image)
    if image.mode.startswith("I;16"):
        bits = 12 if tags.get(BITS) in (12, (12,)) else 16
        grey = (values >> (bits - 8)).astype(np.uint8)
    else:
        grey = _scaled(values, _white(values))
    return Image.fromarray(255 - grey if tags.get(PHOTOMETRIC) == 0 else grey)


def _scaled(values: Any, white: float) -> Any:
    scaled = values.astype(np.float32) * (255 / white)
    return np.clip(np.nan_to_num(scaled, nan=0, posinf=255, neginf=0), 0, 255).round().astype(np.uint8)


def _white(values: Any) -> float:
    """The number that means white: 1 for fractions, even where lights are brighter; 255 or 65535 for whole numbers."""
    some = values.ravel()[:: max(values.size >> 20, 1)].astype(np.float64)
    some = some[np.isfinite(some)]
    high = float(np.quantile(some, 0.999)) if some.size else 1.0
    is_fraction = values.dtype.kind == "f" and (np.median(some) if some.size else 0) <= 1 and (some % 1).any()
    if is_fraction or (values.dtype.kind == "f" and high <= 1):
        return 1.0
    return next((white for white in (255.0, 65535.0) if high <= white + 0.5), high)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as they were meant; a profile that cannot be read or is of another kind is passed over."""
    if not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = MODE_OF[source.profile.xcolor_space.strip()]
        alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
        colours = image.convert({"LA": "L", "RGBA": "RGB"}.get(image.mode, image.mode))
        if (colours.mode, mode) == ("L", "RGB"):
            colours = colours.convert("RGB")
        if colours.mode != mode:
            return image
        converted = ImageCms.profileToProfile(colours, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        if converted is not None and alpha is not None:
            converted.putalpha(alpha)
        return converted or image
    except Exception:
        return image


def _plain(image: Image.Image) -> Image.Image:
    """RGB on white."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    return Image.frombytes("RGB", image.size, image.tobytes())
