"""What the local chat model is made of: answers shared by a batch, streamed tokens, cancelling, stops, biases."""

import queue
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import torch
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult

from .errors import ModelError

LEAST_BIAS = -1e9  # of minus infinity: forbids a token, and a row whose every token is forbidden still has a choice
SAID = 4.0
"""How much less likely a word of `once` becomes when it was said: e^4, fifty times."""
ROLES = {"system": "system", "human": "user", "user": "user", "ai": "assistant", "assistant": "assistant"}
Told = queue.Queue[int | Exception | None]
"""New tokens, then None; or the error that ended them."""


class Together:
    """Chats of one `batch` call: answered at the first request, handed out one by one."""

    def __init__(self, chats: list[list[BaseMessage]]) -> None:
        self.chats = chats
        self.results: list[ChatResult] | Exception | None = None

    def result(self, i: int, answer: Callable[[list[list[BaseMessage]]], Sequence[ChatResult]]) -> ChatResult:
        """The answer to one chat; the first to ask has all of them computed."""
        if self.results is None:
            try:
                self.results = list(answer(self.chats))
            except Exception as error:
                self.results = error
        if isinstance(self.results, Exception):
            raise self.results
        return self.results[i]


TOGETHER: ContextVar[tuple[Together, int] | None] = ContextVar("together", default=None)


class TokenQueue:
    """Puts new tokens into a queue as they are chosen; the prompt, which comes first, is left out."""

    def __init__(self, told: Told) -> None:
        self.told, self.prompt = told, True

    def put(self, value: torch.Tensor) -> None:
        if not self.prompt:
            for token in value.flatten().tolist():
                self.told.put(token)
        self.prompt = False

    def end(self) -> None:
        """Nothing: the thread that generates says when it has ended, however it did."""


class Cancelled:
    """Stops every row of a batch at its next token once the event is set."""

    def __init__(self, event: threading.Event) -> None:
        self.event = event

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor, **kwargs: Any) -> torch.BoolTensor:
        done: Any = torch.full((len(input_ids),), self.event.is_set(), device=input_ids.device, dtype=torch.bool)
        return done


def whole_words(tokenizer: Any) -> dict[str, tuple[int, ...]]:
    """The words, in lower case, that a tokenizer holds whole, and their tokens: within a text, and with a capital."""
    found: dict[str, tuple[int, ...]] = {}
    tokens = sorted(tokenizer.get_vocab().values())
    for token, text in zip(tokens, _texts(tokenizer, tokens), strict=True):
        if re.fullmatch(r" [A-Za-z]+|[A-Z][a-z]+", text):
            word = text.strip().lower()
            found[word] = (*found.get(word, ()), token)
    return found


def _texts(tokenizer: Any, tokens: Sequence[int]) -> list[str]:
    """The text of each token; the tokenizers library has them all at once, four times as fast as one by one."""
    quick = getattr(tokenizer, "backend_tokenizer", None)
    if quick is None:
        return [tokenizer.decode([token]) for token in tokens]
    texts: list[str] = quick.decode_batch([[token] for token in tokens], skip_special_tokens=False)
    return texts


class Biases:
    """What is added to the logits, (rows, vocabulary), and words that come harder once they were said.

    `once` holds for each row the groups of tokens, by token: when one of a group is drawn, all fall by `SAID`.
    """

    def __init__(self, added: torch.Tensor, once: Sequence[Mapping[int, Sequence[int]]]) -> None:
        self.added, self.once = added, once

    def said(self, row: int, token: int) -> None:
        """Note that the row's answer goes on with that token."""
        if group := self.once[row].get(token):
            self.added[row, list(group)] -= SAID


class Biased:
    """Adds biases to each row's logits; what comes after the prompt counts as said."""

    def __init__(self, biases: Biases, prompt: int) -> None:
        self.biases, self.prompt = biases, prompt

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        if input_ids.shape[1] > self.prompt:
            for row, token in enumerate(input_ids[:, -1].tolist()):
                self.biases.said(row, token)
        added: Any = scores + self.biases.added
        return added


def asked_of(chat: Sequence[BaseMessage], what: str) -> Mapping[int, Any]:
    """What a chat's last human message asks for in its `additional_kwargs`; empty where it asks for nothing."""
    human = next((message for message in reversed(chat) if message.type == "human"), None)
    asked: Mapping[int, Any] = (human and human.additional_kwargs.get(what)) or {}
    return asked


def bias_rows(
    chats: Sequence[Sequence[BaseMessage]], count: int, vocabulary: int, device: torch.device | str = "cpu"
) -> Biases | None:
    """The chats' biases, `count` rows for each chat and a column a token; None where no chat has one.

    `logit_bias` gives a number for tokens, `once` for tokens the tokens of the same word.

    Raises:
        ModelError: a bias is for a token that the model does not have, or is no number or plus infinity.
    """
    asked, once = ([asked_of(chat, what) for chat in chats] for what in ("logit_bias", "once"))
    if not any(asked) and not any(once):
        return None
    bias = torch.zeros(len(chats), vocabulary)
    for row, one in zip(bias, asked, strict=True):
        ids, values = torch.tensor(list(one), dtype=torch.long), torch.tensor(list(one.values()))
        if not bool(((ids >= 0) & (ids < vocabulary) & (values < torch.inf)).all()):
            raise ModelError(f"A logit bias is a finite number, or -inf, for one of {vocabulary} tokens.")
        row[ids] = values.clamp(min=LEAST_BIAS)
    rows = bias.repeat_interleave(count, dim=0).to(device)
    return Biases(rows, [one for one in once for _ in range(count)])


def tell(told: Told, answer: Callable[[], object]) -> None:
    """Run what writes into the queue, and say there how it ended."""
    try:
        answer()
        told.put(None)
    except Exception as error:
        told.put(error)


def cut(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """The text before the first stop string, and whether there was one."""
    places = [place for place in (text.find(one) for one in stop) if place >= 0]
    return (text[: min(places)], True) if places else (text, False)


def certain(text: str, stop: Sequence[str]) -> str:
    """The part of a growing text that no later token can change: no half character, no beginning of a stop string."""
    text = text.rstrip("\ufffd")
    longest = max((n for one in stop for n in range(1, len(one)) if text.endswith(one[:n])), default=0)
    return text[: len(text) - longest]


def role(message: BaseMessage) -> str:
    """What the chat template calls who wrote a message."""
    if message.type not in ROLES:
        raise ModelError(f"The rewriter does not read messages of type {message.type}.")
    return ROLES[message.type]
