"""The micro-batching scheduler: two lanes, one thread each, between them the stages of the chain.

    submit ─► look (open, literal, emotion) ─► write (mood, rewrite, caption) ─► done

A lane takes all that waits, up to a batch, as soon as it is free: under load batches form while the lane is busy,
and a single photo never waits for company. While one batch is written in, the next is looked at. What is cancelled
or past its deadline is dropped before it costs model time. Owners take turns in every batch, so that a single photo
waits for at most one of each other owner's, and where many share the server none may hold more of the room than is
left (dynamic thresholds: Choudhury and Hahne, 1998), so that there is some for whoever comes next.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from chains import MoodcapError

from .errors import Busy, DeadlineExceeded, InternalError, NotReady
from .faults import as_known
from .lanes import BATCH, Job, Lane, ahead
from .metrics import Metrics
from .owner import LOCAL

log = logging.getLogger(__name__)
SMOOTHING = 0.3  # of the seconds a photo takes, as measured batch by batch
GUESS = 2.0  # seconds a photo takes, until that is measured
FAILED = 30  # seconds after which to come back to models that could not be loaded, or that hang
MARGIN = 1.5  # photos whose rewrites need a second try take longer


class Stage(Protocol):
    """One stage of the chain."""

    name: str | None

    def batch(self, inputs: list[Any], *, return_exceptions: bool = False) -> list[Any]:
        """The drafts, filled in; an error in the place of each that failed."""
        ...


class Chain(Protocol):
    """The chain as the scheduler needs it."""

    @property
    def looking(self) -> Sequence[Any]:
        """The stages that look at a photo."""
        ...

    @property
    def writing(self) -> Sequence[Any]:
        """The stages that write its caption."""
        ...


class Keeper(Protocol):
    """Who is told what becomes of jobs, from the lanes' threads."""

    def started(self, job: Job) -> bool:
        """Work begins; False where there is nothing to do any more."""
        ...

    def passed(self, job: Job, stage: str, draft: Any) -> None:
        """A stage has been passed."""
        ...

    def finished(self, job: Job, draft: Any) -> None:
        """The caption is there."""
        ...

    def failed(self, job: Job, error: MoodcapError) -> None:
        """There will be none."""
        ...


