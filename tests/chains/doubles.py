"""Models for tests of the chain: real implementations of the contracts that say what they are told to say."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field, PrivateAttr

from models import EMOTIONS, Detail, EmotionInput, EmotionReading, Kind, LiteralCaption, Models, Photo
from models.emotion_labels import make_reading

WORDS = {"happy": "contentment", "glad": "contentment", "afraid": "fear", "sad": "sadness", "grief": "sadness"}


class Describer:
    """A captioner that says the same of every photo, and remembers how many photos a call brought, in what detail."""

    def __init__(
        self,
        text: str = "A brown dog runs through the snow.",
        kind: Kind = "photo",
        doubt: float | None = None,
    ) -> None:
        self.text, self.kind, self.doubt = text, kind, doubt
        self.calls: list[int] = []
        self.details: list[Detail] = []

    def caption(self, photos: Sequence[Photo], detail: Detail = "short") -> list[LiteralCaption]:
        self.calls.append(len(photos))
        self.details.append(detail)
        said = LiteralCaption(text=self.text, confidence=0.9, kind=self.kind, doubt=self.doubt, detail=detail)
        return [said for _ in photos]


class Reader:
    """Reads the emotion of a few words; whatever else is neutral, a photo as well."""

    def read(self, inputs: Sequence[EmotionInput]) -> list[EmotionReading]:
        return [make_reading(self._shares(one.text or "")) for one in inputs]

    def _shares(self, text: str) -> Any:
        heard = {WORDS[word] for word in text.lower().replace(",", "").replace(".", "").split() if word in WORDS}
        named = np.array([1.0 if emotion in heard else 0.0 for emotion in EMOTIONS])
        return named + np.array([0.005] * 8 + [0.005 if heard else 1.0])


class Writer(BaseChatModel):
    """A chat model that gives its lines in turn, and remembers what it was asked."""

    lines: list[str]
    asked: list[list[BaseMessage]] = Field(default_factory=list)
    _turn: Any = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "lines"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with self._turn:
            self.asked.append(messages)
            line = self.lines[(len(self.asked) - 1) % len(self.lines)]
        message = AIMessage(content=line, response_metadata={"logprob": -1.0})
        return ChatResult(generations=[ChatGeneration(message=message)])


def some_models(*lines: str, image: Any = None, captioner: Describer | None = None) -> Models:
    """The doubles; the writer gives `lines`, and the rules alone check."""
    return Models(captioner or Describer(), image or Reader(), Reader(), Writer(lines=list(lines)))
