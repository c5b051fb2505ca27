"""People spoken of neutrally."""

import pytest

from chains.people import article, neutral, neutral_literal, neutral_reading
from models import EMOTIONS, EmotionReading, Evidence, LiteralCaption

NOUNS = {
    "A man rides his bike.": "A person rides their bike.",
    "Men stand in a row.": "People stand in a row.",
    "The lady and her dog wait.": "The person and their dog wait.",
    "The man's hat is red.": "The person's hat is red.",
    "The boys' bikes lean on a wall.": "The children's bikes lean on a wall.",
    "Women's shoes stand on a shelf.": "People's shoes stand on a shelf.",
    "An old gentleman sleeps on a bench.": "An old person sleeps on a bench.",
    "A mother holds her son.": "A parent holds their child.",
    "A fisherman casts his line.": "A fisher casts their line.",
    "An actress bows.": "An actor bows.",
    "A waitress carries plates.": "A server carries plates.",
    "A policewoman and her horse.": "A police officer and their horse.",
    "Two firemen hold a hose.": "Two firefighters hold a hose.",
    "A fireman climbs a ladder.": "A firefighter climbs a ladder.",
    "A snowman stands in a garden.": "A snowman stands in a garden.",
    "A cowboy in a cowboy hat rides a bull.": "A cowhand in a cowboy hat rides a bull.",
    "A baby girl sleeps.": "A baby sleeps.",
    "A female athlete jumps.": "An athlete jumps.",
    "A young male reads.": "A young person reads.",
    "A male lion rests.": "A male lion rests.",
    "Female tennis player on grass.": "Tennis player on grass.",
    "A male tennis player serves.": "A tennis player serves.",
    "Two males sit with a female.": "Two people sit with a person.",
    "Male performing a trick.": "Person performing a trick.",
    "A male dressed in red dives for a ball.": "A person dressed in red dives for a ball.",
    "Little Girl in a brown shirt.": "Little Child in a brown shirt.",
    "A boyish grin.": "A youthful grin.",
    "The poster shows Iron Man on a roof.": "The poster shows Iron Man on a roof.",
    "A man-made lake lies in the sun.": "A man-made lake lies in the sun.",
    "The human stands by the manhole.": "The human stands by the manhole.",
}
GROUPS = {
    "A man and a woman walk.": "Two people walk.",
    "Two men and a woman sit on a bench.": "Three people sit on a bench.",
    "A boy and a girl play.": "Two children play.",
    "A group of men and women dance.": "A group of people dance.",
    "The man and the woman smile.": "The two people smile.",
    "The man and woman smile.": "The two people smile.",
    "A man, a woman and a child eat.": "Two people and a child eat.",
    "A man, a woman, a boy and a girl wave.": "Two people and two children wave.",
    "A young man and a young woman kiss.": "Two young people kiss.",
    "A young man and an old woman talk.": "A young person and an old person talk.",
    "3 men and 2 women pose.": "5 people pose.",
    "Several men and women run.": "Several people run.",
    "His mother and father wait.": "Their parents wait.",
    "A bearded man and woman sit.": "A bearded person and person sit.",
    "A dog runs to a man and a woman watches.": "A dog runs to a person and another person watches.",
    "A man in a hat talks to a woman.": "A person in a hat talks to another person.",
    "The man hands the woman a flower.": "One person hands the other person a flower.",
    "A bride and groom cut a cake.": "Two newlyweds cut a cake.",
    "A child and a girl swim.": "Two children swim.",
}
PRONOUNS = {
    "She is smiling.": "They are smiling.",
    "He walks and smiles.": "They walk and smile.",
    "He slowly walks home.": "They slowly walk home.",
    "She never really stops and watches.": "They never really stop and watch.",
    "He was tired, but he has a smile.": "They were tired, but they have a smile.",
    "She doesn't look up.": "They don't look up.",
    "He isn't alone, and he wasn't before.": "They aren't alone, and they weren't before.",
    "She carries a box and tries the door.": "They carry a box and try the door.",
    "He watches the sea, lies down and dreams.": "They watch the sea, lie down and dream.",
    "He goes home and does nothing.": "They go home and do nothing.",
    "She's smiling.": "They're smiling.",
    "He’s been here.": "They’ve been here.",
    "He'll jump, and she'd watch.": "They'll jump, and they'd watch.",
    "Is he happy?": "Are they happy?",
    "A dog runs beside him.": "A dog runs beside them.",
    "A dog looks at her and barks.": "A dog looks at them and barks.",
    "A woman washes her hair.": "A person washes their hair.",
    "Somebody gives her a gift.": "Somebody gives them a gift.",
    "The song makes her smile.": "The song makes them smile.",
    "A friend kisses her gently on the cheek.": "A friend kisses them gently on the cheek.",
    "A girl floats on her back and makes her way home.": "A child floats on their back and makes their way home.",
    "A friend brings her back.": "A friend brings them back.",
    "The hat is his.": "The hat is theirs.",
    "A friend of hers laughs.": "A friend of theirs laughs.",
    "A man looks at himself.": "A person looks at themself.",
    "He himself holds the rope.": "They themself hold the rope.",
    "He and his dog walk.": "They and their dog walk.",
    "He walks and the dog follows and barks.": "They walk and the dog follows and barks.",
    "He holds apples and oranges.": "They hold apples and oranges.",
    "He rides the waves and laughs.": "They ride the waves and laugh.",
    "He waves to the crowd and waves again.": "They wave to the crowd and wave again.",
    "A man who rides his horse waves as if he owns it.": "A person who rides their horse waves as if they own it.",
    "A dog chases his tail.": "A dog chases his tail.",
    "The cat washes itself, and she purrs.": "The cat washes itself, and she purrs.",
    "He holds a cat that licks his hand.": "They hold a cat that licks their hand.",
    "A dog's owner throws his ball.": "A dog's owner throws their ball.",
    "Her hands hold flowers, and she laughs.": "Their hands hold flowers, and they laugh.",
    "She sees rocks and waves in the distance.": "They see rocks and waves in the distance.",
    "He must go.": "They must go.",
    "He or she waits.": "They wait.",
    "She passes, fixes and reaches.": "They pass, fix and reach.",
}
SAME = (
    "Two people ride bikes.", "A dog runs through the snow.", "Children play in the sand.", "They walk home.", "",
    "A mandarin lies on a womanless table.",
)  # fmt: skip


