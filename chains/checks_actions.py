"""What a rewrite claims that somebody does: postures, motions and deeds of the body that its caption does not hold.

"Boys who stand" may not race, and nobody may put his hands on his knees: a photo would show it. An action counts where
a person or an animal of the text is its subject:

- **said of somebody**: "a boy stands", "they are running", "each of them bows", "he sits and waves", "there stands a
  man", "the dog is held";
- **hung on**: ", running down the hill" after or before a clause about somebody, and "a wagging head";
- **limbs**: "with their legs up", "with his hands on his knees".

The verbs are in `lexicon/actions.toml`, with what a word of the caption brings with it (who is in the air may fly).
Free are feelings, voices and looks ("laughing", "shouting", "watching"); what is not said to be so ("wants to run",
"will never run", "as if he ran"); and what is done with a feeling or the air ("holds his breath").

Known limits: a verb that is not on the list goes unseen, and so does most that has no subject ("how hugs old man can").
"""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise

from .checks_content import may_be_said_of, parts, same
from .words import DETERMINERS, PREPOSITIONS, Word, kind, lemmatise, lexicon, read_tokens, word_list

BEINGS = ("person", "animal")
SUBJECTS = frozenset("he she they who both".split())
PRONOUNS = frozenset("it there that this everything nothing".split())
BEFORE_PLACES = PREPOSITIONS | frozenset(
    "for outside inside before after above below beside against among down up".split()
)
WHOLE = frozenset("them us".split())
"""Who stands after "of": "each of them"."""
BE = frozenset("is are was were am be been has have had gets get got keeps keep kept".split())
UNSAID = frozenset(
    "not never no nobody none nothing nor neither without to can could may might will would shall should must if "
    "unless want wish hope long ready about cannot than does do did let lets".split()
)
"""What stands before an action that is not said to go on."""
BETWEEN = frozenset("still now just all small little big last sudden quick slow".split())
"""What may stand between somebody and what they do, or before it as a noun, besides words in -ly."""
HELD = frozenset("on still back out off up".split())
"""What makes "hold" another verb: "holds still", "holds out"."""
NONE = frozenset("no nobody nothing none".split())
AND = frozenset(("and", "or", "but", "then"))
OWNERS = frozenset("his her its their the a".split())
PLACES = frozenset("on in around over behind against between above under across upon beyond".split())
ENDS = frozenset(".,;:!?")
REACH = 4


def added_actions(literal: str, text: str) -> tuple[str, ...]:
    """The actions that `text` claims of somebody and the literal caption does not cover."""
    known = known_actions(literal)
    if not any(kind(word.lemma) in BEINGS for word in read_tokens(literal)):
        return ()
    found = [lemma for lemma in _claimed(read_tokens(text)) if not known & same(lemma)]
    return tuple(dict.fromkeys([*found, *_limbs(literal, text)]))


@lru_cache(256)
def known_actions(literal: str) -> frozenset[str]:
    """All that may be said to be done where a literal caption is what is known."""
    lemmas = {word.lemma for word in read_tokens(literal)} | {word.text for word in read_tokens(literal)}
    lemmas |= {part for lemma in lemmas for part in (*_agents(lemma), *parts(lemma))}
    lemmas = set().union(*map(may_be_said_of, lemmas))
    return frozenset(lemmas.union(*(lexicon("actions")["brings"].get(lemma, "").split() for lemma in lemmas)))


def _agents(lemma: str) -> Iterator[str]:
    """What somebody does who is called after it: "runner" run, "biker" bike, "skateboarder" skateboard."""
    for ending in ("er", "r", "ist"):
        if lemma.endswith(ending):
            stem = lemma.removesuffix(ending)
            yield from (stem, stem[:-1] if stem[-1:] == stem[-2:-1] else stem)


@cache
def actions() -> frozenset[str]:
    """The verbs of `lexicon/actions.toml`."""
    return frozenset(word for name in ("posture", "motion", "hands") for word in lexicon("actions")[name].split())


