"""Rows of training in one sequence: what their prompts share, more than half of each, stands once.

A row alone is of about 100 tokens, in a pack of 384 it costs 51: half of the work, at the price of longer sequences.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import torch

ALIKE = 40  # tokens; prompts that share them are of one mood, mostly of one intensity


class Pack(NamedTuple):
    """Rows that begin alike, in one sequence: what they share stands once, then each row's own tokens."""

    ids: torch.Tensor
    labels: torch.Tensor
    places: torch.Tensor
    mask: torch.Tensor
    owner: torch.Tensor
    """The row of each token, counted over the whole batch; -1 for what rows share, and for padding."""


def packs(rows: Sequence[tuple[list[int], list[int]]], tokens: int, chance: random.Random) -> Iterator[Pack]:
    """Packs of about `tokens` tokens each, in another order each time.

    The prompts of one mood and intensity are alike up to the caption, and that part is more than half of them.
    """
    alike: dict[tuple[int, ...], list[int]] = {}
    for i, (asked, _) in enumerate(rows):
        alike.setdefault(tuple(asked[:ALIKE]), []).append(i)
    groups: list[list[int]] = []
    for members in alike.values():
        chance.shuffle(members)
        size = tokens
        for i in members:
            length = sum(map(len, rows[i]))
            if size + length > tokens:
                groups.append([])
                size = 0
            groups[-1].append(i)
            size += length - shared(rows, groups[-1])
    chance.shuffle(groups)
    for group in groups:
        yield pack([rows[i] for i in group])


def shared(rows: Sequence[tuple[list[int], list[int]]], group: Sequence[int]) -> int:
    """How many tokens the prompts of a group have in common at their beginning."""
    first, *others = (rows[i][0] for i in group)
    return min((next_difference(first, other) for other in others), default=0)


def next_difference(one: Sequence[int], other: Sequence[int]) -> int:
    """Where two sequences part."""
    return next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(other))


def pack(rows: Sequence[tuple[list[int], list[int]]], begun: Sequence[int] | None = None) -> Pack:
    """One sequence of rows: each attends to what they share and to itself, and counts its places from there.

    The first tokens of an answer, as many as it was `begun` with, are not learnt.
    """
    common = min(shared(rows, range(len(rows))), *(len(asked) - 1 for asked, _ in rows))  # each row's own end asks
    ids, labels = list(rows[0][0][:common]), [-100] * common
    places, owner = list(range(common)), [-1] * common
    for number, (asked, answer) in enumerate(rows):
        own = [*asked[common:], *answer]
        ids += own
        skipped = begun[number] if begun else 0
        labels += [*[-100] * (len(asked) - common + skipped), *answer[skipped:]]
        places += range(common, common + len(own))
        owner += [number] * len(own)
    whose = torch.tensor(owner)
    mask = ((whose[None] == whose[:, None]) | (whose[None] == -1)).tril()
    return Pack(torch.tensor([ids]), torch.tensor([labels]), torch.tensor([places]), mask[None, None], whose[None])


def stack(group: Sequence[Pack]) -> Pack:
    """Packs as rows of one batch, padded to the longest. Padding sees itself alone and is not learnt."""
    width, before = max(one.ids.shape[1] for one in group), 0
    padded = []
    for one in group:
        beyond = (0, width - one.ids.shape[1])
        owner = torch.where(one.owner >= 0, one.owner + before, -1)
        before = max(before, int(owner.max()) + 1)
        mask = torch.nn.functional.pad(one.mask, beyond * 2) | torch.eye(width, dtype=torch.bool)
        values = [(one.ids, 0), (one.labels, -100), (one.places, 0), (owner, -1)]
        ids, labels, places, whose = (torch.nn.functional.pad(told, beyond, value=value) for told, value in values)
        padded.append(Pack(ids, labels, places, mask, whose))
    return Pack(*(torch.cat(parts) for parts in zip(*padded, strict=True)))


def stacks(found: Iterable[Pack], together: int, chance: random.Random, among: int = 8) -> Iterator[Pack]:
    """So many packs a batch, of like length: sorted among the next few batches, which come in an order by chance."""
    waiting = iter(found)
    while some := list(islice(waiting, together * among)):
        some.sort(key=lambda one: one.ids.shape[1])
        groups = [some[start : start + together] for start in range(0, len(some), together)]
        chance.shuffle(groups)
        yield from map(stack, groups)
