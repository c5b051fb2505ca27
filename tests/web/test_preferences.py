"""Preferences over HTTP: stated, learnt, applied to every caption and rewrite, and forgotten."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import create_engine, inspect, text

from models import Detail, LiteralCaption, ModelError, Photo
from tests.chains.doubles import Describer, some_models
from tests.photos import draw_photo, encoded
from web.database import migrate
from web.library import now
from web.preferred import MOST
from web.sweeper import sweep

from .calls import URL, events, post
from .conftest import LINES, MakeApp, captions_of, until

PREFERENCES, LEARNT = "/api/v1/preferences", "/api/v1/learnt"
DEFAULTS: dict[str, Any] = {
    "mood": None, "intensity": None, "length": "any", "detail": None, "people": None, "spelling": "any", "never": [],
    "first": [], "keep_photos": True, "keep_days": None,
}  # fmt: skip


def edit(client: FlaskClient, id: str, **change: Any) -> None:
    assert client.patch(f"{URL}/{id}", json=change).status_code == 200


def learnt(client: FlaskClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(LEARNT).json["examples"]
    return found


def files(app: Flask) -> list[Path]:
    return [path for path in captions_of(app).photos.folder.rglob("*") if path.is_file()]


def test_preferences_are_stated_bit_by_bit_and_outlive_the_server(make: MakeApp) -> None:
    client = make().test_client()
    assert client.get(PREFERENCES).json == DEFAULTS
    stated = {"mood": "joyful", "never": ["  Very ", "very", "!?", "sense of"], "first": ["awed", "joy", "awe"]}
    told = DEFAULTS | {"mood": "joy", "never": ["very", "sense of"], "first": ["awe", "joy"]}
    assert client.patch(PREFERENCES, json=stated).json == told
    assert client.patch(PREFERENCES, json={"length": "short"}).json == told | {"length": "short"}
    again = make().test_client()
    assert again.patch(PREFERENCES, json={"mood": None}).json == told | {"length": "short", "mood": None}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mood": "xyzzy"}, "unknown_mood"), ({"first": ["xyzzy"]}, "unknown_mood"),
        ({"length": None}, "invalid_request"),
        ({"spelling": "AU"}, "invalid_request"), ({"intensity": 2}, "invalid_request"),
        ({"keep_days": 0}, "invalid_request"),
        ({"detail": "huge"}, "invalid_request"), ({"people": "robots"}, "invalid_request"),
        ({"never": ["a\x00"]}, "invalid_request"), ({"never": [f"a{n}" for n in range(51)]}, "invalid_request"),
        ({"first": ["joy"] * 13}, "invalid_request"), ({"examples": []}, "invalid_request"),
    ],
)  # fmt: skip
def test_what_cannot_be_preferred_is_told_and_changes_nothing(client: FlaskClient, change: Any, code: str) -> None:
    answer = client.patch(PREFERENCES, json={"spelling": "UK"} | change)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert client.get(PREFERENCES).json == DEFAULTS


def test_preferences_count_for_captions_and_rewrites_and_a_request_goes_before_them(client: FlaskClient) -> None:
    client.patch(PREFERENCES, json={"mood": "contentment", "intensity": 0.3, "never": ["steps"], "length": "short"})
    first = post(client).json
    rewrite = client.post(f"{URL}/{first['id']}/rewrites", json={}).json
    for record in (first, rewrite):
        assert record["result"]["mood"] == {"name": "contentment", "intensity": 0.3, "source": "asked"}
        assert record["result"]["text"] in LINES[1:3], "the shortest"
        assert (record["request"]["mood"], record["request"]["intensity"]) == (None, None)
        assert any("never be said: steps" in one["checks"]["problems"][-1] for one in record["result"]["rejected"])
    own = client.post(f"{URL}/{first['id']}/rewrites", json={"mood": "joy", "intensity": 0.8}).json
    assert (own["result"]["mood"]["name"], own["result"]["mood"]["intensity"]) == ("joy", 0.8)
    found = client.post(f"{URL}/{first['id']}/rewrites", json={"mood": "automatic"}).json
    assert (found["request"]["mood"], found["result"]["mood"]["source"]) == ("automatic", "detected")
    for body in ({"mood": "automatic", "blend": "joy"}, {"mood": "joy", "blend": "automatic"}):
        answer = client.post(f"{URL}/{first['id']}/rewrites", json=body)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")


def test_an_edit_is_learnt_with_what_it_changed_and_taken_back_with_it(client: FlaskClient) -> None:
    record = post(client, mood="contentment").json
    edit(client, record["id"], edited_text="Snow, and a brown dog runs, glad.")
    (one,) = learnt(client)
    assert one["text"] == "Snow, and a brown dog runs, glad."
    assert (one["before"], one["literal"]) == (record["result"]["text"], record["result"]["literal"])
    assert (one["mood"], one["source"], one["weight"], one["caption_id"]) == ("contentment", "edit", 1, record["id"])
    edit(client, record["id"], rating="bad")
    assert learnt(client) == [one], "the edit says more"
    edit(client, record["id"], edited_text=None)
    (rating,) = learnt(client)
    assert (rating["source"], rating["weight"], rating["text"]) == ("rating", -0.4, record["result"]["text"])
    edit(client, record["id"], rating=None)
    assert learnt(client) == []


def test_the_newest_example_weighs_most_and_the_oldest_go(client: FlaskClient, app: Flask) -> None:
    ids = [post(client, mood="contentment").json["id"] for _ in range(3)]
    for id in ids:
        edit(client, id, edited_text="A brown dog runs through the snow!")
    assert [(one["caption_id"], one["weight"]) for one in learnt(client)] == [
        (ids[2], 1),
        (ids[1], 0.9),
        (ids[0], 0.81),
    ]
    assert "captions that end in “!”" in client.get(LEARNT).json["habits"]
    row = captions_of(app).library.get(ids[0])
    for number in range(MOST):
        row.id = f"{number:022}"
        captions_of(app).preferred.learn("local", row)
    assert len(learnt(client)) == MOST
    assert ids[0] not in {one["caption_id"] for one in learnt(client)}


def test_what_was_learnt_changes_what_comes_next_and_forgetting_changes_it_back(client: FlaskClient) -> None:
    usual = post(client, mood="contentment").json["result"]
    edited = [post(client, mood="contentment").json["id"] for _ in range(5)]
    for id in edited:
        edit(client, id, edited_text="The brown dog runs through the snow, glad!")
    next_ = post(client, mood="contentment").json["result"]
    assert next_["text"].endswith("!")
    assert not usual["text"].endswith("!")
    assert client.delete(f"{LEARNT}/{learnt(client)[0]['id']}").status_code == 204
    assert len(learnt(client)) == 4
    assert client.delete(LEARNT).status_code == 204
    assert client.get(LEARNT).json == {"habits": [], "examples": []}
    assert client.get(f"{URL}/{edited[0]}").json["edited_text"] == "The brown dog runs through the snow, glad!"
    assert client.delete(f"{LEARNT}/{'x' * 22}").status_code == 404
    assert not post(client, mood="contentment").json["result"]["text"].endswith("!")


def test_a_deleted_caption_takes_with_it_what_was_learnt(client: FlaskClient) -> None:
    id = post(client, mood="contentment").json["id"]
    edit(client, id, rating="good")
    assert len(learnt(client)) == 1
    client.delete(f"{URL}/{id}")
    assert learnt(client) == []


def test_nothing_is_learnt_from_a_rating_where_there_was_no_rewrite(client: FlaskClient) -> None:
    id = post(client, mood="neutral").json["id"]
    edit(client, id, rating="bad")
    assert learnt(client) == []
    edit(client, id, edited_text="A dog in snow, and how!")
    assert learnt(client)[0]["before"] is None


def test_one_learns_for_oneself_alone(client: FlaskClient, app: Flask) -> None:
    edit(client, post(client, mood="contentment").json["id"], rating="good")
    preferred = captions_of(app).preferred
    preferred.state("another", {"never": ("snow",)})
    assert preferred.learnt("another").examples == ()
    assert preferred.of("another").examples == ()
    preferred.remove("another")
    assert preferred.stated("another").never == ()
    assert len(preferred.of("local").examples) == 1


def test_photos_that_are_not_kept_go_once_their_caption_is_done_and_can_still_be_rewritten(
    client: FlaskClient, app: Flask
) -> None:
    kept = post(client, mood="contentment").json
    assert kept["photo"]["kept"]
    client.patch(PREFERENCES, json={"keep_photos": False})
    record = post(client, encoded(draw_photo(7)), mood="contentment").json
    assert (record["photo"]["kept"], record["result"]["text"] in LINES) == (False, True)
    for place in (record["photo"]["url"], record["photo"]["thumbnail_url"], f"{record['photo']['url']}?captioned=true"):
        assert client.get(place).status_code == 404
    assert client.get(kept["photo"]["url"]).status_code == 200
    assert len(files(app)) == 2
    rewrite = client.post(f"{URL}/{record['id']}/rewrites", json={"mood": "joy"})
    assert (rewrite.status_code, rewrite.json["status"]) == (201, "done")
    assert {one["id"] for one in client.get(URL).json["captions"]} >= {record["id"], kept["id"]}


def test_detail_and_people_are_preferred(make: MakeApp) -> None:
    client = make(some_models(*LINES, captioner=Describer("A man walks."))).test_client()
    client.patch(PREFERENCES, json={"detail": "long", "people": "neutral"})
    preferred = post(client).json
    assert (preferred["result"]["detail"], preferred["result"]["literal"]) == ("long", "A person walks.")
    asked = post(client, detail="short", people="as_seen").json
    assert (asked["result"]["detail"], asked["result"]["literal"]) == ("short", "A man walks.")
    client.patch(PREFERENCES, json={"detail": None, "people": None})
    assert post(client).json["result"]["literal"] == "A man walks."


def test_a_photo_that_is_not_kept_is_told_of_in_the_detail_that_is_there(client: FlaskClient) -> None:
    client.patch(PREFERENCES, json={"keep_photos": False})
    record = post(client).json
    rewrite = client.post(f"{URL}/{record['id']}/rewrites", json={"detail": "long"})
    assert (rewrite.status_code, rewrite.json["result"]["detail"]) == (201, "short")


def test_photos_that_are_not_kept_go_as_well_where_the_caption_fails(make: MakeApp) -> None:
    class Broken(Describer):
        def caption(self, photos: Sequence[Photo], detail: Detail = "short") -> list[LiteralCaption]:
            raise ModelError("the model is broken")

    app = make(some_models(*LINES)._replace(captioner=Broken()))
    client = app.test_client()
    client.patch(PREFERENCES, json={"keep_photos": False})
    answer = post(client, headers={"Prefer": "respond-async"})
    assert events(client.get(f"{answer.headers['Location']}/events"))[-1][0] == "error"
    until(lambda: not files(app))


def test_the_sweeper_lets_go_of_what_a_crash_left_and_of_what_is_older_than_preferred(
    client: FlaskClient, app: Flask
) -> None:
    captions = captions_of(app)
    client.patch(PREFERENCES, json={"keep_photos": False})
    record = post(client, mood="contentment").json
    row = captions.library.get(record["id"])
    captions.photos.save(row.photo_id, draw_photo())
    with captions.library.engine.begin() as connection:
        connection.execute(text("update photos set size = 9"))
    sweep(captions)
    assert files(app) == []
    assert client.get(f"{URL}/{record['id']}").status_code == 200
    client.patch(PREFERENCES, json={"keep_days": 1})
    assert sweep(captions) == 0
    with captions.library.engine.begin() as connection:
        connection.execute(text("update photos set created_at = :old"), {"old": now() - timedelta(days=2)})
    assert sweep(captions) == 1
    assert client.get(URL).json["captions"] == []


def test_every_database_keeps_preferences_and_examples(make: MakeApp, database: str) -> None:
    app = make(database=SecretStr(database))
    client = app.test_client()
    client.patch(PREFERENCES, json={"never": ["very"]})
    client.patch(PREFERENCES, json={"keep_days": 2.5, "keep_photos": False})
    id = post(client, mood="contentment").json["id"]
    for words in ("Snow, glad!", "Snow, happy!"):
        edit(client, id, edited_text=words)
    assert [one["text"] for one in learnt(client)] == ["Snow, happy!"]
    assert client.get(PREFERENCES).json == DEFAULTS | {"never": ["very"], "keep_days": 2.5, "keep_photos": False}
    assert (sweep(captions_of(app)), files(app)) == (0, [])
    assert client.delete(LEARNT).status_code == 204
    assert learnt(client) == []


def test_tables_of_an_older_server_are_brought_up_to_date(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[2] / "web/migrations"))
    with engine.begin() as connection:
        config.attributes.update(connection=connection, metadata=None)
        command.upgrade(config, "0001")
        connection.execute(
            text("insert into photos values ('p', 'd', 1, 1, 1, null, '2026-01-01')")
        )  # fmt: skip
    migrate(engine)
    with engine.begin() as connection:
        assert connection.execute(text("select kept from photos")).scalar() == 1
    assert {"preferences", "learnt"} <= set(inspect(engine).get_table_names())
    engine.dispose()
