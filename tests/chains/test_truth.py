"""Rules and a model together: the model judges, and the rules are believed where they are sure."""

from collections.abc import Sequence

import pytest

from chains.truth import JointChecker, RuleChecker, fact_checker
from models import FactReading

DOG = "A brown dog runs through the snow."


class Doubter:
    """A model that objects to one word, and remembers how many pairs each call brought."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.calls: list[int] = []

    def check(self, pairs: Sequence[tuple[str, str]]) -> list[FactReading]:
        self.calls.append(len(pairs))
        return [FactReading(0.9, (self.word,)) if self.word in text else FactReading(0.1) for _, text in pairs]


def test_without_a_model_the_rules_decide() -> None:
    checker = fact_checker(None)
    assert isinstance(checker, RuleChecker)
    good, bad, worse = checker.check([(DOG, DOG), (DOG, "A dog and a cat."), (DOG, "Two black dogs and a cat.")])
    assert (good.untrue, good.added, good.kept_share) == (0, (), 1)
    assert bad.added == ("cat",)
    assert "snow" in bad.lost_things
    assert 0 < bad.untrue < worse.untrue < 1


def test_the_model_is_asked_once_for_all_and_decides_what_is_added() -> None:
    model = Doubter("glory")
    told = JointChecker(model).check([(DOG, "A brown dog runs through the snow, all glory."), (DOG, f"{DOG} A cat!")])
    assert model.calls == [2]
    assert told[0].added == ("glory",)
    assert told[0].untrue == pytest.approx(0.9)
    assert told[1].added == ()  # a rule says cat; it is not sure
    assert told[1].kept_share == 1


def test_a_rule_that_is_sure_is_believed_against_the_model() -> None:
    (told,) = JointChecker(Doubter("nothing")).check([(DOG, "A black dog runs through the snow.")])
    assert told.contradicts == ("colour: dog",)
    assert told.untrue == 0.5
    assert "brown" in told.lost
