"""Captions from the request to the record: kept first, then given to the scheduler, then told as they come."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from chains import CaptionRequest, MoodcapError, MoodCaption, Preferences, Settings, stage_events
from models import open_photo
from models.assemble import version_of
from prompts import Mood

from .asking import detail_of, seen_by, to_request, with_names
from .database import CaptionRow, PhotoRow
from .errors import DatabaseBusy, DeadlineExceeded, InternalError, NotDone, NotFound, NotReady, problem_of, request_id
from .events import Event, EventLog
from .faults import reached
from .followers import Followers
from .lanes import Job, Turns
from .library import Library, new_id, now
from .metrics import Metrics
from .owner import current_owner
from .photos import PhotoStore
from .preferred import Preferred
from .prefix import root
from .quota import Quota
from .records import Asked, CaptionRecord, Search
from .repeats import Repeats
from .scheduler import Chain, Scheduler
from .telling import columns_of, record_of, retold, tell, tell_literal

log = logging.getLogger(__name__)
ATTEMPTS = 3
"""How often an accepted caption is begun before it is given up: a photo that kills the server does so no more."""
TOO_LATE = "The caption was not ready in time."


class Captions:
    """What the API does with captions. It is the scheduler's keeper: jobs report to it from the lanes' threads."""

    def __init__(self, settings: Settings, library: Library, photos: PhotoStore, moods: Mapping[str, Mood]) -> None:
        self.settings, self.library, self.photos, self.moods = settings, library, photos, moods
        self.repeats = Repeats(library, photos)
        self.preferred = Preferred(library.engine)
        self.metrics = Metrics()
        self.quota = Quota(settings, library.engine)
        self.followers = Followers(settings.threads // 4 if settings.accounts else None)
        self.scheduler = Scheduler(self, settings.queue, settings.deadline, self.metrics, shared=settings.accounts)
        self.metrics.queue_depth.set_function(self.scheduler.depth)
        self._jobs: dict[str, Job] = {}
        preset = settings.chosen_preset()
        self.models = {part: str(getattr(preset, part)) for part in type(preset).model_fields if part != "about"}

    def start(self, load: Callable[[], Chain]) -> None:
        """Load the models, and take up what was accepted before the last stop; what was not is forgotten."""
        self.scheduler.start(load)
        undone = self.library.undone()
        for row in undone:
            if not row.accepted:
                self.discard(row.id)
        accepted = [row for row in undone if row.accepted]
        threading.Thread(target=self._resume, args=(accepted,), name="resume", daemon=True).start()

    def caption(self, asked: Asked, photo: bytes, accepted: bool) -> Job:
        """A job for a new photo's caption, which is kept from now on. `accepted` ones have no deadline.

        It is done already where the same photo was sent before with the same wish.

        Raises:
            PhotoError: the photo cannot be read. RequestError: the mood is none. Busy: come back later.
            QuotaUsed, StorageFull: the owner has had their share.
        """
        asked = with_names(asked, self.moods)
        job = self._job(accepted)
        preferences = self.preferred.of(job.owner)
        wish = (hashlib.sha256(photo).hexdigest(), asked.model_dump_json(), preferences.model_dump_json())
        job.wish = (job.owner, *wish)
        if self._is_repeat(job):
            return job
        self._check_room(job)
        self.quota.check_space(job.owner)
        with self.quota.taken(job.owner):
            read = open_photo(photo, self.settings.max_bytes, self.settings.max_pixels, self.settings.kept_side)
            seen = self.library.seen(read.digest, self._eyes(), detail_of(asked, preferences, self.settings))
            id = new_id()
            size = self.photos.save(id, read.image)
            width, height = read.image.size
            values = {"digest": read.digest, "width": width, "height": height, "size": size, "seen": seen}
            row = PhotoRow(id=id, owner=job.owner, kept=preferences.keep_photos, created_at=now(), **values)
            job.request = self._request(asked, row, preferences, self.library.recent())
            return self._add(job, asked, row, None)

    def rewrite(self, id: str, asked: Asked, accepted: bool) -> Job:
        """A job for another caption of a caption's photo, which is not looked at again.

        Raises:
            NotFound: there is no such caption. NotDone: its photo has not been looked at yet. And as `caption`.
        """
        asked = with_names(asked, self.moods)
        old = self.library.get(id)
        if old.photo.seen is None:
            raise NotDone("The caption is not written yet, so there is nothing to rewrite.")
        job = self._job(accepted)
        self._check_room(job)
        with self.quota.taken(job.owner):
            job.request = self._request(asked, old.photo, self.preferred.of(job.owner), self.library.recent())
            return self._add(job, asked, old.photo, old.id)

    def wait(self, job: Job) -> CaptionRecord:
        """The record of a job that is waited for.

        Raises:
            DeadlineExceeded: it was not ready in time. What went wrong with it otherwise.
        """
        if not job.events.wait(job.deadline):
            self.drop(job)
            raise DeadlineExceeded(TOO_LATE)
        if isinstance(job.outcome, MoodcapError):
            raise job.outcome
        return self.record(self.library.get(job.id))

    def follow(self, job: Job, admitted: Callable[[], bool]) -> Iterator[Event | None]:
        """The events of a job as they happen, None for a sign of life; the last is `caption` or `error`.

        There is no last one for a reader who is not `admitted` any more.
        """
        yield from job.events.follow(self.settings.heartbeat, job.deadline, admitted)
        if job.outcome is None:
            self.drop(job)
            if admitted():
                yield Event("error", problem_of(DeadlineExceeded(TOO_LATE), job.request_id).model_dump_json())

    def drop(self, job: Job) -> None:
        """Give up a job that nobody waits for any more, unless it was accepted or is done."""
        if not job.accepted and job.outcome is None:
            job.cancelled = True
            self.discard(job.id)

    def discard(self, id: str) -> None:
        """Forget a caption, and its photo with the last of its captions."""
        photo = self.library.remove(id)
        if photo is not None:
            self.photos.remove(photo)

    def let_go(self, photos: Iterable[str]) -> None:
        """Delete the files of photos that are not to be kept; what is known of them stays."""
        for id in photos:
            self.photos.remove(id)
            self.library.emptied(id)

    def remove(self, id: str) -> None:
        """Forget a caption on wish; work on it is given up.

        Raises:
            NotFound: there is none.
        """
        self.library.get(id)
        job = self._jobs.get(id)
        if job is not None:
            job.cancelled = True
        self.discard(id)

    def give_up(self, owner: str) -> None:
        """Work on all captions of an owner, and what is remembered of them, is given up."""
        for job in list(self._jobs.values()):
            job.cancelled = job.cancelled or job.owner == owner
        self.repeats.forget(owner)

    def events(self, id: str) -> EventLog:
        """What has happened to a caption, and what still happens."""
        row = self.library.get(id)
        job = self._jobs.get(id)
        return job.events if job is not None else retold(self.record(row))

    def page(self, search: Search) -> tuple[tuple[CaptionRecord, ...], str | None]:
        """A page of captions, and the cursor of the next."""
        rows, cursor = self.library.page(search)
        return tuple(map(self.record, rows)), cursor

    def record(self, row: CaptionRow, job: Job | None = None) -> CaptionRecord:
        """A caption as clients see it: who asks now, or who asked for the job."""
        return record_of(row, root() if job is None else job.root)

    def started(self, job: Job) -> bool:
        """Work on a job begins, unless it has been begun too often or is gone."""
        attempts = reached(lambda: self.library.start(job.id))
        if attempts > ATTEMPTS:
            self.failed(job, InternalError("The server stopped each time it worked on this photo."))
        return 0 < attempts <= ATTEMPTS

    def passed(self, job: Job, stage: str, draft: Any) -> None:
        """Tell what the looking lane has found."""
        if stage == "literal":
            tell_literal(job.events, draft.told.text, draft)
        elif stage != "caption":
            for event in stage_events(stage, draft):
                tell(job.events, event.event, event.data)

    def finished(self, job: Job, draft: Any) -> None:
        """Keep a caption, then tell it."""
        result: MoodCaption = draft.result
        columns, seen = columns_of(result), seen_by(draft, self._eyes())
        if not reached(lambda: self.library.finish(job.id, columns, seen)):
            self.failed(job, NotFound("The caption was deleted before it was written."))
            return
        if job.wish and not result.fallback:
            self.repeats.note(job.wish, job.id)
        row = reached(lambda: self.library.get(job.id))
        self.let_go(reached(lambda: self.library.unkept(row.photo_id)))
        job.outcome = self.record(row, job)
        for event in stage_events("caption", draft):
            tell(job.events, event.event, job.outcome if event.event == "caption" else event.data)
        self._jobs.pop(job.id, None)

    def failed(self, job: Job, error: MoodcapError) -> None:
        """Tell why there will be no caption. An accepted one stays, to be read, or for the next start of the server."""
        job.outcome = error
        problem = problem_of(error, job.request_id)
        try:
            if not job.accepted:
                reached(lambda: self.discard(job.id))
            elif not isinstance(error, (NotReady, DatabaseBusy)):
                told = {"status": "failed", "error": problem.model_dump(mode="json")}
                reached(lambda: self.library.finish(job.id, told))
                self.let_go(self.library.unkept())
        finally:
            job.events.tell("error", problem)
            self._jobs.pop(job.id, None)

    def stop(self, timeout: float) -> None:
        """Finish what is being worked on."""
        self.scheduler.stop(timeout)

    def _job(self, accepted: bool) -> Job:
        deadline = None if accepted else time.monotonic() + self.settings.deadline
        return Job(new_id(), None, deadline, accepted, request_id(), owner=current_owner(), root=root())

    def _check_room(self, job: Job) -> None:
        self.scheduler.check_room(None if job.accepted else self.settings.deadline, job.owner)

    def _is_repeat(self, job: Job) -> bool:
        row = self.repeats.answer(job.wish or (), job.id, job.accepted)
        if row is not None:
            job.outcome = self.record(row)
            retold(job.outcome, job.events)
        return row is not None

    def _add(self, job: Job, asked: Asked, photo: PhotoRow, rewrite_of: str | None) -> Job:
        row = CaptionRow(
            id=job.id,
            owner=job.owner,
            photo_id=photo.id,
            rewrite_of=rewrite_of,
            accepted=job.accepted,
            status="queued",
            attempts=0,
            request=asked.model_dump(mode="json"),
            created_at=now(),
            updated_at=now(),
        )
        try:
            fresh = photo if rewrite_of is None else None
            with self.quota.space(job.owner if fresh else None):
                self.library.add(row, fresh)
            self._submit(job)
        except BaseException:
            self.discard(job.id)
            if rewrite_of is None:
                self.photos.remove(photo.id)
            raise
        return job

    def _submit(self, job: Job, patient: bool = False) -> None:
        self._jobs[job.id] = job
        try:
            self.scheduler.submit(job, patient)
        except BaseException:
            self._jobs.pop(job.id, None)
            raise

    def _resume(self, rows: list[CaptionRow]) -> None:
        turns: Turns[CaptionRow] = Turns()
        turns.extend(rows)
        while turns:
            row = turns.popleft()
            request = self._request(Asked.model_validate(row.request), row.photo, self.preferred.of(row.owner))
            try:
                self._submit(Job(row.id, request, accepted=True, owner=row.owner), patient=True)
            except NotReady:  # stopped again, or without models: the next start takes it up
                return
        if rows:
            log.info("resumed", extra={"captions": len(rows)})

    def _request(
        self, asked: Asked, photo: PhotoRow, preferences: Preferences, recent: tuple[str, ...] = ()
    ) -> CaptionRequest:
        return to_request(asked, photo, self.photos, preferences, self.settings, recent)

    def _eyes(self) -> list[str]:
        """What a look at a photo depends on: another answer of this means to look anew."""
        parts = [self.models[part] for part in ("captioner", "emotion_image", "emotion_text")]
        return [*parts, str(self.settings.threshold), version_of(self.settings.home, "captioner")]
