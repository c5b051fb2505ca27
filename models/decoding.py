"""How answers are written: by transformers' `generate`, or by onnxruntime for a Llama on a CPU."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .chat_parts import Biased, Biases, Cancelled, TokenQueue, cut
from .onnx_llama import OnnxLlama, Rows

LIKELY = 256  # tokens among which `top_p` is looked for before all are sorted, which takes far longer
Settings = dict[str, Any]
Answer = tuple[list[int], list[float]]
"""The tokens of an answer and their log-probabilities; what follows an end is to be ignored."""


@dataclass(frozen=True)
class Asked:
    """Prompts and how they are to be answered: `count` answers each."""

    prompts: list[list[int]]
    count: int
    settings: Settings
    ends: list[int]
    tokenizer: Any
    stop: Sequence[str] = ()
    bias: Biases | None = None
    streamer: TokenQueue | None = None
    cancelled: threading.Event | None = None


def write_plain(model: Any, asked: Asked) -> list[Answer]:
    """One `generate` call of transformers."""
    from transformers import LogitsProcessorList, StoppingCriteriaList

    padded = asked.tokenizer.pad({"input_ids": asked.prompts}, padding=True, return_tensors="pt").to(model.device)
    stopping = {"stop_strings": list(asked.stop), "tokenizer": asked.tokenizer} if asked.stop else {}
    settings = asked.settings | {"do_sample": True, "top_k": 0}
    if not asked.settings["temperature"]:
        settings = {name: asked.settings[name] for name in ("max_new_tokens", "repetition_penalty")} | {
            "do_sample": False
        }
    out = model.generate(
        input_ids=padded["input_ids"],
        attention_mask=padded["attention_mask"],
        **settings | stopping,
        num_return_sequences=asked.count,
        streamer=asked.streamer,
        logits_processor=LogitsProcessorList(
            [] if asked.bias is None else [Biased(asked.bias, padded["input_ids"].shape[1])]
        ),
        stopping_criteria=StoppingCriteriaList([Cancelled(asked.cancelled)] if asked.cancelled else []),
        pad_token_id=asked.tokenizer.pad_token_id,
        eos_token_id=asked.ends,
        return_dict_in_generate=True,
        output_logits=True,
    )
    ids = out.sequences[:, padded["input_ids"].shape[1] :]
    logits = torch.stack(out.logits, dim=1).float()
    chosen = logits.gather(-1, ids[..., None]).squeeze(-1) - logits.logsumexp(-1)
    return list(zip(ids.tolist(), chosen.tolist(), strict=True))


class OnnxModel:
    """A network that onnxruntime runs, in the place of a model of transformers."""

    def __init__(self, network: OnnxLlama, generation_config: Any) -> None:
        self.network, self.generation_config = network, generation_config
        self.config, self.device = network.config, torch.device("cpu")

    def write(self, asked: Asked) -> list[Answer]:
        """The answers, prompt by prompt; those that are done take no part in further steps."""
        with one_thread():
            return self._write(asked)

    def _write(self, asked: Asked) -> list[Answer]:
        limit = asked.settings["max_new_tokens"]
        paths, logits = self.network.read(asked.prompts)
        rows = Rows(self.network, [path for path in paths for _ in range(asked.count)], limit)
        logits = logits.repeat_interleave(asked.count, 0)
        answers: list[Answer] = [([], []) for _ in range(len(logits))]
        writing = list(range(len(answers)))
        if asked.streamer:
            asked.streamer.put(torch.tensor(asked.prompts))
        while True:
            tokens, logprobs = choose(logits, _unlikely(asked, answers, writing, logits), asked.settings)
            for i, token, logprob in zip(writing, tokens.tolist(), logprobs.tolist(), strict=True):
                answers[i][0].append(token)
                answers[i][1].append(logprob)
                if asked.bias:
                    asked.bias.said(i, token)
            if asked.streamer:
                asked.streamer.put(tokens)
            left = [place for place, i in enumerate(writing) if not _is_done(answers[i][0], limit, asked)]
            if not left or (asked.cancelled and asked.cancelled.is_set()):
                break
            if len(left) < len(writing):
                rows.keep(left)
                writing, tokens = [writing[place] for place in left], tokens[left]
            logits = rows.step(tokens)
        if asked.streamer:
            asked.streamer.end()
        return answers


@contextmanager
def one_thread() -> Iterator[None]:
    """torch works in the calling thread alone: on busy cores others are waited for longer than they help."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def choose(logits: Tensor, scores: Tensor, settings: Settings) -> tuple[Tensor, Tensor]:
    """A token a row, drawn by its score (rows, vocabulary), and its log-probability by the logits."""
    if not settings["temperature"]:
        tokens = scores.argmax(-1)
    else:
        tokens = _draw(scores / settings["temperature"], settings["top_p"])
    return tokens, logits.gather(1, tokens[:, None]).squeeze(1) - logits.logsumexp(-1)


def _draw(scores: Tensor, top_p: float) -> Tensor:
    """Draw among the likeliest tokens that together have the probability `top_p`."""
    if top_p >= 1:
        return (scores.softmax(-1) / torch.empty_like(scores).exponential_()).argmax(-1)
    tokens, sure = _draw_among(scores, top_p, min(LIKELY, scores.shape[1]))
    if not bool(sure.all()):
        tokens[~sure] = _draw_among(scores[~sure], top_p, scores.shape[1])[0]
    return tokens


def _draw_among(scores: Tensor, top_p: float, size: int) -> tuple[Tensor, Tensor]:
    """A token a row from its `size` likeliest, and whether these have the probability `top_p`, or are all there are."""
    top = scores.topk(size)
    sums = (top.values - scores.logsumexp(-1, True)).exp().cumsum(-1)
    # the first whose sum reaches `top_p` is the last that may come
    last = (sums < top_p).sum(-1, True).clamp(max=size - 1)
    drawn = torch.rand(len(scores), 1) * sums.gather(1, last)
    place = torch.minimum((sums <= drawn).sum(-1, True), last)
    return top.indices.gather(1, place).squeeze(1), (sums[:, -1] >= top_p) | (size == scores.shape[1])


def _unlikely(asked: Asked, answers: Sequence[Answer], writing: Sequence[int], logits: Tensor) -> Tensor:
    """The logits (rows, vocabulary) with what was said already made less likely, and with the chats' biases."""
    penalty = asked.settings["repetition_penalty"]
    if penalty != 1:
        logits = logits.clone()
        for row, i in zip(logits, writing, strict=True):
            said = torch.tensor(sorted({*asked.prompts[i // asked.count], *answers[i][0]}))
            row[said] = torch.where(row[said] < 0, row[said] * penalty, row[said] / penalty)
    if asked.bias:
        added = asked.bias.added
        logits = logits + (added if len(writing) == len(added) else added[list(writing)])
    return logits


def _is_done(ids: list[int], limit: int, asked: Asked) -> bool:
    if ids[-1] in asked.ends or len(ids) >= limit:
        return True
    return bool(asked.stop) and cut(asked.tokenizer.decode(ids, skip_special_tokens=True), asked.stop)[1]
