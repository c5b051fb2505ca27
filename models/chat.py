"""A LangChain chat model over a local instruct LLM of transformers.

langchain-huggingface's `ChatHuggingFace` renders the chat as text and tokenises it again (so a caption could hold
control tokens), has no `ainvoke`, runs `batch` as threads on one model and ignores stop strings over a local
pipeline; nothing of it would remain here, so this is a `BaseChatModel` of its own.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar

import torch
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import get_config_list, run_in_executor
from pydantic import ConfigDict, Field, PrivateAttr

from . import chat_parts as parts
from .chat_parts import TOGETHER, Together, TokenQueue, Told, bias_rows, certain, cut, tell
from .decoding import Asked, OnnxModel, write_plain
from .errors import ModelError

Options = dict[str, Any]


class LocalChat(BaseChatModel):
    """Answers of a local model. `batch` is one tensor batch; one thread at a time uses the model.

    A chat that ends with an `AIMessage` is continued: the answer is what follows that message. Every option below
    can be given to a call, as `num_return_sequences` can, which makes `generate` return so many answers.
    `additional_kwargs["logit_bias"]` of a chat's last human message, a dict from token ids, is added to the logits;
    `additional_kwargs["once"]` says for tokens which are of the same word: said once, it comes harder from there on.
    `generation_info["logprob"]` holds the mean log-probability of an answer's tokens.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)
    continues_messages: ClassVar[bool] = True

    model: Any = Field(exclude=True, repr=False)
    tokenizer: Any = Field(exclude=True, repr=False)
    model_name: str = "local"
    max_new_tokens: int = Field(default=64, ge=1)
    temperature: float = Field(default=0.8, ge=0, description="0 takes the likeliest token each time.")
    top_p: float = Field(default=0.95, gt=0, le=1)
    repetition_penalty: float = Field(default=1.0, gt=0)
    taught: bool = Field(default=False, description="Trained on the short chat, `prompts.taught_turns`.")
    seed: int | None = Field(default=None, description="The same seed and batch give the same answers.")

    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    def model_post_init(self, context: Any) -> None:
        super().model_post_init(context)
        if not self.tokenizer.chat_template:
            raise ModelError(f"{self.model_name} has no chat template; the rewriter needs an instruct model.")
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token

    @cached_property
    def vocabulary(self) -> dict[str, tuple[int, ...]]:
        """The words that the model's vocabulary holds whole, in lower case, and their tokens."""
        return parts.whole_words(self.tokenizer)

    @property
    def _llm_type(self) -> str:
        return "moodcap-local"

    @property
    def _identifying_params(self) -> Options:
        return {"model_name": self.model_name} | self._defaults()

    def batch(
        self,
        inputs: list[LanguageModelInput],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[AIMessage]:
        """Answers to many chats, computed together; callbacks see a run for each."""
        configs = get_config_list(config, len(inputs))
        size = (configs[0].get("max_concurrency") if configs else None) or len(inputs)
        answers: list[Any] = []
        for start in range(0, len(inputs), max(size, 1)):
            shared = Together([self._convert_input(one).to_messages() for one in inputs[start : start + size]])
            for i, one in enumerate(inputs[start : start + size]):
                answers.append(self._one_of(shared, i, one, configs[start + i], return_exceptions, kwargs))
        return answers

    async def abatch(
        self,
        inputs: list[LanguageModelInput],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[AIMessage]:
        """As `batch`, in a thread."""
        return await run_in_executor(None, self.batch, inputs, config, return_exceptions=return_exceptions, **kwargs)

    def _one_of(
        self, shared: Together, i: int, one: LanguageModelInput, config: RunnableConfig, keep: bool, kwargs: Options
    ) -> Any:
        token = TOGETHER.set((shared, i))
        try:
            return self.invoke(one, config, **kwargs)
        except Exception as error:
            if keep:
                return error
            raise
        finally:
            TOGETHER.reset(token)

    def _should_stream(self, **kwargs: Any) -> bool:
        shared, _ = TOGETHER.get() or (None, 0)
        return (shared is None or len(shared.chats) == 1) and super()._should_stream(**kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        shared, i = TOGETHER.get() or (Together([messages]), 0)
        return shared.result(i, lambda chats: self._answer(chats, stop, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        cancelled = threading.Event()
        try:
            results = await run_in_executor(None, self._answer, [messages], stop, cancelled=cancelled, **kwargs)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return results[0]

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Generator[ChatGenerationChunk, None, None]:
        """Yield the answer as it is written. Closing the iterator stops the model at its next token."""
        told: Told = queue.Queue()
        cancelled = threading.Event()
        kwargs = kwargs | {"num_return_sequences": 1, "streamer": TokenQueue(told), "cancelled": cancelled}
        worker = threading.Thread(
            target=tell, args=(told, lambda: self._answer([messages], stop, **kwargs)), daemon=True
        )
        worker.start()
        try:
            for chunk in self._chunks(told, stop or []):
                if run_manager:
                    run_manager.on_llm_new_token(str(chunk.content), chunk=ChatGenerationChunk(message=chunk))
                yield ChatGenerationChunk(message=chunk)
        finally:
            cancelled.set()
            worker.join()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        chunks = self._stream(messages, stop, None, **kwargs)
        try:
            while (chunk := await run_in_executor(None, next, chunks, None)) is not None:
                if run_manager:
                    await run_manager.on_llm_new_token(str(chunk.message.content), chunk=chunk)
                yield chunk
        finally:
            await run_in_executor(None, chunks.close)

    def _chunks(self, told: Told, stop: Sequence[str]) -> Iterator[AIMessageChunk]:
        """Text as far as it is certain: no half characters, and nothing that may become a stop string."""
        ids: list[int] = []
        sent, ended = "", False
        while (item := told.get()) is not None:
            if isinstance(item, Exception):
                raise item
            ids.append(item)
            text = self.tokenizer.decode(ids, skip_special_tokens=True)
            before, ended = cut(text, stop)
            sure = before if ended else certain(before, stop)
            if len(sure) > len(sent):
                yield AIMessageChunk(content=sure[len(sent) :])
                sent = sure
        rest = cut(self.tokenizer.decode(ids, skip_special_tokens=True), stop)[0][len(sent) :]
        yield AIMessageChunk(content=rest, chunk_position="last")

    def _answer(
        self,
        chats: Sequence[Sequence[BaseMessage]],
        stop: list[str] | None = None,
        *,
        num_return_sequences: int = 1,
        streamer: TokenQueue | None = None,
        cancelled: threading.Event | None = None,
        **options: Any,
    ) -> list[ChatResult]:
        """Answers to all chats together, `num_return_sequences` each."""
        settings = self._settings(options)
        if num_return_sequences > 1 and not settings["temperature"]:
            raise ModelError("Several answers to one chat need a temperature above 0.")
        seed = settings.pop("seed")
        with self._lock, torch.inference_mode(), torch.random.fork_rng(enabled=seed is not None):
            if seed is not None:
                torch.manual_seed(seed)
                if isinstance(self.model, OnnxModel):
                    self.model.network.forget()
            prompts, count = [self._tokens(chat) for chat in chats], num_return_sequences
            bias = bias_rows(chats, count, self.model.config.vocab_size, self.model.device)
            ends, ending = self._ends(), stop or []
            asked = Asked(prompts, count, settings, ends, self.tokenizer, ending, bias, streamer, cancelled)
            answers = self.model.write(asked) if isinstance(self.model, OnnxModel) else write_plain(self.model, asked)
            read = [len(prompt) for prompt in prompts for _ in range(count)]
            rows = [self._generation(*answer, size, ending) for answer, size in zip(answers, read, strict=True)]
            return [ChatResult(generations=rows[i : i + count]) for i in range(0, len(rows), count)]

    def _generation(self, ids: list[int], logprobs: list[float], read: int, stop: Sequence[str]) -> ChatGeneration:
        ends = self._ends()
        length = next((i + 1 for i, token in enumerate(ids) if token in ends), len(ids))
        text, stopped = cut(self.tokenizer.decode(ids[:length], skip_special_tokens=True), stop)
        ended = stopped or (length > 0 and ids[length - 1] in ends)
        info = {"finish_reason": "stop" if ended else "length", "logprob": sum(logprobs[:length]) / max(length, 1)}
        usage = UsageMetadata(input_tokens=read, output_tokens=length, total_tokens=read + length)
        message = AIMessage(
            content=text, usage_metadata=usage, response_metadata=info | {"model_name": self.model_name}
        )
        return ChatGeneration(message=message, generation_info=info)

    def _tokens(self, chat: Sequence[BaseMessage]) -> list[int]:
        turns = [{"role": parts.role(message), "content": message.text} for message in chat]
        going_on = bool(turns) and turns[-1]["role"] == "assistant"
        ids: list[int] = self.tokenizer.apply_chat_template(
            turns,
            tokenize=True,
            return_dict=False,
            add_generation_prompt=not going_on,
            continue_final_message=going_on,
            sanitize_control_tokens=True,
        )
        return ids

    def _settings(self, options: Options) -> Options:
        unknown = set(options) - set(self._defaults())
        if unknown:
            raise ModelError(f"The rewriter has no option {', '.join(sorted(unknown))}.")
        return self._defaults() | options

    def _defaults(self) -> Options:
        names = ("max_new_tokens", "temperature", "top_p", "repetition_penalty", "seed")
        return {name: getattr(self, name) for name in names}

    def _ends(self) -> list[int]:
        known = self.model.generation_config.eos_token_id
        ends = known if isinstance(known, list) else [known]
        return [end for end in dict.fromkeys([*ends, self.tokenizer.eos_token_id]) if end is not None]
