"""Nouns of visible things for the fact check, from WordNet 3.0 (Miller, 1995; Princeton University, WordNet licence).

    python -m training.nouns /usr/share/wordnet DATA/multi30k/captions.tsv > chains/lexicon/nouns.toml

The folder is the one that Debian's package wordnet-base installs. A noun is taken where its senses are mostly of
things that a camera shows: by the counts of WordNet's tagged texts where there are any, else by its first sense. Left
out are rare nouns, which neither those texts nor the captions hold; persons, and words that are verbs too, that few
captions hold; adjectives; and what the lists written by hand hold. Words that are verbs too go to `sometimes` as well.
"""

import re
import sys
import textwrap
from collections import Counter, defaultdict
from pathlib import Path

from chains.words import kind, lemmatise, lexicon

KINDS = {5: "animal", 6: "object", 13: "food", 17: "nature", 18: "person", 20: "nature"}
"""WordNet's lexicographer files of visible things, and our names for them."""
PERSON, MOSTLY, SEEN = 18, 0.8, 5
LEFT_OUT = frozenset(
    "arms chosen colors god miss remains universe warmer die brim draw hanging treat keeper spit comedian clip frond "
    "coping ballroom swallow ruler fairy winner holder climb rip workings saint hole cuff fool".split()
)
"""Nouns by WordNet's book that captions hardly ever mean so."""
HEAD = """# Nouns of visible things, made by training/nouns.py from WordNet 3.0 (Copyright 2006 by Princeton University;
# the WordNet licence permits use and redistribution with this notice).
"""


def files_of_senses(folder: Path) -> dict[str, Counter[int]]:
    """For every noun of one word, how often it is tagged with each lexicographer file; its first sense counts once."""
    senses = [line.split() for line in (folder / "data.noun").read_text("utf-8").splitlines() if line[0] != " "]
    at = {fields[0]: int(fields[1]) for fields in senses}
    lower = {word for fields in senses for word in fields[4 : 4 + 2 * int(fields[3], 16) : 2]}
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for line in (folder / "index.noun").read_text("utf-8").splitlines():
        lemma, *rest = line.split()
        if re.fullmatch("[a-z]{3,14}", lemma) and lemma in lower:
            count = int(rest[1])
            found[lemma][at[rest[-count]]] += 1
    for line in (folder / "cntlist.rev").read_text("utf-8").splitlines():
        key, _, times = line.split()
        lemma, _, sense = key.partition("%")
        if sense.startswith("1:") and lemma in found:
            found[lemma][int(sense.split(":")[1])] += int(times)
    return found


def words_of(folder: Path, part: str) -> set[str]:
    """The words of a part of speech: "verb", "adj" or "adv"."""
    lines = (folder / f"index.{part}").read_text("utf-8").splitlines()
    return {line.split()[0] for line in lines if line[0] != " "}


def nouns(folder: Path, captions: str) -> dict[str, list[str]]:
    """The nouns by kind, and those that are also something else under `sometimes`."""
    forms = lexicon("forms")
    known = set().union(*(forms[name].split() for name in ("stop", "everywhere", "feeling", "colors", "numbers")))
    known |= set(forms["fixed"]["words"].split()) | set(forms["irregular"])
    common = Counter(lemmatise(word) for word in re.findall("[a-z]+", captions.lower()))
    known |= words_of(folder, "adj") | words_of(folder, "adv")
    verbs, found = words_of(folder, "verb"), defaultdict(list)
    for lemma, files in sorted(files_of_senses(folder).items()):
        file = files.most_common(1)[0][0]
        seen = sum(count for one, count in files.items() if one in KINDS)
        rare = common[lemma] < (SEEN if file == PERSON or lemma in verbs else 1) and not (
            files.total() > 1 and file != PERSON and lemma not in verbs
        )
        if rare or file not in KINDS or seen < MOSTLY * files.total() or lemma in known | LEFT_OUT or kind(lemma):
            continue
        found[KINDS[file]].append(lemma)
        if lemma in verbs:
            found["sometimes"].append(lemma)
    return dict(sorted(found.items()))


def main() -> None:
    print(HEAD)
    for name, lemmas in nouns(Path(sys.argv[1]), Path(sys.argv[2]).read_text("utf-8")).items():
        print(f'{name} = """\n{textwrap.fill(" ".join(lemmas), 120)}\n"""\n')


if __name__ == "__main__":
    main()