class Scheduler:
    """Takes jobs, at most `room` at a time, and tells the keeper what becomes of them."""

    def __init__(self, keeper: Keeper, room: int, patience: float, metrics: Metrics, shared: bool = False) -> None:
        self.keeper, self.room, self.patience, self.metrics = keeper, room, patience, metrics
        self.shared = shared
        self.lanes: tuple[Lane, ...] = ()
        self.seconds = GUESS  # that a photo takes of late
        self.failure: str | None = None
        self._early: list[Job] = []
        self._live: set[Job] = set()
        self._change = threading.Condition()
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self, load: Callable[[], Chain]) -> None:
        """Load the chain in a thread of its own, then work; jobs may be submitted before that is done."""
        thread = threading.Thread(target=self._load, args=(load,), name="load", daemon=True)
        thread.start()

    def submit(self, job: Job, patient: bool = False) -> None:
        """Have a job done. A patient one waits for room.

        Raises:
            Busy: there is no room, or the job would not be done by its deadline. NotReady: the server stops.
        """
        with self._change:
            if patient:
                self._change.wait_for(lambda: self._stopping or self._has_room(job.owner))
            self._admit(job)
            self._live.add(job)
            if not self.lanes:
                self._early.append(job)
            else:
                self.lanes[0].put([job])

    def check_room(self, seconds_left: float | None, owner: str = LOCAL) -> None:
        """Raises what `submit` would, without a job."""
        deadline = None if seconds_left is None else time.monotonic() + seconds_left
        with self._change:
            self._admit(Job("", None, deadline, owner=owner))

    def ready(self) -> bool:
        """Whether the models are loaded and both lanes give signs of life."""
        return self.why_not() is None

    def why_not(self) -> NotReady | None:
        """What there is to wait for until captions can be asked for; none where they can."""
        if self._stopping:
            return NotReady("The server is stopping.")
        if self.failure is not None:
            return NotReady(f"The models could not be loaded: {self.failure}", FAILED)
        if not self.lanes:
            return NotReady("The models are being loaded.")
        silent = time.monotonic() - min(lane.beat for lane in self.lanes)
        if silent > self.patience:
            return NotReady(f"The models have given no sign of life for {silent:.0f} seconds.", FAILED)
        return None

    def depth(self) -> int:
        """Jobs that wait or are worked on."""
        return len(self._live)

    def drain(self) -> None:
        """Take no new jobs."""
        with self._change:
            self._stopping = True
            self._change.notify_all()

    def stop(self, timeout: float) -> None:
        """Finish what is being worked on, within `timeout` seconds, and fail what waits."""
        self.drain()
        for lane in self.lanes:
            lane.stop()
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0))
        for job in list(self._live):
            self._end(job, NotReady("The server is stopping."))

    def _admit(self, job: Job) -> None:
        if self._stopping:
            raise NotReady("The server is stopping.")
        if self.failure is not None:
            raise NotReady(f"The models could not be loaded: {self.failure}", FAILED)
        wait = ahead(self._owners(), job.owner, 2 * BATCH) * self.seconds * MARGIN
        if not self._has_room(job.owner):
            raise Busy("Too many photos are waiting.", max(self.seconds, 1))
        if job.deadline is not None and wait > max(job.deadline - time.monotonic(), 0):
            raise Busy("Too many photos are waiting to be done in time.", wait - (job.deadline - time.monotonic()))

    def _has_room(self, owner: str) -> bool:
        left = self.room - len(self._live)
        return left > 0 and (not self.shared or self._owners()[owner] < left)

    def _owners(self) -> Counter[str]:
        return Counter(job.owner for job in self._live)

    def _load(self, load: Callable[[], Chain]) -> None:
        try:
            chain = load()
        except MoodcapError as error:
            self._give_up(str(error))
            return
        except Exception:
            log.exception("models_not_loaded")
            self._give_up("the log tells why.")
            return
        with self._change:
            lanes = (Lane("look", chain.looking), Lane("write", chain.writing))
            for place, lane in enumerate(lanes):
                thread = threading.Thread(
                    target=self._run, args=(lane, lanes[place + 1 :]), name=lane.name, daemon=True
                )
                thread.start()
                self._threads.append(thread)
            self.lanes = lanes
            lanes[0].put(self._early)
            self._early = []
        log.info("ready")

    def _give_up(self, why: str) -> None:
        self.failure = why
        log.error("models_not_loaded", extra={"why": why})
        for job in list(self._live):
            self._end(job, NotReady(f"The models could not be loaded: {why}", FAILED))

    def _run(self, lane: Lane, after: Sequence[Lane]) -> None:
        while jobs := lane.take():
            started = time.monotonic()
            jobs = [job for job in jobs if self._wanted(job, lane is self.lanes[0])]
            if not jobs:
                continue
            self.metrics.batch_size.labels(lane.name).observe(len(jobs))
            passed = self._pass(lane, jobs)
            if after:
                after[0].put(passed)
            else:
                self._measure((time.monotonic() - started) / len(jobs))
                for job in passed:
                    self._finish(job)

    def _wanted(self, job: Job, first: bool) -> bool:
        if job.cancelled:
            self._end(job, None)
        elif job.deadline is not None and time.monotonic() > job.deadline:
            self._end(job, DeadlineExceeded("The caption was not ready in time."))
        else:
            return not first or self._begun(job)
        return False

    def _begun(self, job: Job) -> bool:
        try:
            if self.keeper.started(job):
                return True
            self._end(job, None)
        except Exception as error:  # the lane goes on whatever it is
            log.exception("caption_not_begun")
            self._end(job, as_known(error) or InternalError("The caption could not be begun."))
        return False

    def _pass(self, lane: Lane, jobs: list[Job]) -> list[Job]:
        """The jobs that pass all stages of a lane."""
        for job in jobs:
            job.draft = job.draft or job.request
        for stage in lane.stages:
            with self.metrics.stage_seconds.labels(str(stage.name)).time():
                drafts = _batch(stage, [job.draft for job in jobs])
            left = []
            for job, draft in zip(jobs, drafts, strict=True):
                if isinstance(draft, Exception):
                    self._end(job, _told(draft))
                else:
                    job.draft = draft
                    self.keeper.passed(job, str(stage.name), draft)
                    left.append(job)
            jobs = left
            if not jobs:
                break
        return jobs

    def _measure(self, seconds: float) -> None:
        self.seconds += SMOOTHING * (seconds - self.seconds)

    def _finish(self, job: Job) -> None:
        try:
            self.keeper.finished(job, job.draft)
        except Exception as error:
            log.exception("caption_not_kept")
            self._end(job, as_known(error) or InternalError("The caption could not be kept."))
        else:
            self._end(job, None)

    def _end(self, job: Job, error: MoodcapError | None) -> None:
        try:
            if error is not None:
                self.keeper.failed(job, error)
        except Exception:
            log.exception("failure_not_kept")
        finally:
            job.draft = None
            job.events.close()
            with self._change:
                self._live.discard(job)
                self._change.notify_all()


def _batch(stage: Stage, drafts: list[Any]) -> list[Any]:
    """The stage's drafts; where a whole batch fails by no fault of Moodcap's knowing, each draft alone."""
    results = stage.batch(drafts, return_exceptions=True) if drafts else []
    unforeseen = [isinstance(one, Exception) and not isinstance(one, MoodcapError) for one in results]
    if len(drafts) > 1 and all(unforeseen):
        return [stage.batch([draft], return_exceptions=True)[0] for draft in drafts]
    return results


def _told(error: Exception) -> MoodcapError:
    if isinstance(error, MoodcapError):
        return error
    log.error("stage_failed", exc_info=error)
    return InternalError("A model failed on this photo.")
