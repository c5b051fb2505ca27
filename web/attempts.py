"""How often passwords may be tried: by account and by address."""

import ipaddress
import time

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from chains import RequestError, Settings

from .errors import TooManyAttempts


class Attempts:
    """Counts attempts, whether or not the account exists.

    An address that has signed in to an account before has attempts of its own, so that nobody can lock people out of
    their accounts by trying their names.
    """

    def __init__(self, settings: Settings) -> None:
        self._by_account = _limits("MOODCAP_ACCOUNT_ATTEMPTS", settings.account_attempts)
        self._by_address = _limits("MOODCAP_ADDRESS_ATTEMPTS", settings.address_attempts)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def note_address(self, address: str) -> None:
        """Count an attempt from an address.

        Raises:
            TooManyAttempts: there were too many.
        """
        self._hit(self._by_address, "address", network(address))

    def note_account(self, key: str, known_address: str | None) -> None:
        """Count an attempt at an account; apart from all others where it comes from an address that is known there.

        Raises:
            TooManyAttempts: there were too many.
        """
        self._hit(self._by_account, "account", key, known_address or "")

    def forgive(self, key: str, known_address: str | None) -> None:
        """Forget attempts at an account, after one that was right."""
        for limit in self._by_account:
            self._limiter.clear(limit, "account", key, known_address or "")

    def _hit(self, limits: list[RateLimitItem], *names: str) -> None:
        for limit in limits:
            if not self._limiter.hit(limit, *names):
                reset = self._limiter.get_window_stats(limit, *names).reset_time
                raise TooManyAttempts("There were too many attempts. Come back later.", max(reset - time.time(), 1))


def network(address: str) -> str:
    """The address; of IPv6 the network of 64 bits, as one subscriber has all addresses of it."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def _limits(name: str, value: str) -> list[RateLimitItem]:
    try:
        return parse_many(value) if value else []
    except ValueError as error:
        raise RequestError(f"{name} cannot be used: {value} is no rate such as 10/minute.") from error
