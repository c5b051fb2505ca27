"""Owners share the models: one's batch of 500 does not starve another's single photo. Quotas hold."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr

from chains import CaptionRequest
from tests.chains.doubles import some_models
from tests.photos import draw_photo, encoded
from web.database import UsageRow
from web.errors import Busy
from web.lanes import BATCH, Job, Turns, ahead
from web.library import now
from web.metrics import Metrics
from web.owner import LOCAL, transaction
from web.scheduler import Scheduler

from .calls import URL, post, signed_in
from .conftest import LINES, MakeApp, captions_of, until
from .test_serving import Slow

ROOM = 64
ASYNC = {"Prefer": "respond-async"}


class Step:
    """A stage that does each batch when it is told to, and notes whose jobs were in it."""

    name = "step"

    def __init__(self) -> None:
        self.go = threading.Semaphore(0)
        self.batches: list[list[str]] = []

    def batch(self, inputs: list[Any], *, return_exceptions: bool = False) -> list[Any]:
        self.batches.append([str(one.image) for one in inputs])
        assert self.go.acquire(timeout=20)
        return inputs


class Pass(Step):
    """A stage that waits for nobody."""

    def batch(self, inputs: list[Any], *, return_exceptions: bool = False) -> list[Any]:
        return inputs


class OneStep:
    """A chain of which only the look takes time."""

    def __init__(self) -> None:
        self.step = Step()
        self.looking: Sequence[Any] = [self.step]
        self.writing: Sequence[Any] = [Pass()]


class Notes:
    """A keeper that notes whose jobs are done."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def started(self, job: Job) -> bool:
        return True

    def passed(self, job: Job, stage: str, draft: Any) -> None:
        pass

    def finished(self, job: Job, draft: Any) -> None:
        self.done.append(job.owner)

    def failed(self, job: Job, error: Exception) -> None:
        self.done.append(f"{job.owner} failed")


def job(owner: str) -> Job:
    return Job(owner, CaptionRequest(image=owner), owner=owner)


@pytest.fixture
def chain() -> OneStep:
    return OneStep()


@pytest.fixture
def scheduler(chain: OneStep) -> Any:
    scheduler = Scheduler(Notes(), ROOM, 60, Metrics(), shared=True)
    scheduler.start(lambda: chain)
    until(scheduler.ready)
    yield scheduler
    chain.step.go.release(1000)
    scheduler.stop(5)


def test_owners_take_turns_and_each_ones_jobs_keep_their_order() -> None:
    turns: Turns[Job] = Turns()
    counts = {"a": 5, "b": 1, "c": 2}
    given = [Job(f"{owner}{n}", None, owner=owner) for owner, count in counts.items() for n in range(count)]
    turns.extend(given)
    taken = [turns.popleft().id for _ in range(4)]
    turns.extend([Job("b1", None, owner="b")])
    taken += [turns.popleft().id for _ in range(len(turns))]
    assert taken == ["a0", "b0", "c0", "a1", "c1", "a2", "b1", "a3", "a4"]
    assert turns == Turns()


def test_a_batch_of_500_does_not_starve_a_single_photo(scheduler: Scheduler, chain: OneStep) -> None:
    batches, left = chain.step.batches, [None] * 500

    def push() -> None:
        """As a client does that comes back whenever there is room."""
        with suppress(Busy):
            while left:
                scheduler.submit(job("many"))
                left.pop()

    def step() -> None:
        done = len(batches)
        chain.step.go.release()
        until(lambda: len(batches) > done or scheduler.depth() == 0)
        push()

    push()
    until(lambda: batches)
    for _ in range(3):
        step()
    scheduler.submit(job("one"))
    begun = len(batches)
    while scheduler.depth():
        step()
    (place,) = [number for number, batch in enumerate(batches) if "one" in batch]
    assert place == begun, "it is in the next batch, while hundreds wait that came before it"
    assert len(batches[place]) == BATCH, "which is full all the same"
    assert batches[place].index("one") <= 1
    assert Counter(scheduler.keeper.done) == {"many": 500, "one": 1}  # type: ignore[attr-defined]