@pytest.mark.parametrize(("text", "told"), [*NOUNS.items(), *GROUPS.items(), *PRONOUNS.items()])
def test_people_are_spoken_of_neutrally(text: str, told: str) -> None:
    assert neutral(text) == told
    assert neutral(told) == told, "what is neutral stays"


@pytest.mark.parametrize("text", SAME)
def test_what_has_no_gender_stays(text: str) -> None:
    assert neutral(text) == text


def test_other_languages_stay_as_they_are() -> None:
    assert neutral("Il tient a man.", "fr") == "Il tient a man."


def test_articles_go_by_the_sound() -> None:
    assert [article(word) for word in ("actor", "person", "usher", "uniformed", "hour")] == ["an", "a", "an", "a", "an"]


def test_records_are_told_neutrally_and_else_alike() -> None:
    literal = LiteralCaption(text="A man waves.", confidence=0.5, doubt=0.2, detail="long")
    assert neutral_literal(literal) == literal.model_copy(update={"text": "A person waves."})
    evidence = Evidence(source="text", what="woman", emotion="awe", weight=0.2)
    shares = dict.fromkeys(EMOTIONS, 0.0) | {"awe": 1.0}
    reading = EmotionReading(distribution=shares, valence=0, arousal=0, confidence=0.5, evidence=(evidence,))
    assert neutral_reading(reading).evidence[0].what == "person"
