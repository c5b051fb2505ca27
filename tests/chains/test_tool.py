"""The image-to-text tool that an agent can be handed."""

from pathlib import Path

from chains import image_to_text_tool
from tests.photos import draw_photo

from .doubles import Describer
from .test_batch import Choking


def test_the_tool_describes_a_photo_and_explains_a_failure(tmp_path: Path) -> None:
    draw_photo().save(tmp_path / "a.png")
    tool = image_to_text_tool(captioner=Describer("A meadow."))
    assert tool.invoke({"path": str(tmp_path / "a.png")}) == "A meadow."
    assert "no photo at" in tool.invoke({"path": str(tmp_path / "b.png")})
    assert set(tool.args) == {"path"}
    assert tool.name == "image_to_text"


def test_the_tool_explains_what_nobody_foresaw(tmp_path: Path) -> None:
    draw_photo(size=(13, 9)).save(tmp_path / "a.png")
    tool = image_to_text_tool(captioner=Choking())
    assert "could not be described: error: unpack" in tool.invoke({"path": str(tmp_path / "a.png")})
