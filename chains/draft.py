"""A photo on its way through the chain, and the stages that it passes."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, TypeVar

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import run_in_executor
from PIL import Image
from pydantic import ValidationError

from models import Detail, EmotionReading, LiteralCaption, MoodcapError, Photo, RequestError
from prompts import Mood

from .certainty import is_unsure, note, nothing_read
from .people import neutral_literal, neutral_reading
from .preferences import People
from .records import Candidate, CaptionEvent, CaptionRequest, MoodCaption, MoodChoice

Filled = TypeVar("Filled")


@dataclass
class Draft:
    """One photo on its way through the chain; each stage reads what the stages before it have filled in.

    `literal` and `emotion` are as they were found, and can be used for another caption of the photo; `told` and `felt`
    are what this one says.
    """

    request: CaptionRequest
    detail: Detail = "short"
    people: People = "as_seen"
    unsure_above: float = 1.0
    photo: Photo | None = None
    literal: LiteralCaption | None = None
    emotion: EmotionReading | None = None
    mood: Mood | None = None
    choice: MoodChoice | None = None
    candidates: list[Candidate] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    result: MoodCaption | None = None

    @property
    def told(self) -> LiteralCaption:
        """The literal caption as it is told."""
        literal = there(self.literal)
        return neutral_literal(literal) if self.people == "neutral" else literal

    @property
    def unsure(self) -> bool:
        """Whether the literal caption is doubted too much."""
        return is_unsure(there(self.literal), self.unsure_above)

    @property
    def note(self) -> str | None:
        """What is said where no mood may be put on the literal caption."""
        return note(there(self.literal), self.unsure_above)

    @property
    def felt(self) -> EmotionReading:
        """The emotion as it is told."""
        if self.note:
            return nothing_read()
        emotion = there(self.emotion)
        return neutral_reading(emotion) if self.people == "neutral" else emotion


Configs = list[RunnableConfig]
Work = Callable[[list[Draft], Configs], Mapping[int, MoodcapError] | None]
"""A stage's work on many drafts; it returns the errors of those that failed, by place."""


class Stage(Runnable[Any, Draft]):
    """One stage over many drafts at once: a failed draft fails alone."""

    def __init__(self, name: str, work: Work) -> None:
        self.name, self._work = name, work

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Draft:
        """The draft, filled in; raises what is wrong with it."""
        return self.batch([input], config and [config])[0]

    def batch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any | None,
    ) -> list[Draft]:
        """The drafts, filled in together."""
        run: Any = self._run  # LangChain gives the argument `config` to those that name it
        return self._batch_with_config(run, inputs, config, return_exceptions=return_exceptions, run_type="chain")

    async def abatch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any | None,
    ) -> list[Draft]:
        """As `batch`, in a thread."""
        return await run_in_executor(None, self.batch, inputs, config, return_exceptions=return_exceptions)

    def _run(self, inputs: list[Any], config: Configs) -> list[Draft | Exception]:
        started = time.perf_counter()
        drafts: list[Draft | Exception] = [one if isinstance(one, Draft) else start(one) for one in inputs]
        good = [i for i, draft in enumerate(drafts) if isinstance(draft, Draft)]
        todo: list[Any] = [drafts[i] for i in good]
        failed = self._work(todo, [config[i] for i in good]) or {}
        seconds = round(time.perf_counter() - started, 4)
        for draft in todo:
            draft.timings[str(self.name)] = seconds
        for place, error in failed.items():
            drafts[good[place]] = error
        return drafts


def start(request: Any) -> Draft | MoodcapError:
    if isinstance(request, CaptionRequest):
        return Draft(request)
    try:
        if isinstance(request, (str, bytes, PathLike, Image.Image)):
            return Draft(CaptionRequest(image=request))
        return Draft(CaptionRequest.model_validate(request))
    except ValidationError as error:
        first = error.errors()[0]
        return RequestError(f"The request cannot be used: {'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}.")


def there(value: Filled | None) -> Filled:
    """What an earlier stage has filled in."""
    if value is None:
        raise RuntimeError("the stages of the chain ran out of order")
    return value


def stage_events(stage: str, draft: Draft) -> Iterator[CaptionEvent]:
    """What can be told once a draft has passed the stage of that name."""
    if stage == "literal":
        yield CaptionEvent(event="literal", data=draft.told.text)
    elif stage == "emotion":
        yield CaptionEvent(event="emotion", data=draft.felt)
    elif stage == "caption":
        result = there(draft.result)
        for i, word in enumerate(result.text.split(" ")):
            yield CaptionEvent(event="token", data=word if i == 0 else f" {word}")
        yield CaptionEvent(event="caption", data=result)
