"""Prompt text and moods: data that can be read and edited as prose, and the little code that reads it."""

from .blends import blend
from .moods import STEPS, Example, Mood, MoodsError, UnknownMoodName, find_mood, load_moods, step_of
from .rewrite import Turn, rewrite_turns, taught_turns
from .rewrites import Rewrite, load_rewrites

__all__ = [
    "STEPS",
    "Example",
    "Mood",
    "MoodsError",
    "Rewrite",
    "Turn",
    "UnknownMoodName",
    "blend",
    "find_mood",
    "load_moods",
    "load_rewrites",
    "rewrite_turns",
    "step_of",
    "taught_turns",
]
