"""Passwords: Argon2id hashes, and which ones are too easily guessed."""

import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .account_records import SHORTEST
from .errors import WeakPassword

AT_ONCE = 4
"""Hashes that are computed at once: each takes 32 MiB, and who signs in waits for a place rather than for memory."""
HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
"""Above the least that OWASP's Password Storage Cheat Sheet asks for (19 MiB, 2 passes, 1 lane)."""
ENDINGS = "0123456789!?.,-_*#$@"
LONGEST_ENDING = 4
_places = threading.Semaphore(AT_ONCE)


def hash_password(password: str) -> str:
    """The hash under which a password is kept."""
    with _places:
        return HASHER.hash(_bytes(password))


@cache
def no_hash() -> str:
    """The hash that a password is held against where there is no account, so that this takes as long."""
    return HASHER.hash("nobody's")


def is_password(password: str, hash: str | None) -> bool:
    """Whether it is the password of that hash. Where there is no hash, the answer takes as long."""
    with _places:
        try:
            return HASHER.verify(hash or no_hash(), _bytes(password)) and hash is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(hash: str) -> bool:
    """Whether a hash was made with less effort than is made now."""
    return HASHER.check_needs_rehash(hash)


def check_strength(password: str, name: str) -> None:
    """Refuse what is guessed first. Any characters will do, in any mixture.

    Raises:
        WeakPassword: it is short, or common, or the person's or the product's name, with a few digits or without.
    """
    if len(password) < SHORTEST:
        raise WeakPassword(f"The password is too short: it needs {SHORTEST} characters, and is better with more.")
    words = {password.casefold(), _without_ending(password.casefold())}
    if words & {name.casefold(), "moodcap"} or words & _common():
        raise WeakPassword("Too many people have this password, or it is easily guessed. Choose another.")


def _bytes(password: str) -> bytes:
    """The password as typed on any keyboard (NIST SP 800-63B: normalized); lone surrogates cannot be typed."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _without_ending(password: str) -> str:
    bare = password.rstrip(ENDINGS)
    return bare if len(password) - len(bare) <= LONGEST_ENDING else password


@cache
def _common() -> frozenset[str]:
    """Thirty thousand passwords by how many people have them."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # takes a while, and most processes need none

    return frozenset(FREQUENCY_LISTS["passwords"])
