"""Loading from a Hugging Face repository or folder, with errors that say what to do."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from safetensors import SafetensorError

from .errors import ModelError, ModelNotFound


def load_pretrained(kind: Any, source: str, offline: bool, **options: Any) -> Any:
    """What `kind.from_pretrained` gives for a hub repository or a folder; never runs code that comes with a model.

    Raises:
        ModelNotFound: it is not on this machine, and `offline` forbids to fetch it or the hub has none.
        ModelError: what is there is no model of this kind, or it is damaged.
    """
    try:
        return kind.from_pretrained(source, local_files_only=offline, trust_remote_code=False, **options)
    except OSError as error:
        hint = "set MOODCAP_OFFLINE=off to let Moodcap fetch it" if offline else "check the name and the network"
        raise ModelNotFound(f"The model {source} is not on this machine; {hint}.") from error
    except (SafetensorError, ValueError, KeyError, RuntimeError, ImportError, AttributeError, TypeError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"{source} cannot be loaded as {kind.__name__}: {said[0]}") from error


def quiet_transformers() -> None:
    """Keep transformers' own notices and bars off the terminal; errors still arrive as exceptions."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


@contextmanager
def without_collecting() -> Iterator[None]:
    """Garbage is not looked for while code and models are loaded, nor ever among what was loaded: all of that stays.

    Looking through a million new objects again and again takes a fifth of a start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
