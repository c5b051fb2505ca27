"""The figures of the field: CIDEr-D and BLEU-4 for captions, macro-F1 and Pearson's r for emotions.

Captions are compared in lower case without punctuation, as the COCO evaluation does after its tokeniser.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Gram = tuple[str, ...]
LONGEST = 4  # words of the longest n-gram
SIGMA = 6.0  # of CIDEr-D's penalty for a difference in length


def tokenize(text: str) -> list[str]:
    """The words of a caption in lower case; hyphens split, other punctuation goes."""
    return re.sub(r"[^a-z0-9' ]", " ", text.lower()).split()


def grams(words: Sequence[str]) -> list[Counter[Gram]]:
    """How often each n-gram occurs, for n = 1 to 4."""
    return [Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1)) for n in range(1, LONGEST + 1)]


class CiderD:
    """CIDEr-D (Vedantam et al., 2015) against fixed references, ready to score many captions.

    `references` holds several captions a photo. With `end`, the end of a caption counts as a word, so that
    a caption which breaks off scores less: what self-critical training needs.
    """

    def __init__(self, references: Sequence[Sequence[str]], end: bool = False) -> None:
        self.end = ["</s>"] if end else []
        counted = [[grams(self._words(text)) for text in row] for row in references]
        self.frequency: Counter[Gram] = Counter()
        for row in counted:
            self.frequency.update({gram for one in row for n in one for gram in n})
        self.photos = math.log(max(len(references), 1))
        self.vectors = [[(self._vectors(one), sum(one[0].values())) for one in row] for row in counted]

    def score(self, index: int, caption: str) -> float:
        """The caption's CIDEr-D for photo `index`, 0 to 10."""
        counted = grams(self._words(caption))
        ours, length, total = self._vectors(counted), sum(counted[0].values()), 0.0
        for theirs, other in self.vectors[index]:
            near = math.exp(-((length - other) ** 2) / (2 * SIGMA**2))
            total += near * sum(self._similarity(a, b) for a, b in zip(ours, theirs, strict=True))
        return 10 * total / LONGEST / max(len(self.vectors[index]), 1)

    def _words(self, text: str) -> list[str]:
        return tokenize(text) + self.end

    def _vectors(self, counted: list[Counter[Gram]]) -> list[tuple[dict[Gram, float], float]]:
        vectors = []
        for n in counted:
            vector = {gram: count * (self.photos - math.log(max(self.frequency[gram], 1))) for gram, count in n.items()}
            vectors.append((vector, math.sqrt(sum(value**2 for value in vector.values()))))
        return vectors

    @staticmethod
    def _similarity(ours: tuple[dict[Gram, float], float], theirs: tuple[dict[Gram, float], float]) -> float:
        (a, a_norm), (b, b_norm) = ours, theirs
        if not a_norm or not b_norm:
            return 0.0
        return sum(min(value, b[gram]) * b[gram] for gram, value in a.items() if gram in b) / (a_norm * b_norm)


def corpus_cider(captions: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """The mean CIDEr-D of one caption a photo: 0 to 10, where papers print 1.0 as 100."""
    scorer = CiderD(references)
    return sum(scorer.score(i, caption) for i, caption in enumerate(captions)) / max(len(captions), 1)


def corpus_bleu(captions: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Corpus BLEU-4 (Papineni et al., 2002) with the closest reference length, 0 to 1."""
    matched, possible, length, closest = [0] * LONGEST, [0] * LONGEST, 0, 0
    for caption, row in zip(captions, references, strict=True):
        words, others = tokenize(caption), [tokenize(text) for text in row]
        length += len(words)
        closest += min((abs(len(o) - len(words)), len(o)) for o in others)[1]
        counted, allowed = grams(words), [grams(o) for o in others]
        for n in range(LONGEST):
            most: Counter[Gram] = Counter()
            for one in allowed:
                most |= one[n]
            matched[n] += sum((counted[n] & most).values())
            possible[n] += max(len(words) - n, 0)
    if min(matched) == 0:
        return 0.0
    precision = sum(math.log(m / p) for m, p in zip(matched, possible, strict=True)) / LONGEST
    return math.exp(precision + min(0.0, 1 - closest / length))


def macro_f1(said: NDArray[np.bool_], true: NDArray[np.generic]) -> float:
    """The mean over labels of F1, for (examples, labels) of 0 and 1; a label without examples or claims counts as 0."""
    said, wanted = said.astype(bool), true.astype(bool)
    hits = (said & wanted).sum(0)
    return float(np.mean(2 * hits / np.maximum(said.sum(0) + wanted.sum(0), 1)))


def pearson(a: Sequence[float], b: Sequence[float]) -> float:
    """Pearson's r of two series of numbers."""
    return float(np.corrcoef(a, b)[0, 1])


def interval(values: Sequence[float], draws: int = 1000) -> tuple[float, float]:
    """The 95 % interval of a mean, by bootstrap (Efron, 1979): the same every time."""
    chance, sample = np.random.default_rng(0), np.asarray(values, float)
    means = sample[chance.integers(0, len(sample), (draws, len(sample)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
