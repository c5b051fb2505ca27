"""The image-to-text tool: what is in a photo, for LangChain agents."""

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, Field

from models import Captioner, MoodcapError, load, open_photo

from .caption import model_context
from .certainty import note
from .people import neutral
from .settings import Settings


class PhotoPath(BaseModel):
    """What the tool takes."""

    path: str = Field(description="The path of a photo on this machine.")


def image_to_text_tool(settings: Settings | None = None, captioner: Captioner | None = None) -> BaseTool:
    """A tool that says plainly what is in a photo; a photo that cannot be read is answered with the reason."""
    settings = settings or Settings()
    reader: Captioner = captioner or load("captioner", settings.chosen_preset().captioner, model_context(settings))

    def describe(path: str) -> str:
        try:
            photo = open_photo(path, settings.max_bytes, settings.max_pixels)
            literal = reader.caption([photo], settings.detail)[0]
            said = neutral(literal.text) if settings.people == "neutral" else literal.text
            return " ".join(part for part in (said, note(literal, settings.unsure_above)) if part)
        except MoodcapError as error:
            return f"The photo could not be described: {error}"
        except Exception as error:  # an agent goes on with the reason, as it does with the others
            return f"The photo could not be described: {type(error).__name__}: {error}"

    return StructuredTool.from_function(
        describe,
        name="image_to_text",
        description="Say plainly what is in a photo, in one sentence.",
        args_schema=PhotoPath,
    )
