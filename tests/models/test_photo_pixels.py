"""Pixels come out as they were meant, whatever numbers and colours a file keeps them in."""

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from models import open_photo
from models.photo import LONGEST_SIDE
from tests.photos import draw_photo, encoded

GREY = np.asarray(draw_photo(size=(240, 160)).convert("L"))
WIDE = np.asarray(draw_photo(size=(3400, 600)).convert("L"))


def tiff(values: Any, order: str = "<", photometric: int = 1, bits: int | None = None) -> bytes:
    """A TIFF of grey numbers, uncompressed, in either byte order (TIFF 6.0, section 4)."""
    height, width = values.shape
    kind, size = {"u": 1, "i": 2, "f": 3}[values.dtype.kind], values.dtype.itemsize * 8
    pixels = values.astype(values.dtype.newbyteorder(order)).tobytes() if bits is None else packed(values)
    entries = [(256, 4, width), (257, 4, height), (258, 3, bits or size), (259, 3, 1), (262, 3, photometric),
               (273, 4, 8 + 2 + 12 * 10 + 4), (277, 3, 1), (278, 4, height), (279, 4, len(pixels)),
               (339, 3, kind)]  # fmt: skip
    rows = b"".join(
        struct.pack(f"{order}HHI", tag, form, 1) + struct.pack(f"{order}{'I' if form == 4 else 'Hxx'}", value)
        for tag, form, value in entries
    )
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    return head + struct.pack(f"{order}H", len(entries)) + rows + bytes(4) + pixels


def packed(values: Any) -> bytes:
    """Numbers of 12 bits, two in three bytes."""
    first, second = values[:, ::2].astype(int).ravel(), values[:, 1::2].astype(int).ravel()
    return np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], 1).astype(np.uint8).tobytes()


def off(data: bytes, wanted: Any = GREY) -> float:
    """By how much the photo's grey is off, in the mean."""
    image = Image.fromarray(wanted)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    found = np.asarray(open_photo(data).image).astype(int)
    assert (found.min(axis=2) == found.max(axis=2)).all(), "it is grey"
    return float(np.abs(found[:, :, 0] - np.asarray(image)).mean())


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("values", [GREY, WIDE], ids=["small", "scaled"])
def test_grey_of_16_bits_is_read_in_either_byte_order(order: str, values: Any) -> None:
    assert off(tiff(values.astype(np.uint16) * 257, order), values) < 2


def test_grey_wider_than_pillow_scales_is_read() -> None:
    values = np.tile(np.linspace(0, 65535, 9300).astype(np.uint16), (4, 1))
    for data in (encoded(Image.fromarray(values), "PNG"), tiff(values, ">")):
        found = np.asarray(open_photo(data).image)[0, :, 0].astype(int)
        assert (np.diff(found) >= -1).all()
        assert found[0] < 3
        assert found[-1] > 252


def test_dark_grey_of_16_bits_stays_dark() -> None:
    assert off(tiff(GREY.astype(np.uint16)), np.zeros_like(GREY)) < 1


def test_grey_of_12_bits_fills_the_range() -> None:
    assert off(tiff(GREY.astype(np.uint16) * 16 + 15, bits=12)) < 2


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("scale", [1.0, 255.0, 65535.0])
def test_floats_are_scaled(order: str, scale: float) -> None:
    values = (GREY / 255 * scale).astype(np.float32)
    assert off(tiff(values, order)) < 2


def test_floats_are_clipped_and_what_is_no_number_is_black() -> None:
    values, wanted = (GREY / 255).astype(np.float32), GREY.copy()
    values[:10], wanted[:10] = np.nan, 0
    values[10:20], wanted[10:20] = 7.5, 255
    values[20:22], wanted[20:22] = np.inf, 255
    values[22:24], wanted[22:24] = -np.inf, 0
    values[24:30], wanted[24:30] = -3, 0
    assert off(tiff(values), wanted) < 1
    assert off(tiff(np.full((8, 8), np.nan, np.float32)), np.zeros((8, 8), np.uint8)) == 0


