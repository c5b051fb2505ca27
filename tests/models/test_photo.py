"""Photos made safe: what is read, and how the rest is refused."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from models import PhotoError, PhotoNotFound, PhotoTooLarge, open_photo
from models.photo import LONGEST_SIDE
from tests.photos import bad_files, draw_photo, encoded, good_files

GOOD, BAD = good_files(), bad_files()


@pytest.mark.parametrize("name", GOOD)
def test_odd_photos_are_read_as_rgb(name: str) -> None:
    photo = open_photo(GOOD[name])
    assert photo.image.mode == "RGB"
    assert not photo.image.getexif()
    assert not photo.image.info


@pytest.mark.parametrize("name", BAD)
def test_files_that_are_no_photo_get_one_clear_error(name: str) -> None:
    data, code = BAD[name]
    with pytest.raises(PhotoError) as caught:
        open_photo(data)
    assert caught.value.code == code
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["jpeg", "cmyk jpeg", "palette png", "16-bit png", "avif"])
def test_colours_stay_what_they_were(kind: str) -> None:
    grey = kind == "16-bit png"
    wanted = draw_photo().convert("L" if grey else "RGB").convert("RGB").getpixel((2, 60))
    found = open_photo(GOOD[kind]).image.getpixel((2, 60))
    assert isinstance(wanted, tuple)
    assert isinstance(found, tuple)
    assert all(abs(a - b) < 24 for a, b in zip(wanted, found, strict=True))


def test_exif_turns_the_photo_upright() -> None:
    assert open_photo(GOOD["rotated by exif"]).image.size == (64, 96)


def test_the_first_frame_of_an_animation_is_taken() -> None:
    assert open_photo(GOOD["animated gif"]).image.getpixel((2, 60)) == pytest.approx(
        draw_photo(0).getpixel((2, 60)), abs=40
    )


def test_transparency_lies_on_white() -> None:
    assert open_photo(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "PNG")).image.getpixel((1, 1)) == (255,) * 3


def test_large_photos_are_scaled_down() -> None:
    photo = open_photo(encoded(Image.new("RGB", (4000, 1000))))
    assert photo.image.size == (LONGEST_SIDE, LONGEST_SIDE // 4)


def test_limits_hold_for_bytes_and_pixels() -> None:
    data = encoded(draw_photo())
    with pytest.raises(PhotoTooLarge):
        open_photo(data, max_bytes=len(data) - 1)
    with pytest.raises(PhotoTooLarge):
        open_photo(data, max_pixels=96 * 64 - 1)
    with pytest.raises(PhotoTooLarge):
        open_photo(draw_photo(), max_pixels=96 * 64 - 1)


def test_forty_megabytes_are_read(tmp_path: Path) -> None:
    file = BytesIO()
    Image.effect_noise((3700, 3700), 90).convert("RGB").save(file, "BMP")
    assert len(file.getvalue()) > 40_000_000
    assert open_photo(file.getvalue()).image.size == (LONGEST_SIDE, LONGEST_SIDE)


def test_paths_are_read_and_missing_ones_named(tmp_path: Path) -> None:
    path = tmp_path / "a photo ü.jpg"
    path.write_bytes(GOOD["jpeg"])
    assert open_photo(path).digest == open_photo(GOOD["jpeg"]).digest == open_photo(str(path)).digest
    for wrong in (tmp_path, tmp_path / "none.jpg", "a\0b"):
        with pytest.raises(PhotoNotFound):
            open_photo(wrong)


def test_a_pil_image_is_taken_as_it_is_and_left_alone() -> None:
    image = draw_photo().convert("CMYK")
    assert open_photo(image).image.mode == "RGB"
    assert image.mode == "CMYK"
    assert open_photo(image).digest == open_photo(image.copy()).digest
