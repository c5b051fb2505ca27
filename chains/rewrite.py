"""Candidates: a caption asked of the writer in a mood, in several ways at once, and what came of it tidied up.

Those of a taught writer are free. Of another local writer's half are; the others are made to begin with the literal
caption and go on from there, which keeps the facts by construction (a small model forgets what it does not repeat).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig

from prompts import Example, Mood, Turn, rewrite_turns, taught_turns

from .checks import Answer

MESSAGES = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
ROWS = 16  # chats in one call of the model; more save little time and take 7 MB each
JOINTS = (",", ", and", ", as if", ", with", ", while")
"""How a candidate that begins with the literal caption goes on."""


def to_messages(turns: Sequence[Turn]) -> list[BaseMessage]:
    """The chat as LangChain's messages."""
    return [MESSAGES[turn.role](content=turn.text) for turn in turns]


def openings(writer: BaseChatModel, literal: str, count: int, retry: bool) -> list[str]:
    """How each candidate begins: nothing for a free one. A second try leaves nothing free.

    A taught writer keeps the facts by itself: all are free, and half of those of a second try. Only a local model can
    be made to go on from an opening; a server's candidates are all free.
    """
    if not getattr(writer, "continues_messages", False):
        return [""] * count
    fixed = [f"{literal.rstrip('.!? ')}{joint}" for joint in JOINTS]
    if getattr(writer, "taught", False):
        kinds = ["", fixed[0], "", fixed[1], "", fixed[2]] if retry else [""]
    else:
        kinds = fixed if retry else ["", fixed[0], "", fixed[1], fixed[2], "", fixed[3], fixed[4]]
    return [kinds[i % len(kinds)] for i in range(count)]


def ask(
    literal: str,
    mood: Mood,
    intensity: float,
    opening: str,
    taught: bool = False,
    leant_on: Mapping[str, Any] | None = None,
    shown: Sequence[Example] = (),
    length: str = "any",
) -> list[BaseMessage]:
    """The chat for one candidate; an opening is put into the writer's mouth.

    `shown` are examples, the reader's own captions last; a taught writer needs no others, and was not taught lengths.
    What a local writer is `leant_on` by (`logit_bias`, `once`) goes with the last question.
    """
    if taught:
        turns = taught_turns(literal, mood, intensity, shown)
    else:
        turns = rewrite_turns(literal, mood, intensity, shown, length)
    messages = to_messages(turns)
    if leant_on:
        messages[-1] = HumanMessage(content=messages[-1].text, additional_kwargs=dict(leant_on))
    return [*messages, AIMessage(content=opening)] if opening else messages


def write(writer: BaseChatModel, chats: Sequence[list[BaseMessage]], configs: Sequence[RunnableConfig]) -> list[Answer]:
    """One answer a chat, in batches of `ROWS`; an opening comes first in its answer."""
    answers = []
    for start in range(0, len(chats), ROWS):
        answers += writer.batch(list(chats[start : start + ROWS]), list(configs[start : start + ROWS]))
    return [
        tidy(chat[-1].text if chat[-1].type == "ai" else "", answer)
        for chat, answer in zip(chats, answers, strict=True)
    ]


def tidy(opening: str, answer: AIMessage) -> Answer:
    """The answer as a caption: one or two whole sentences, without quotes around them or talk before them."""
    said = answer.text
    text = re.sub(r"\s+", " ", f"{opening}{' ' if opening and said[:1].isalnum() else ''}{said}").strip()
    text = re.sub(r"^(caption|rewrite|rewritten caption|answer)\s*:\s*", "", text, flags=re.IGNORECASE).strip()
    if len(text) > 1 and text[0] in "\"“'" and text[-1] in "\"”'":
        text = text[1:-1].strip()
    sentences = re.findall(r"[^.!?…]+[.!?…]+[\"”']?", text)
    whole = "".join(sentences[:2]).strip()
    metadata = answer.response_metadata
    return Answer(whole or text, metadata.get("logprob"), finished=bool(whole))