def test_a_pil_image_of_numbers_is_scaled_as_well() -> None:
    assert off(encoded(Image.fromarray((GREY / 255).astype(np.float32)), "TIFF")) < 2
    for numbers in (GREY.astype(np.int32), GREY.astype(np.int32) * 257):
        found = np.asarray(open_photo(Image.fromarray(numbers)).image)[:, :, 0]
        assert np.abs(found.astype(int) - GREY).mean() < 2


def test_white_is_zero_where_a_tiff_says_so() -> None:
    assert off(tiff(65535 - GREY.astype(np.uint16) * 257, photometric=0)) < 2
    assert off(tiff(1 - (GREY / 255).astype(np.float32), photometric=0)) < 2


def swapped() -> bytes:
    """A profile whose red is sRGB's green, so that nobody can miss whether it was heeded."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ", 128), profile.index(b"gXYZ", 128)
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


def dark_grey() -> bytes:
    """A profile of grey with a gamma of 4 (ICC.1:2010, 8.3)."""
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, 4 * 256) + bytes(2)
    tags = struct.pack(">I", 2) + struct.pack(">4sII", b"wtpt", 156, 20) + struct.pack(">4sII", b"kTRC", 176, 16)
    size = struct.pack(">I", 192)
    head = size + bytes(4) + b"\x02\x40\0\0mntrGRAYXYZ " + bytes(12) + b"acsp" + bytes(28)
    return head + struct.pack(">iii", 63190, 65536, 54061) + bytes(48) + tags + white + curve


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_profile_counts_whatever_the_mode(mode: str) -> None:
    red = Image.new("RGB", (40, 30), (200, 20, 20)).convert(mode)
    for kind in ("PNG", "TIFF"):
        found = open_photo(encoded(red, kind, icc_profile=swapped())).image.getpixel((20, 15))
        assert isinstance(found, tuple)
        assert found[1] > 150 > 60 > found[0]


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_profile_of_grey_counts_with_and_without_alpha(mode: str) -> None:
    found = open_photo(encoded(Image.new("L", (9, 9), 128).convert(mode), "PNG", icc_profile=dark_grey())).image
    assert np.asarray(found).max() < 90


def test_what_is_transparent_stays_so_under_a_profile() -> None:
    image = Image.new("RGBA", (9, 9), (200, 20, 20, 0))
    assert open_photo(encoded(image, "PNG", icc_profile=swapped())).image.getpixel((4, 4)) == (255, 255, 255)
    keyed = encoded(Image.new("RGB", (9, 9), (200, 20, 20)), "PNG", transparency=(200, 20, 20), icc_profile=swapped())
    assert open_photo(keyed).image.getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("profile", [b"none", b"", bytes(200), dark_grey()[:150]])
def test_a_profile_that_is_none_or_of_another_kind_is_passed_over(profile: bytes) -> None:
    for given in (profile, dark_grey()):
        red = Image.new("RGB", (9, 9), (200, 20, 20))
        red.info["icc_profile"] = given
        assert open_photo(red).image.getpixel((4, 4)) == (200, 20, 20)


def test_palettes_are_scaled_in_colour_and_not_by_leaving_out_pixels() -> None:
    lines = np.zeros((20, 4 * LONGEST_SIDE), np.uint8)
    lines[:, ::4] = 255
    for mode in ("P", "1"):
        image = Image.fromarray(lines).convert(mode)
        found = np.asarray(open_photo(encoded(image, "PNG")).image)
        assert 40 < found.mean() < 90
        assert found.std() < 20


def test_the_given_image_is_left_as_it_is() -> None:
    image = draw_photo(size=(2000, 10))
    image.info["icc_profile"] = swapped()
    before = image.tobytes()
    open_photo(image)
    assert (image.size, image.tobytes()) == ((2000, 10), before)
    with Image.open(BytesIO(encoded(draw_photo(), exif=b"Exif\0\0nothing"))) as lazy:
        assert open_photo(lazy).image.size == (96, 64)
