"""What people prefer, as it is kept: what they state, and what their edits and ratings have shown."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chains import MoodCaption, PreferenceExample, Preferences, StatedPreferences, describe_taste

from .database import CaptionRow, LearntRow, PreferencesRow
from .errors import NotFound
from .library import new_id, now
from .owner import transaction
from .records import LearntList, LearntRecord

RATED = 0.4
"""What a rating weighs; an edit, which says what is better, weighs 1."""
FADING = 0.9
"""What each example leaves of the weight of the one before it."""
MOST = 50
"""Examples that are kept; older ones would hardly count."""
Found = TypeVar("Found")


class Preferred:
    """Preferences and examples by owner, each question one short transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def stated(self, owner: str) -> StatedPreferences:
        """What a person states; the defaults, until they do."""
        return self._do(lambda session: _stated(session, owner))

    def state(self, owner: str, changes: dict[str, Any]) -> StatedPreferences:
        """What a person states after some changes."""

        def work(session: Session) -> StatedPreferences:
            stated = _stated(session, owner).model_copy(update=changes)
            session.merge(PreferencesRow(owner=owner, stated=stated.model_dump(mode="json"), updated_at=now()))
            return stated

        return self._do(work)

    def of(self, owner: str) -> Preferences:
        """All that is known of a person's preferences, for the chain."""
        names = PreferenceExample.model_fields
        shown = [one.model_dump(include=set(names)) for one in self.learnt(owner).examples]
        examples = tuple(PreferenceExample(**one) for one in shown)
        return Preferences(**self.stated(owner).model_dump(), examples=examples)

    def learnt(self, owner: str) -> LearntList:
        """What was learnt from a person: the examples, newest first, and what they have in common in words."""
        query = select(LearntRow).where(LearntRow.owner == owner).order_by(LearntRow.created_at.desc(), LearntRow.id)
        rows = self._do(lambda session: list(session.scalars(query.limit(MOST))))
        examples = tuple(_record(row, rank) for rank, row in enumerate(rows))
        shown = [PreferenceExample(**one.model_dump(include=set(PreferenceExample.model_fields))) for one in examples]
        return LearntList(habits=describe_taste(shown), examples=examples)

    def learn(self, owner: str, caption: CaptionRow) -> None:
        """Keep what a caption's edit or rating shows, in place of what it showed before."""
        shown = shown_by(caption)

        def work(session: Session) -> None:
            old = session.scalar(select(LearntRow).where(LearntRow.caption_id == caption.id))
            if old is not None and shown is not None and all(getattr(old, k) == v for k, v in shown.items()):
                return
            session.execute(delete(LearntRow).where(LearntRow.caption_id == caption.id))
            if shown is not None:
                session.add(LearntRow(id=new_id(), owner=owner, caption_id=caption.id, created_at=now(), **shown))
                session.flush()
                newest = select(LearntRow.id).where(LearntRow.owner == owner).order_by(LearntRow.created_at.desc())
                session.execute(
                    delete(LearntRow).where(LearntRow.owner == owner, LearntRow.id.not_in(newest.limit(MOST)))
                )

        self._do(work)

    def forget(self, owner: str, id: str | None = None) -> None:
        """Nothing more of one example, or of all.

        Raises:
            NotFound: there is no such example.
        """
        query = delete(LearntRow).where(LearntRow.owner == owner)
        gone: Any = self._do(lambda session: session.execute(query if id is None else query.where(LearntRow.id == id)))
        if id is not None and not gone.rowcount:
            raise NotFound("There is no such example, or no more.")

    def remove(self, owner: str) -> None:
        """Nothing more of a person: neither what they state nor what was learnt."""
        self.forget(owner)
        self._do(lambda session: session.execute(delete(PreferencesRow).where(PreferencesRow.owner == owner)))

    def keep_days(self) -> dict[str, float]:
        """The owners who state how long captions are kept, and how many days that is."""
        rows = self._do(lambda session: list(session.scalars(select(PreferencesRow))))
        stated = {row.owner: StatedPreferences.model_validate(row.stated) for row in rows}
        return {owner: one.keep_days for owner, one in stated.items() if one.keep_days is not None}

    def _do(self, work: Callable[[Session], Found]) -> Found:
        """The work in one transaction; once more where another request has just made the same row."""
        try:
            with transaction(self.engine) as session:
                return work(session)
        except IntegrityError:
            with transaction(self.engine) as session:
                return work(session)


def shown_by(caption: CaptionRow) -> dict[str, Any] | None:
    """What a caption shows of its reader's taste: by their edit, else by their rating; None where by neither.

    Where no rewrite was there to be edited, theirs is held against a usual one, and a rating says nothing.
    """
    if caption.result is None:
        return None
    result = MoodCaption.model_validate(caption.result)
    rewrite = result.text if result.checks is not None else None
    common = {"literal": result.literal, "mood": result.mood.name}
    if caption.edited_text is not None and caption.edited_text != result.text:
        return common | {"source": "edit", "liked": True, "text": caption.edited_text, "before": rewrite}
    if caption.rating is not None and rewrite is not None:
        return common | {"source": "rating", "liked": caption.rating == "good", "text": rewrite, "before": None}
    return None


def _stated(session: Session, owner: str) -> StatedPreferences:
    row = session.get(PreferencesRow, owner, with_for_update=True)
    return StatedPreferences() if row is None else StatedPreferences.model_validate(row.stated)


def _record(row: LearntRow, rank: int) -> LearntRecord:
    weight = (1.0 if row.source == "edit" else RATED) * FADING**rank * (1 if row.liked else -1)
    names = ("id", "caption_id", "literal", "mood", "text", "before", "source", "created_at")
    values: dict[str, Any] = {name: getattr(row, name) for name in names}
    return LearntRecord(**values, weight=round(weight, 4))
