"""What is said where the captioner is not sure, or the picture is blank; no mood is put on top of either."""

from models import EMOTIONS, EmotionReading, LiteralCaption

UNSURE = "I am not sure what this photo shows."
UNSURE_BLANK = "I am not sure what this photo shows: it looks blank."
BLANK = "This photo looks blank."


def is_unsure(literal: LiteralCaption, above: float) -> bool:
    """Whether a literal caption is doubted more than that; one whose doubt is not known is not."""
    return literal.doubt is not None and literal.doubt > above


def note(literal: LiteralCaption, above: float) -> str | None:
    """What to say of a literal caption that no mood may be put on; None for one that it may."""
    if literal.kind == "blank":
        return UNSURE_BLANK if is_unsure(literal, above) else BLANK
    return UNSURE if is_unsure(literal, above) else None


def nothing_read() -> EmotionReading:
    """The reading of a photo of which nothing is claimed: neutral, abstained, without evidence."""
    shares = dict.fromkeys(EMOTIONS, 0.0) | {"neutral": 1.0}
    return EmotionReading(distribution=shares, valence=0.0, arousal=0.0, confidence=0.0, abstained=True)
