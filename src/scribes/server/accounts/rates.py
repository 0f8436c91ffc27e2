"""How often something may be asked: by address, by account."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from ...errors import TooMany

# Wrong passwords for one account, from anywhere. Short, since anybody can use them up for another.
WRONG = RateLimitItemPerSecond(10, 300, namespace="wrong")
# Mails to one account.
MAILS = RateLimitItemPerMinute(3, 15, namespace="mails")
MOST_AT_ONCE, MOST_ACCOUNTS = 16, 100_000


class Rates:
    """Counts, in memory or where `place` says (the URLs of `limits`)."""

    def __init__(self, place: str, *, by_account_a_minute: int, tries_a_minute: int) -> None:
        self._limiter = FixedWindowRateLimiter(storage_from_string(place))
        self._tries = RateLimitItemPerMinute(tries_a_minute, namespace="address")
        self._by_account = RateLimitItemPerMinute(by_account_a_minute, namespace="account")
        # Requests are counted some at a time: the store starts a thread for each, or asks another server.
        self._at_once = max(1, min(MOST_AT_ONCE, by_account_a_minute // MOST_AT_ONCE))
        self._uncounted: dict[int, int] = {}

    def count(self, item: RateLimitItem, who: str) -> None:
        """Count one, and refuse it when it is one too many.

        Raises: TooMany.
        """
        if not self._limiter.hit(item, who):
            self._refuse(item, who)

    def count_try(self, address: str) -> None:
        """Count one who signs in or up, or does what asks for the password, by address.

        Raises: TooMany.
        """
        self.count(self._tries, address)

    def check(self, item: RateLimitItem, who: str) -> None:
        """Refuse, where as many as may be were counted already.

        Raises: TooMany.
        """
        if not self._limiter.test(item, who):
            self._refuse(item, who)

    def count_request(self, account: int) -> None:
        """Count a request of an account.

        Raises: TooMany.
        """
        uncounted = self._uncounted.get(account, 0) + 1
        if uncounted >= self._at_once:
            if not self._limiter.hit(self._by_account, str(account), cost=uncounted):
                self._refuse(self._by_account, str(account))
            uncounted = 0
        if len(self._uncounted) > MOST_ACCOUNTS:
            self._uncounted.clear()
        self._uncounted[account] = uncounted

    def forget(self, item: RateLimitItem, who: str) -> None:
        """Begin to count anew."""
        self._limiter.clear(item, who)

    def _refuse(self, item: RateLimitItem, who: str) -> None:
        ends_s = self._limiter.get_window_stats(item, who).reset_time
        wait_s = max(1, math.ceil(ends_s - time.time()))
        raise TooMany("too many tries", hint=f"wait {wait_s} seconds", retry_after_s=wait_s)
