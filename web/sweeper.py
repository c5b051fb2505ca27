"""The sweeper: forgets what is older or more than the settings keep, and files that nobody knows of."""

import logging
import threading
import time
from datetime import timedelta

from .accounts import Accounts
from .captions import Captions
from .holdings import remove_all, strays
from .library import now

log = logging.getLogger(__name__)
EVERY = 600.0  # seconds
ORPHAN_AGE = 3600.0  # seconds; a younger file may be a caption that is just being kept


def sweep(captions: Captions, orphan_age: float = ORPHAN_AGE) -> int:
    """Sweep once; how many captions and files are gone."""
    settings, gone = captions.settings, 0
    before = now() - timedelta(days=settings.keep_days) if settings.keep_days else None
    for id in captions.library.outdated(before, settings.keep_bytes):
        captions.discard(id)
        gone += 1
    for owner, days in captions.preferred.keep_days().items():
        for id in captions.library.older(owner, now() - timedelta(days=days)):
            captions.discard(id)
            gone += 1
    captions.let_go(captions.library.unkept())
    old = time.time() - orphan_age
    captions.photos.remove_parts(old)
    for id in set(captions.photos.ids(old)):
        if not captions.library.has_photo(id):
            captions.photos.remove(id)
            gone += 1
    return gone


def sweep_accounts(captions: Captions, accounts: Accounts) -> None:
    """Forget sessions that have run out, old events, and what belongs to nobody any more."""
    accounts.sessions.sweep()
    accounts.audit.sweep()
    for owner in strays(captions.library.engine) if accounts.settings.accounts else ():
        captions.give_up(owner)
        remove_all(captions.library.engine, captions.photos, owner, account=True)


def keep_sweeping(captions: Captions, accounts: Accounts, every: float = EVERY) -> None:
    """Sweep from now on, in a thread of its own."""

    def run() -> None:
        while True:
            try:
                sweep_accounts(captions, accounts)
                if gone := sweep(captions):
                    log.info("swept", extra={"gone": gone})
            except Exception:
                log.exception("sweep_failed")
            time.sleep(every)

    threading.Thread(target=run, name="sweep", daemon=True).start()
