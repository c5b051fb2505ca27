"""Words in all their forms: "run" also stands for "runs", "ran" and "running", "colour" for "colors"."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from .spelling import respell
from .words import known_words, lemmatise, lexicon, word_list

Forms = frozenset[str]


def tokens(text: str) -> list[str]:
    """The words of a text in lower case, hyphened ones in their parts; the ends of "man's" are gone."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
    return [re.sub(r"'s?$", "", word) for word in re.findall(r"[^\W_]+(?:'[^\W_]+)*'?", plain)]


def said(text: str, phrases: Iterable[str]) -> tuple[str, ...]:
    """Which of the words or phrases a text holds, in any of their forms."""
    words = tokens(text)
    return tuple(phrase for phrase in phrases if _holds(words, [forms(part) for part in tokens(phrase)]))


@lru_cache(2048)
def forms(word: str) -> Forms:
    """The forms of a word: plural, tenses, comparison, in both spellings; a few that do not exist do no harm."""
    bases = {word, *({lemmatise(word)} if word.isascii() else ())}
    bases |= {word[:-1]} & known_words() if word.endswith("s") else set()  # of steps, which are a thing of their own
    bases |= {respell(base, spelling) for base in bases for spelling in ("US", "UK")}
    irregular: dict[str, str] = lexicon("forms")["irregular"]
    found = bases | {form for form, lemma in irregular.items() if lemma in bases}
    found = found.union(*map(_inflected, bases))
    return frozenset(found | {respell(form, spelling) for form in found for spelling in ("US", "UK")})


def _holds(words: list[str], wanted: list[Forms]) -> bool:
    starts = range(len(words) - len(wanted) + 1)
    return bool(wanted) and any(
        all(word in kinds for word, kinds in zip(words[i:], wanted, strict=False)) for i in starts
    )


def _inflected(word: str) -> set[str]:
    """The regular forms; of a short word none, as "as" is no form of "a"."""
    if len(word) < 3 or not word.isalpha():
        return {word}
    stems = [word]
    if re.fullmatch(r".*[^aeiou]y", word):
        stems.append(word[:-1] + "i")
    if re.fullmatch(r".*[^e]e", word):
        stems.append(word[:-1])
    if re.fullmatch(r"[^aeiou]*[aeiouy][^aeiouwxy]|.*[^aeiou][aeiou][^aeiouwxy]", word):
        stems.append(word + word[-1])
    found = {stem + ending for stem in stems for ending in ("es", "ed", "ing")} | {f"{word}s"}
    found |= {f"{word[:-2]}ying"} if word.endswith("ie") else set()
    # A flower is no form of "flow", nor a forest one of "for".
    return found | ({stem + ending for stem in stems for ending in ("er", "est")} - known_words() - word_list("stop"))