def _claimed(words: Sequence[Word]) -> Iterator[str]:
    for i, word in enumerate(words):
        lemma = word.lemma if word.lemma in actions() else lemmatise(word.text)
        if lemma not in actions() or word.figure or _is_unsaid(words, i) or _is_of_feeling(words, i):
            continue
        if _is_said(words, i) or (word.text.endswith("ing") and _is_hung_on(words, i)):
            yield lemma


def _is_said(words: Sequence[Word], i: int) -> bool:
    """Whether somebody stands before the action as its subject, or after it: "there stands a man"."""
    text, before, after = words[i].text, i - 1, _text_at(words, i + 1)
    while before >= 0 and (words[before].text.endswith("ly") or words[before].text in BETWEEN):
        before -= 1
    if before < 0:
        return False
    if text.endswith("ing"):
        while words[before].text == "been" and before > 0:  # "who has been holding"
            before -= 1
        return (
            words[before].text in BE
            and before > 0
            and (_is_somebody(words, before - 1) or _is_placed(words, before - 1))
        )
    if text == words[i].lemma and words[before].text == "the":  # "the kiss is tender"
        return words[i].lemma in _list("hands") and kind(words[i].lemma) is None and after in BE
    if text.endswith("ed") or (text != words[i].lemma and words[before].text in BE):  # "the dog is held"
        return words[before].text in BE and before > 0 and _is_somebody(words, before - 1)
    if words[before].text == "a" and before and words[before - 1].text == "with":  # "with a skip"
        return after in ENDS and _has_subject(words, before - 1)
    if _is_somebody(words, before):
        among = (
            before > 2 and words[before - 1].text in DETERMINERS and words[before - 2].text == "and"
        )  # "and a child"
        plural = among or words[before].text != words[before].lemma or words[before].text in SUBJECTS
        return text != words[i].lemma or plural
    if words[before].text in AND and text[-2:] != "ed" and (subject := _subject_of(words, before)):
        return text.endswith("s") or (text == words[i].lemma and _is_plural(subject))
    if after.endswith(("self", "selves")) and _has_subject(words, i):  # "has laid herself down"
        return True
    if text.endswith("s") and not words[i].thing and _is_placed(words, before):
        return True
    return text.endswith("s") and words[i].lemma not in _list("hands") and _is_somebody_after(words, i)


def _is_hung_on(words: Sequence[Word], i: int) -> bool:
    """Whether an action in -ing belongs to somebody: it begins a clause about them, or stands before who does it."""
    before, after = _text_at(words, i - 1), _text_at(words, i + 1)
    if before in OWNERS:
        owner = lemmatise(after)
        return kind(owner) in BEINGS or owner in _list("limbs") or (before == "the" and after in ENDS | BE)
    if i and _is_somebody(words, i - 1):
        return True
    if before in ENDS or before in AND or before == "while":
        return _has_subject(words, i) or (_is_first(words, i) and _begins(words[i:]))
    return False


def _text_at(words: Sequence[Word], i: int) -> str:
    """The word at `i`; a full stop before the first and after the last."""
    return words[i].text if 0 <= i < len(words) else "."


def _is_first(words: Sequence[Word], i: int) -> bool:
    """Whether nothing but qualities stand before: "jubilant, twirling, …"."""
    return not any(_opens(words, j) for j in range(1, i + 1)) and not any(
        word.text in word_list("stop") for word in words[:i]
    )


def _begins(words: Sequence[Word]) -> bool:
    """Whether a text that begins with what is done goes on about somebody, or about nothing else."""
    comma = next((j for j, word in enumerate(words) if word.text in (",", ":")), len(words))
    subject = _subject(words[comma + 1 :])
    return subject is None or _is_somebodys(subject)


def _has_subject(words: Sequence[Word], i: int) -> bool:
    """Whether the clause that goes on at `i` is about somebody."""
    return _subject_of(words, i) is not None


def _subject_of(words: Sequence[Word], i: int) -> Word | None:
    """Whom the clause that goes on at `i` is about; None where it is about nobody."""
    start = i
    while start > 0 and not _opens(words, start):
        start -= 1
    subject = _subject(words[start:i])
    return subject if subject is not None and _is_somebodys(subject) else None