def test_nobody_holds_more_of_the_room_than_is_left_for_others(scheduler: Scheduler) -> None:
    held = Counter[str]()
    for owner in ("a", "b", "c", "d"):
        with suppress(Busy):
            while True:
                scheduler.submit(job(owner))
                held[owner] += 1
    assert held == {"a": 32, "b": 16, "c": 8, "d": 4}
    scheduler.submit(job("e"))


def test_one_owner_alone_has_all_the_room_where_there_are_no_accounts(chain: OneStep) -> None:
    scheduler = Scheduler(Notes(), ROOM, 60, Metrics())
    scheduler.start(lambda: chain)
    for _ in range(ROOM):
        scheduler.submit(job("local"))
    with pytest.raises(Busy):
        scheduler.submit(job("local"))
    chain.step.go.release(1000)
    until(lambda: scheduler.depth() == 0)
    scheduler.stop(5)


def test_what_is_ahead_of_a_job_is_what_takes_its_turn_before() -> None:
    owners = Counter(many=40, few=3)
    assert ahead(owners, "one", 0) == 2, "one of each"
    assert ahead(owners, "few", 0) == 7, "its own three, and four of the other's"
    assert ahead(owners, "many", 0) == 43
    assert ahead(owners, "one", 16) == 18, "and what is under way"
    assert ahead(Counter(local=5), "local", 16) == 5, "alone it is all that there is"


def test_a_single_photo_is_taken_where_a_long_queue_would_be_too_late(scheduler: Scheduler) -> None:
    scheduler.seconds = 1
    for _ in range(32):
        scheduler.submit(job("many"))
    soon = time.monotonic() + 30
    with pytest.raises(Busy):
        scheduler.submit(Job("late", CaptionRequest(image="many"), soon, owner="many"))
    scheduler.submit(Job("one", CaptionRequest(image="one"), soon, owner="one"))


def test_what_was_accepted_is_taken_up_by_turns_after_a_restart(make: MakeApp) -> None:
    closed = Slow()
    app = make(some_models(*LINES)._replace(captioner=closed), accounts=True)
    ada, grace = signed_in(app, "ada"), signed_in(app, "grace")
    for seed in range(12):
        post(ada, encoded(draw_photo(seed)), headers=ASYNC)
    last = post(grace, encoded(draw_photo(99)), headers=ASYNC).json["id"]
    rows = captions_of(app).library.undone()
    assert rows[-1].id == last
    closed.go.set()
    until(lambda: captions_of(app).scheduler.depth() == 0)
    given: list[str] = []
    captions = captions_of(app)
    captions._submit = lambda job, patient=False: given.append(job.id)  # type: ignore[method-assign]
    captions._resume(rows)
    assert given.index(last) == 1


@pytest.fixture
def rationed(make: MakeApp, database: str) -> Flask:
    return make(accounts=True, captions_per_day=2, database=SecretStr(database))


def test_a_user_has_so_many_captions_a_day(rationed: Flask) -> None:
    ada, grace = signed_in(rationed, "ada"), signed_in(rationed, "grace")
    first = post(ada).json["id"]
    assert post(ada, b"no photo").status_code == 415, "what fails is not counted"
    assert ada.post(f"{URL}/{first}/rewrites", json={"mood": "joy"}).status_code == 201
    ada.delete(f"{URL}/{first}")
    for answer in (post(ada, mood="awe"), post(ada, mood="awe", headers=ASYNC)):
        assert (answer.status_code, answer.json["code"]) == (429, "quota_used")
        assert 1 <= int(answer.headers["Retry-After"]) <= 86401
    usage = ada.get("/api/v1/usage").json
    assert (usage["captions_today"], usage["captions_per_day"], usage["photo_bytes_limit"]) == (2, 2, None)
    assert ada.delete("/api/v1/account/data").status_code == 204
    assert post(ada, mood="awe").status_code == 429, "deleting does not give them back"
    assert post(grace).status_code == 201
    with transaction(captions_of(rationed).library.engine) as session:
        for row in session.query(UsageRow):
            row.day = (now() - timedelta(days=1)).date().isoformat()
    assert post(ada, mood="awe").status_code == 201


