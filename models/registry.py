"""Every backend by name: what a setting such as `hf:Salesforce/blip-image-captioning-base` loads.

A backend is one file and one line in `BACKENDS`. Nothing here imports torch until a model is loaded.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from .contracts import Captioner, EmotionClassifier, FactChecker, Reader
from .errors import UnknownBackend

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


@dataclass(frozen=True)
class ModelContext:
    """What loading a model needs to know of the machine and the settings."""

    home: Path
    device: str = "auto"
    dtype: str = "auto"
    offline: bool = True
    api_key: str = ""
    seed: int | None = None

    def folder(self, name: str) -> Path:
        """Where an assembled model lies."""
        return self.home / "models" / name


class Backend(NamedTuple):
    """One way to fill a part: its spec (`embedded`, or a prefix that ends with a colon), what it takes, its loader."""

    part: str
    spec: str
    takes: str
    load: Callable[[str, ModelContext], Any]


class Preset(BaseModel):
    """A named set of backends, one a part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    captioner: str
    emotion_image: str
    emotion_text: str
    rewriter: str
    fact_checker: str
    about: str


class Models(NamedTuple):
    """The models of a chain, loaded. Without a fact checker of its own the chain checks by its rules alone.

    The embedded rewriter comes with a reader, who has learnt to judge its texts and no others.
    """

    captioner: Captioner
    emotion_image: EmotionClassifier
    emotion_text: EmotionClassifier
    rewriter: "BaseChatModel"
    fact_checker: FactChecker | None = None
    reader: Reader | None = None


def load_models(preset: Preset, context: ModelContext) -> Models:
    """The models that a preset names. An embedded image emotion shares the embedded captioner's look at the photo."""
    captioner = load("captioner", preset.captioner, context)
    same = preset.captioner == preset.emotion_image == "embedded"
    return Models(
        captioner,
        _image_emotion(captioner) if same else load("emotion_image", preset.emotion_image, context),
        load("emotion_text", preset.emotion_text, context),
        load("rewriter", preset.rewriter, context),
        load("fact_checker", preset.fact_checker, context),
        _embedded_reader(context) if preset.rewriter == "embedded" else None,
    )


def load(part: str, spec: str, context: ModelContext) -> Any:
    """The model of one part.

    Raises:
        UnknownBackend: no backend of this part has that name; the message lists those that there are.
        ModelNotFound, ModelError: it cannot be loaded; the message says why.
    """
    backend, value = find_backend(part, spec)
    return backend.load(value, context)


def find_backend(part: str, spec: str) -> tuple[Backend, str]:
    """The backend that a spec names, and what the spec says after its colon."""
    for backend in BACKENDS:
        value = spec.removeprefix(backend.spec)
        fits = spec == backend.spec if not backend.takes else spec.startswith(backend.spec) and value != ""
        if backend.part == part and fits:
            return backend, value
    known = ", ".join(f"{b.spec}{b.takes}" for b in BACKENDS if b.part == part)
    raise UnknownBackend(f"{part} has no backend {spec!r}; there are: {known}.")


@cache
def load_presets() -> Mapping[str, Preset]:
    """The presets of `presets.toml` by name."""
    tables = tomllib.loads((files(__package__) / "presets.toml").read_text("utf-8"))
    return {name: Preset(**table) for name, table in tables.items()}


def find_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        UnknownBackend: there is none; the message lists those that there are.
    """
    if name not in load_presets():
        raise UnknownBackend(f"There is no preset {name!r}; there are: {', '.join(load_presets())}.")
    return load_presets()[name]


def _embedded_captioner(_: str, context: ModelContext) -> Any:
    from .captioner_embedded import EmbeddedCaptioner
    from .devices import pick_device

    return EmbeddedCaptioner(context.folder("captioner"), pick_device(context.device))


def _hf_captioner(source: str, context: ModelContext) -> Any:
    from .captioner_hf import HfCaptioner

    return HfCaptioner(source, context.device, context.dtype, context.offline)


def _image_emotion(captioner: Any) -> Any:
    from .emotion_image_embedded import EmbeddedImageEmotion

    return EmbeddedImageEmotion(captioner)


def _embedded_image_emotion(_: str, context: ModelContext) -> Any:
    return _image_emotion(_embedded_captioner(_, context))


def _hf_image_emotion(source: str, context: ModelContext) -> Any:
    from .emotion_image_hf import HfImageEmotion

    return HfImageEmotion(source, context.device, context.dtype, context.offline)


def _embedded_text_emotion(_: str, context: ModelContext) -> Any:
    from .devices import pick_device
    from .emotion_text_embedded import EmbeddedTextEmotion

    return EmbeddedTextEmotion(context.folder("emotion-text"), pick_device(context.device))


def _hf_text_emotion(source: str, context: ModelContext) -> Any:
    from .emotion_text_hf import HfTextEmotion

    return HfTextEmotion(source, context.device, context.dtype, context.offline)


def _embedded_rewriter(_: str, context: ModelContext) -> Any:
    from .rewriter import embedded_rewriter

    return embedded_rewriter(context.folder("rewriter"), context.device, context.dtype, context.seed)


def _embedded_reader(context: ModelContext) -> Any:
    from .caption_reader import CaptionReader
    from .devices import pick_device

    return CaptionReader(context.folder("reader"), pick_device(context.device))


def _hf_rewriter(source: str, context: ModelContext) -> Any:
    from .rewriter import hf_rewriter

    return hf_rewriter(source, context.device, context.dtype, context.offline, context.seed)


def _gguf_rewriter(file: str, context: ModelContext) -> Any:
    from .rewriter import gguf_rewriter

    return gguf_rewriter(Path(file), context.device, context.dtype, context.seed)


def _openai_rewriter(address: str, context: ModelContext) -> Any:
    from .rewriter import openai_rewriter

    return openai_rewriter(address, context.api_key)


def _nli_fact_checker(source: str, context: ModelContext) -> Any:
    from .fact_checker_nli import NliFactChecker

    return NliFactChecker(source, context.device, context.dtype, context.offline)


def _no_fact_checker(_: str, context: ModelContext) -> None:
    """The rules are part of the chain: there is nothing to load."""


BACKENDS = (
    Backend("captioner", "embedded", "", _embedded_captioner),
    Backend("captioner", "hf:", "<repository or folder>", _hf_captioner),
    Backend("emotion_image", "embedded", "", _embedded_image_emotion),
    Backend("emotion_image", "hf:", "<repository or folder>", _hf_image_emotion),
    Backend("emotion_text", "embedded", "", _embedded_text_emotion),
    Backend("emotion_text", "hf:", "<repository or folder>", _hf_text_emotion),
    Backend("rewriter", "embedded", "", _embedded_rewriter),
    Backend("rewriter", "hf:", "<repository or folder>", _hf_rewriter),
    Backend("rewriter", "gguf:", "<file>", _gguf_rewriter),
    Backend("rewriter", "openai:", "<base url>[#model]", _openai_rewriter),
    Backend("fact_checker", "rules", "", _no_fact_checker),
    Backend("fact_checker", "nli:", "<repository or folder>", _nli_fact_checker),
)
