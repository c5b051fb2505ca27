"""Two moods mixed into one."""

from .moods import Mood


def blend(first: Mood, second: Mood, share: float = 0.5) -> Mood:
    """The mood that lies between two: `share` (0..1) says how much of it is the second.

    Numbers are mixed in proportion; words, directions and examples are those of both, the stronger one's first.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"the share of a blend lies between 0 and 1, not {share}")
    main, other = (first, second) if share <= 0.5 else (second, first)
    return Mood(
        name=f"{first.name} and {second.name}",
        definition=_definition(main, other, min(share, 1 - share)),
        valence=_mix(first.valence, second.valence, share),
        arousal=_mix(first.arousal, second.arousal, share),
        dominance=_mix(first.dominance, second.dominance, share),
        tone=tuple(dict.fromkeys(main.tone + other.tone)),
        intensity=_both(main, other),
        # The writer is swayed most by the example that it read last.
        examples=(other.examples[0], main.examples[0]),
    )


def _definition(main: Mood, other: Mood, share: float) -> str:
    joint = "with a touch of" if share < 1 / 3 else "mixed with"
    return f"{main.definition.rstrip('.')}, {joint} {other.name}: {other.definition[0].lower()}{other.definition[1:]}"


def _both(main: Mood, other: Mood) -> tuple[str, str, str]:
    first, second, third = (" ".join(pair) for pair in zip(main.intensity, other.intensity, strict=True))
    return first, second, third


def _mix(first: float, second: float, share: float) -> float:
    return round((1 - share) * first + share * second, 3)
