"""The chain: from a photo to its mood caption, read top to bottom.

    request ─► open ─► literal ─► emotion ─► mood ─► rewrite ─► caption

Each stage is a LangChain Runnable that takes many photos at once, so that `batch` makes batched model calls and
callbacks see a run a stage. Between the stages goes a `Draft`, which every stage fills a little more.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from langchain_core.runnables import Runnable, RunnableConfig
from numpy.typing import NDArray

from models import (
    Asked,
    EmotionInput,
    FusedEmotion,
    ModelContext,
    Models,
    MoodcapError,
    load_models,
)
from prompts import Mood

from .asking import all_moods, asked_detail, asked_intensity, asked_mood, asked_people
from .checks import Answer, check
from .draft import Configs, Draft, Stage, stage_events, there
from .examples import example_chooser
from .freshness import Recent
from .hearing import listen
from .leanings import leanings
from .looks import Looks
from .people import neutral
from .records import CaptionEvent, MoodCaption, MoodChoice
from .rewrite import ask, openings, write
from .settings import Settings
from .steering import Steering
from .suiting import Suiting
from .suits import suits
from .taste import nearest
from .truth import fact_checker

NAME = "moodcap"
TRIES = 2


class CaptionChain(Runnable[Any, MoodCaption]):
    """A photo to its mood caption. Input: a `CaptionRequest`, its fields as a dict, or just the image.

    `invoke`, `batch`, `ainvoke` and `abatch` give `MoodCaption`s; `stream` and `astream` give `CaptionEvent`s:
    the literal caption, the emotion, the checked text word by word, and the whole record.
    """

    def __init__(self, models: Models, settings: Settings, moods: Mapping[str, Mood]) -> None:
        self.name = NAME
        self.settings, self.moods, self._models = settings, moods, models
        vocabulary = getattr(models.rewriter, "vocabulary", None)
        self._steering = Steering(vocabulary) if vocabulary else None
        self._emotion = FusedEmotion(models.emotion_image, models.emotion_text, settings.threshold)
        self._facts = fact_checker(models.fact_checker)
        self._looks = Looks(settings)
        self._examples = example_chooser(models.rewriter, models.emotion_text)
        self.looking = (Stage("open", self._open), Stage("literal", self._describe), Stage("emotion", self._feel))
        self.writing = (
            Stage("mood", self._choose),
            Stage("rewrite", self._rewrite),
            Stage("caption", self._finish),
        )
        self.stages = (*self.looking, *self.writing)
        first, *rest = self.stages
        sequence: Runnable[Any, Draft] = first
        for stage in rest:
            sequence = sequence | stage
        self._sequence = (sequence | _result).with_config(run_name=NAME)

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> MoodCaption:
        """The mood caption of one photo.

        Raises:
            PhotoError: the photo cannot be read. RequestError: the mood is none. ModelError: a model fails.
        """
        return self._sequence.invoke(input, config)

    def batch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any | None,
    ) -> list[MoodCaption]:
        """The mood captions of many photos, in batched model calls; with `return_exceptions` a bad one fails alone."""
        return self._sequence.batch(inputs, config, return_exceptions=return_exceptions)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> MoodCaption:
        """As `invoke`."""
        return await self._sequence.ainvoke(input, config)

    async def abatch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any | None,
    ) -> list[MoodCaption]:
        """As `batch`."""
        return await self._sequence.abatch(inputs, config, return_exceptions=return_exceptions)

    def stream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any | None) -> Iterator[Any]:
        """Events as the stages end. Words come when their text has passed the checks, never before."""

        def events(inputs: Iterator[Any], config: RunnableConfig) -> Iterator[CaptionEvent]:
            draft: Any = next(inputs)
            for stage in self.stages:
                draft = stage.invoke(draft, config)
                yield from stage_events(str(stage.name), draft)

        told: Any = events
        yield from self._transform_stream_with_config(iter([input]), told, config, run_type="chain")

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> AsyncIterator[Any]:
        """As `stream`."""

        async def one() -> AsyncIterator[Any]:
            yield input

        async def events(inputs: AsyncIterator[Any], config: RunnableConfig) -> AsyncIterator[CaptionEvent]:
            draft: Any = await anext(inputs)
            for stage in self.stages:
                draft = await stage.ainvoke(draft, config)
                for event in stage_events(str(stage.name), draft):
                    yield event

        told: Any = events
        async for event in self._atransform_stream_with_config(one(), told, config, run_type="chain"):
            yield event

    def _open(self, drafts: list[Draft], configs: Configs) -> Mapping[int, MoodcapError]:
        failed: dict[int, MoodcapError] = {}
        for i, draft in enumerate(drafts):
            request = draft.request
            draft.literal, draft.emotion = request.literal, request.emotion
            draft.detail, draft.people = asked_detail(request, self.settings), asked_people(request, self.settings)
            draft.unsure_above = self.settings.unsure_above
            try:
                if request.image is not None and (request.literal is None or request.emotion is None):
                    self._looks.open(draft)
                draft.mood = asked_mood(request, self.moods)  # a wrong one is told before any model works
            except MoodcapError as error:
                failed[i] = error
        return failed

    def _describe(self, drafts: list[Draft], configs: Configs) -> None:
        unseen = [draft for draft in drafts if draft.literal is None]
        for detail in dict.fromkeys(draft.detail for draft in unseen):
            some = [draft for draft in unseen if draft.detail == detail]
            captions = self._models.captioner.caption([there(draft.photo) for draft in some], detail)
            for draft, caption in zip(some, captions, strict=True):
                draft.literal = caption

    def _feel(self, drafts: list[Draft], configs: Configs) -> None:
        unread = [draft for draft in drafts if draft.emotion is None]
        inputs = [EmotionInput(draft.photo, there(draft.literal).text) for draft in unread]
        for draft, reading in zip(unread, self._emotion.read(inputs) if inputs else [], strict=True):
            draft.emotion = reading
        self._looks.note(unread)

    def _choose(self, drafts: list[Draft], configs: Configs) -> None:
        for draft in drafts:
            intensity = asked_intensity(draft.request, self.settings)
            if draft.note:
                draft.mood = None  # none is put on top of what may be wrong, even where one is asked for
            source: Any = "asked" if draft.mood else "detected"
            draft.mood = draft.mood or self.moods[draft.felt.emotion]
            draft.choice = MoodChoice(name=draft.mood.name, intensity=intensity, source=source)

    def _rewrite(self, drafts: list[Draft], configs: Configs) -> None:
        for attempt in range(TRIES):
            left = [i for i, draft in enumerate(drafts) if _wants_rewrite(draft)]
            if left:
                self._try([drafts[i] for i in left], [configs[i] for i in left], retry=attempt > 0)

    def _try(self, drafts: Sequence[Draft], configs: Configs, retry: bool) -> None:
        writer, lean = self._models.rewriter, self._steering
        chats, chat_configs, owners = [], [], []
        for draft, config in zip(drafts, configs, strict=True):
            literal, mood, intensity = draft.told.text, there(draft.mood), there(draft.choice).intensity
            count = draft.request.candidates or self.settings.candidates
            wishes = draft.request.preferences
            shown = (*self._examples(literal, mood, intensity), *nearest(wishes, literal, mood.name))
            wished = leanings(wishes, mood.name, getattr(writer, "vocabulary", {}))
            taught, length = getattr(writer, "taught", False), wishes.length if wishes else "any"
            free, begun = (lean.on(literal, mood, said, wished) if lean else None for said in (False, True))
            for opening in openings(writer, literal, count, retry):
                leant_on = begun if opening else free
                chats.append(ask(literal, mood, intensity, opening, taught, leant_on, shown, length))
                chat_configs.append(config)
                owners.append(draft)
        answers = write(writer, chats, chat_configs)
        self._check(drafts, [[a for a, o in zip(answers, owners, strict=True) if o is draft] for draft in drafts])

    def _check(self, drafts: Sequence[Draft], answers: Sequence[list[Answer]]) -> None:
        suitings = [Suiting(one.request.preferences, one.told.text, there(one.mood).name) for one in drafts]
        texts = [
            suiting.suit(_spoken(draft, own)) for draft, suiting, own in zip(drafts, suitings, answers, strict=True)
        ]
        pairs = [(suiting.literal, one.text) for suiting, own in zip(suitings, texts, strict=True) for one in own]
        readings = iter(self._facts.check(pairs))
        seen = {draft.request.recent: Recent(draft.request.recent) for draft in drafts}
        for draft, suiting, unique in zip(drafts, suitings, texts, strict=True):
            heard = listen(self._models.emotion_text, [answer.text for answer in unique])
            mood, intensity, recent = there(draft.mood), there(draft.choice).intensity, seen[draft.request.recent]
            facts = [next(readings) for _ in unique]
            verdicts = self._read(suiting.literal, mood, intensity, unique)
            checks = check(suiting.literal, unique, mood, intensity, heard, recent, facts, verdicts)
            draft.candidates += suiting.judge(unique, checks)
            if passed := [one for one in draft.candidates if one.checks.passed]:  # who reads the next has read this
                recent.add(max(passed, key=lambda one: one.checks.score).text, suiting.literal)

    def _read(
        self, literal: str, mood: Mood, intensity: float, answers: Sequence[Answer]
    ) -> NDArray[np.float64] | None:
        """What the writer's own reader says of the answers, where it has one."""
        if self._models.reader is None:
            return None
        return self._models.reader.read([Asked(literal, mood.name, intensity, one.text) for one in answers])

    def _finish(self, drafts: list[Draft], configs: Configs) -> None:
        preset = self.settings.chosen_preset()
        names = {part: getattr(preset, part) for part in Models._fields if part != "reader"}
        for draft in drafts:
            best = sorted(draft.candidates, key=lambda one: one.checks.score, reverse=True)
            passed = [one for one in best if one.checks.passed]
            literal = draft.told
            draft.result = MoodCaption(
                text=passed[0].text if passed else literal.text,
                literal=literal.text,
                kind=literal.kind,
                detail=literal.detail,
                doubt=literal.doubt,
                unsure=draft.unsure,
                note=draft.note,
                emotion=draft.felt,
                mood=there(draft.choice),
                suits=() if draft.note else suits(draft.felt, self.moods),
                alternatives=tuple(passed[1:]),
                checks=passed[0].checks if passed else None,
                fallback=not passed and there(draft.mood).name != "neutral",
                rejected=tuple(one for one in best if not one.checks.passed),
                models=names,
                timings=dict(draft.timings),
            )


