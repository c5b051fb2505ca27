"""What the API tells of a photo: in how much detail, of whom how, how sure of it, and which moods suit it."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.chains.doubles import Describer, some_models

from .calls import URL, events, post
from .conftest import LINES, MakeApp

STREAM = {"Accept": "text/event-stream"}


def test_another_detail_is_another_look_and_the_same_one_none(make: MakeApp) -> None:
    models: Any = some_models(*LINES)
    client = make(models).test_client()
    first = post(client, detail="long").json
    assert (first["request"]["detail"], first["result"]["detail"]) == ("long", "long")
    again = [post(client, detail=detail, intensity=0.1).json for detail in ("long", "short", "long")]
    assert [one["result"]["detail"] for one in again] == ["long", "short", "long"]
    rewrites = [
        client.post(f"{URL}/{first['id']}/rewrites", json={"detail": d}).json for d in ("long", "short", "short")
    ]
    assert [one["result"]["detail"] for one in rewrites] == ["long", "short", "short"]
    assert models.captioner.details == ["long", "short"], "in memory the chain remembers both"
    assert post(client, detail="huge").status_code == 422


def test_people_are_spoken_of_as_is_asked(make: MakeApp) -> None:
    models: Any = some_models(
        "A man rides his bike, as if glad that he does.", captioner=Describer("A man rides his bike.")
    )
    client = make(models).test_client()
    told = events(post(client, headers=STREAM, mood="contentment", people="neutral"))
    record = told[-1][1]
    assert told[0][1]["text"] == record["result"]["literal"] == "A person rides their bike."
    assert record["result"]["text"] == "A person rides their bike, as if glad that they do."
    plain = client.post(f"{URL}/{record['id']}/rewrites", json={"mood": "contentment"}).json
    assert (plain["result"]["literal"], plain["result"]["text"][:5]) == ("A man rides his bike.", "A man")
    assert models.captioner.calls == [1]
    assert post(client, people="robots").status_code == 422


@pytest.mark.parametrize(("kind", "doubt", "unsure"), [("photo", 0.9, True), ("blank", 0.1, False)])
def test_what_is_not_sure_is_said_in_words_and_gets_no_mood(
    make: MakeApp, kind: Any, doubt: float, unsure: bool
) -> None:
    client = make(some_models(*LINES, captioner=Describer(kind=kind, doubt=doubt))).test_client()
    answer = post(client, headers=STREAM, mood="contentment")
    told = events(answer)
    record = told[-1][1]
    result = record["result"]
    assert result["text"] == result["literal"]
    assert (result["unsure"], result["kind"], result["fallback"], result["suits"]) == (unsure, kind, False, [])
    assert (result["mood"]["name"], result["emotion"]["abstained"]) == ("neutral", True)
    assert told[0] == ("literal", {"text": result["literal"], "kind": kind, "unsure": unsure, "note": result["note"]})
    assert result["note"] == ("I am not sure what this photo shows." if unsure else "This photo looks blank.")
    assert told[1] == ("emotion", result["emotion"])
    assert events(client.get(f"{answer.headers['Location']}/events")) == told


def test_moods_that_suit_a_photo_are_told(client: FlaskClient) -> None:
    suits = post(client).json["result"]["suits"]
    assert len({one["name"] for one in suits}) == 5
    assert all(0 <= one["fit"] <= 1 for one in suits)
