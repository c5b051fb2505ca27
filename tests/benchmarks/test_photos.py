"""The photos that are measured with."""

from pathlib import Path

from benchmarks.photos import SIZE, Photos
from models import open_photo
from tests.photos import draw_photo


def test_no_two_photos_have_the_same_bytes() -> None:
    photos = Photos()
    some = photos.take(70)
    assert len({*some, *photos.take(2)}) == 72
    assert open_photo(some[0]).image.size == SIZE
    assert "drawn" in str(photos)


def test_a_folder_comes_round_again(tmp_path: Path) -> None:
    for i in range(2):
        draw_photo(i).save(tmp_path / f"{i}.jpg")
    photos = Photos(tmp_path)
    some = photos.take(4)
    assert len({open_photo(one).digest for one in some}) == 4
    assert open_photo(some[0]).image.tobytes() == open_photo(some[2]).image.tobytes()
    assert str(photos) == "2 photos"
