"""Runs that can be stopped and taken up: every few minutes all that is needed to go on is written to a folder."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

MINUTES = 10.0


class Progress(NamedTuple):
    """How far training is: epochs done, steps done of the next, and the held-out figures so far."""

    epoch: int = 0
    steps: int = 0
    figures: tuple[float, ...] = ()


class Keeper:
    """Keeps the weights that learn and the state of `parts` (optimizer, schedule) in `folder`."""

    def __init__(
        self, folder: Path, own: Sequence[torch.Tensor], parts: Sequence[Any], minutes: float = MINUTES
    ) -> None:
        self.folder, self.own, self.parts, self.every = folder, own, parts, 60 * minutes
        self._last = time.monotonic()

    def resume(self) -> Progress:
        """Take up what was kept; where there is nothing, the beginning."""
        file = self.folder / "progress.pt"
        if not file.exists():
            return Progress()
        kept = torch.load(file, weights_only=True)
        for weight, there in zip(self.own, kept["own"], strict=True):
            weight.data.copy_(there)
        for part, state in zip(self.parts, kept["states"], strict=True):
            part.load_state_dict(state)
        epoch, steps, figures = kept["done"]
        return Progress(epoch, steps, tuple(figures))

    def due(self) -> bool:
        """Whether it is time to keep."""
        return time.monotonic() - self._last >= self.every

    def keep(self, done: Progress) -> None:
        """Write; what was there stays until all is written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        states = [part.state_dict() for part in self.parts]
        kept = {"done": [*done[:2], list(done.figures)], "own": [w.data for w in self.own], "states": states}
        torch.save(kept, self.folder / "progress.new")
        (self.folder / "progress.new").replace(self.folder / "progress.pt")
        self._last = time.monotonic()


class Pace:
    """How fast a run is: tokens a second since it began, and the hours that are left at that rate."""

    def __init__(self, left: int) -> None:
        self.left, self.done, self.started = left, 0, time.monotonic()

    def told(self, tokens: int) -> str:
        """So many more tokens are done; the pace in words."""
        self.done += tokens
        rate = self.done / max(time.monotonic() - self.started, 1e-6)
        return f"{rate:.0f} tokens/s, {max(self.left - self.done, 0) / max(rate, 1e-6) / 3600:.1f} h left"