def build_chain(settings: Settings | None = None, models: Models | None = None) -> CaptionChain:
    """The chain of the settings, its models loaded; `models` stand in for those of the settings.

    Raises:
        ModelNotFound: the embedded models are not assembled yet (`moodcap setup`), or a model is not on this machine.
        RequestError: a file of moods cannot be used.
    """
    settings = settings or Settings()
    moods = all_moods(settings)
    if models is None:
        models = load_models(settings.chosen_preset(), model_context(settings))
    return CaptionChain(models, settings, moods)


def model_context(settings: Settings) -> ModelContext:
    """What the models need to know of the settings."""
    return ModelContext(
        settings.home,
        settings.device,
        settings.dtype,
        settings.offline,
        settings.api_key.get_secret_value(),
        settings.seed,
    )


def _spoken(draft: Draft, answers: Sequence[Answer]) -> list[Answer]:
    """The answers with people spoken of as the draft wants it."""
    if draft.people != "neutral":
        return list(answers)
    return [answer._replace(text=neutral(answer.text)) for answer in answers]


def _wants_rewrite(draft: Draft) -> bool:
    return there(draft.mood).name != "neutral" and not any(one.checks.passed for one in draft.candidates)


def _result(draft: Draft) -> MoodCaption:
    return there(draft.result)
