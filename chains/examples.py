"""Few-shot examples for a caption: of the mood's rewrites written by hand, those whose captions are most like it.

LangChain's example selector over an in-memory store, one for each mood and step of intensity, embedded when it is first
asked for by the text emotion model's MiniLM. For writers that were not taught on these rewrites.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

import numpy as np
from langchain_core.embeddings import Embeddings
from langchain_core.example_selectors import SemanticSimilarityExampleSelector
from langchain_core.vectorstores import InMemoryVectorStore
from numpy.typing import NDArray

from prompts import Example, Mood, load_rewrites, step_of

SHOWN = 2


@runtime_checkable
class Embedder(Protocol):
    def features(self, texts: list[str]) -> NDArray[np.float64]:
        """An embedding of each text, (texts, width)."""
        ...


class _MiniLm(Embeddings):
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        found: list[list[float]] = self._embedder.features(texts).tolist()
        return found

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


class Examples:
    """Chooses examples by likeness of their captions; `embedder` gives the embeddings."""

    def __init__(self, embedder: Embedder) -> None:
        self._embeddings = _MiniLm(embedder)
        self._selector = lru_cache(None)(self._make)

    def choose(self, literal: str, mood: Mood, intensity: float) -> tuple[Example, ...]:
        """The examples most like a caption, the likest last; the mood's own where no rewrites of it were written."""
        selector = self._selector(mood.name, step_of(intensity))
        if selector is None:
            return mood.examples
        return tuple(Example(**one) for one in reversed(selector.select_examples({"literal": literal})))

    def _make(self, mood: str, step: int) -> SemanticSimilarityExampleSelector | None:
        rows = [row for row in load_rewrites() if row.mood == mood and step_of(row.intensity) == step]
        if not rows:
            return None
        return SemanticSimilarityExampleSelector.from_examples(
            [{"literal": row.literal, "rewrite": row.rewrite} for row in rows],
            self._embeddings,
            InMemoryVectorStore,
            k=SHOWN,
            input_keys=["literal"],
        )


def example_chooser(writer: Any, ear: Any) -> Callable[[str, Mood, float], tuple[Example, ...]]:
    """What chooses examples for that writer: nothing for one that was taught, the mood's own without an embedder."""
    if getattr(writer, "taught", False):
        return lambda literal, mood, intensity: ()
    if isinstance(ear, Embedder):
        return Examples(ear).choose
    return lambda literal, mood, intensity: mood.examples