def test_two_requests_cannot_both_have_the_last_caption(rationed: Flask) -> None:
    quota = captions_of(rationed).quota
    with ThreadPoolExecutor(6) as pool:
        got = list(pool.map(lambda _: quota._count(LOCAL, "2026-01-01", 1), range(6)))
    assert sorted(got) == [False] * 4 + [True] * 2


def test_a_users_photos_take_so_many_bytes(make: MakeApp) -> None:
    app = make(accounts=True, photo_bytes=1)
    ada, grace = signed_in(app, "ada"), signed_in(app, "grace")
    id = post(ada).json["id"]
    answer = post(ada, encoded(draw_photo(1)))
    assert (answer.status_code, answer.json["code"]) == (409, "storage_full")
    usage = ada.get("/api/v1/usage").json
    files = [path for path in captions_of(app).photos.folder.rglob("*") if path.is_file()]
    assert usage["photo_bytes"] == sum(path.stat().st_size for path in files) > 0
    assert ada.post(f"{URL}/{id}/rewrites", json={"mood": "joy"}).status_code == 201, "no new photo"
    assert post(grace).status_code == 201
    assert all(ada.delete(f"{URL}/{one['id']}").status_code == 204 for one in ada.get(URL).json["captions"])
    assert post(ada, encoded(draw_photo(1))).status_code == 201


def test_photos_that_come_at_once_do_not_share_the_last_space(make: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make(accounts=True, photo_bytes=1)
    ada = signed_in(app, "ada")
    photos, together, save = captions_of(app).photos, threading.Barrier(4), captions_of(app).photos.save
    monkeypatch.setattr(photos, "save", lambda *photo: (together.wait(20), save(*photo))[1])

    def upload(seed: int) -> int:
        client = app.test_client()
        client.environ_base.update(ada.environ_base)
        client.set_cookie("moodcap_session", cookie)
        return int(post(client, encoded(draw_photo(seed)), headers=ASYNC).status_code)

    found = ada.get_cookie("moodcap_session")
    assert found is not None
    cookie = found.value
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(upload, range(4))) == [202, 409, 409, 409]
    assert len([path for path in photos.folder.rglob("*") if path.is_file()]) == 2, "what is refused leaves no file"


def test_the_rate_of_captions_is_a_users_where_there_are_accounts(make: MakeApp) -> None:
    app = make(accounts=True, rate_limit="1/minute")
    ada, grace = signed_in(app, "ada"), signed_in(app, "grace")
    assert [post(one).status_code for one in (ada, ada, grace)] == [201, 429, 201]


def test_nobody_holds_all_threads_by_following(make: MakeApp) -> None:
    closed = Slow()
    app = make(some_models(*LINES)._replace(captioner=closed), accounts=True, threads=8)
    ada, grace = signed_in(app, "ada"), signed_in(app, "grace")
    mine, hers = (f"{post(one, headers=ASYNC).headers['Location']}/events" for one in (ada, grace))
    streams = [ada.get(mine) for _ in range(2)]
    refused = ada.get(mine)
    assert (refused.status_code, refused.json["code"]) == (503, "busy")
    assert "Retry-After" in refused.headers
    streams.append(grace.get(hers))
    closed.go.set()
    assert all("event: caption" in stream.text for stream in streams)
    for _ in range(4):
        assert "event: caption" in ada.get(mine).text
    ada.get(mine).close()
    assert captions_of(app).followers._streams == {}