def _is_placed(words: Sequence[Word], i: int) -> bool:
    """Whether the word at `i` ends what tells where somebody is: "the person in midair"."""
    start = next((j for j in range(i, -1, -1) if words[j].text in ENDS), -1)
    said = words[start + 1 : i + 1]
    place = next((j for j, word in enumerate(said) if word.text in BEFORE_PLACES), 0)
    return 0 < place <= 4 and len(said) - place <= 5 and any(map(_is_being, said[max(place - 2, 0) : place]))


def _is_plural(word: Word) -> bool:
    return word.text in ("they", "people") or (word.text != word.lemma and word.text not in SUBJECTS)


def _subject(words: Sequence[Word]) -> Word | None:
    """What a clause is about: its first noun, or pronoun, that no preposition stands before; somebody even so."""
    placed = noun = False
    for word in words:
        named = word.thing or word.lemma in _abstract() or word.text in PRONOUNS
        if _is_being(word) or word.text in SUBJECTS or (named and not placed):
            return word
        placed = word.text in BEFORE_PLACES or (placed and (named or not noun))
        noun = named
    return None


def _is_somebodys(word: Word) -> bool:
    return _is_being(word) or word.text in SUBJECTS or word.lemma in _list("limbs")


def _opens(words: Sequence[Word], i: int) -> bool:
    """Whether a clause of its own begins at `i`: after a full stop, or "and the …"."""
    before = words[i - 1].text
    joined = before in AND and i > 1 and words[i - 2].text == "," and not words[i].text.endswith("ing")
    return before in ENDS - {","} or joined


def _is_being(word: Word) -> bool:
    return kind(word.lemma) in BEINGS and word.thing and not word.figure


def _is_somebody(words: Sequence[Word], i: int) -> bool:
    """Whether the word at `i` is somebody as a subject: "they", "the boy", "each of them"; not "of the boy"."""
    if words[i].text in SUBJECTS:
        return True
    if words[i].text in WHOLE:
        return i > 0 and words[i - 1].text == "of"
    return _is_being(words[i])


def _is_somebody_after(words: Sequence[Word], i: int) -> bool:
    following = words[i + 1 : i + 1 + REACH]
    if not following or following[0].text not in word_list("stop") | word_list("numbers"):
        return False
    first = next((word for word in following if word.thing), None)
    return following[0].text in ("a", "the", "an", "another") and first is not None and _is_being(first)


def _is_unsaid(words: Sequence[Word], i: int) -> bool:
    for word in reversed(words[max(i - REACH, 0) : i]):
        if word.text in ENDS:
            return False
        if word.text in UNSAID or word.lemma in UNSAID:
            return True
    return False


def _is_of_feeling(words: Sequence[Word], i: int) -> bool:
    """Whether an action is done with what cannot be seen: "holds his breath", "carries the sorrow"; "stands up to"."""
    after = [word.text for word in words[i + 1 : i + 3]]
    if after in (["up", "to"], ["out", "of"], ["for", "all"]) or (
        words[i].lemma == "hold" and HELD.intersection(after)
    ):
        return True
    if NONE.intersection(word.text for word in words[i + 1 : i + 1 + REACH]):
        return True
    for word in words[i + 1 : i + 1 + REACH]:
        if word.text in ENDS or word.thing or word.text in PLACES:
            return False
        if word.lemma in _abstract():
            return True
    return False


def _limbs(literal: str, text: str) -> Iterator[str]:
    """Limbs in a posture that the caption does not tell: "legs up", "hands on his knees"."""
    words, told = read_tokens(text), {word.text for word in read_tokens(literal)}
    for i, (limb, after) in enumerate(pairwise(words)):
        if limb.lemma not in _list("limbs") or limb.figure or not i or _is_unsaid(words, i):
            continue
        nearby = [word.lemma for word in words[i + 2 : i + 4]]
        posture = after.text in _list("limb_postures") or (
            after.text in PLACES and nearby and (nearby[0] in _list("limbs") or nearby[-1] in _list("limbs"))
        )
        if posture and not (limb.text in told and after.text in told):
            yield f"{limb.text} {after.text}"


@cache
def _list(name: str) -> frozenset[str]:
    return frozenset(lexicon("actions")[name].split())


@cache
def _abstract() -> frozenset[str]:
    return word_list("everywhere") | word_list("feeling")
