"""When the captioner names what the image model is sure of, though it never learnt to say it from captions.

The decoder knows people, dogs and sport from its photos; the image model names a thousand things. Where it is sure of
a thing that the caption leaves out, the caption is written again, made to begin with that thing. The limits below are
tuned on the dev photos of flickr8k and the photos kept aside of coco_small and imagenet_named: as many things as can
be had without a loss on the first two.
"""

import re
from functools import cache

from .photo_tags import word_kinds

LEAST = 0.2
"""A thing that is less probable than this is never named."""
LEAST_WITH_PEOPLE = 0.5
"""So sure must the image model be where the caption is about people, of whom it knows nothing."""
DOUBT = 0.9
"""And so unsure must the caption be then: its mean log-probability lies below minus this."""
PEOPLE = re.compile(
    r"\b(man|men|woman|women|boy|boys|girl|girls|child|children|people|person|players?|baby|toddler|crowd|team|"
    r"skateboarder|surfer|snowboarder|climber|biker|skier|rider)\b"
)
MASS = frozenset(
    "broccoli guacamole spaghetti bread corn hay cabbage coral seaweed money toilet_paper ice_cream".split()
)


def wants_name(caption: str, logprob: float, thing: str, probability: float) -> bool:
    """Whether a caption in lower case, with its mean log-probability a token, shall name the likeliest thing."""
    if probability < LEAST or word_kinds().get(thing) == "place" or says(caption, thing):
        return False
    return not PEOPLE.search(caption) or (probability >= LEAST_WITH_PEOPLE and logprob < -DOUBT)


def says(caption: str, thing: str) -> bool:
    """Whether the caption holds the thing, in singular or plural."""
    return re.search(rf"\b{re.escape(thing)}(s|es)?\b", caption) is not None


def opening(thing: str) -> str:
    """How a caption that names the thing begins."""
    return f"a close up of {with_article(thing)}"


@cache
def with_article(thing: str) -> str:
    """The thing with its article: "an apple", "a cup", "scissors", "broccoli"."""
    if thing.replace(" ", "_") in MASS or (thing.endswith("s") and not thing.endswith(("ss", "us"))):
        return thing
    return f"{'an' if starts_with_vowel(thing) else 'a'} {thing}"


def starts_with_vowel(word: str) -> bool:
    """Whether "an" stands before the word: by its sound, as far as letters tell."""
    return re.match(r"(?!uni|use|usu|euro|one\b|once|uk)[aeiou]|hour|honest", word) is not None
