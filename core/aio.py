"""A session for asyncio: the same session, whose exchanges and acts wait in a thread instead of in the event loop.

There is no second implementation: every call is handed to the ``Session`` within, one at a time. Journal and port may
block (a disk, a line) without holding up the loop.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, Self, TypeVar, final

from iontocore.ccore import Trip
from iontocore.entries import Outcome
from iontocore.session import Report, Session
from iontocore.table import State

_P = ParamSpec("_P")
_T = TypeVar("_T")


@final
class AsyncSession:
    """Drives a session from an event loop. The acts are those of ``Session`` and raise what they raise.

    Use it as a context manager: when the block is left before the session has ended, by an error or a cancellation, the
    session is stopped and exchanged until nothing flows, which takes as long as a ramp down; then the error goes on. A
    program that dies leaves the core without a heartbeat.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="iontocore-session")

    @property
    def session(self) -> Session:
        """The session within. Its acts are not to be called while the asynchronous form is in use; reading is fine."""
        return self._session

    @property
    def state(self) -> State:
        """The state now."""
        return self._session.state

    @property
    def outcome(self) -> Outcome | None:
        """How the session has ended; None while it has not."""
        return self._session.outcome

    @property
    def trip(self) -> Trip:
        """The first trip that put an end to the session."""
        return self._session.trip

    async def start(self) -> None:
        """See ``Session.start``."""
        await self._call(self._session.start)

    async def pause(self) -> None:
        """See ``Session.pause``."""
        await self._call(self._session.pause)

    async def resume(self) -> None:
        """See ``Session.resume``."""
        await self._call(self._session.resume)

    async def stop(self) -> None:
        """See ``Session.stop``."""
        await self._call(self._session.stop)

    async def adjust(self, current_ua: int) -> None:
        """See ``Session.adjust``."""
        await self._call(self._session.adjust, current_ua)

    async def acknowledge(self) -> None:
        """See ``Session.acknowledge``."""
        await self._call(self._session.acknowledge)

    async def advance(self) -> Report:
        """See ``Session.advance``."""
        return await self._call(self._session.advance)

    async def __aiter__(self) -> AsyncIterator[Report]:
        """Exchange until the session has ended."""
        while self._session.outcome is None:
            yield await self.advance()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._call(self._ramp_down)
        finally:
            self._thread.shutdown(wait=False)

    def _ramp_down(self) -> None:
        if self._session.outcome is None:
            self._session.stop()  # also gives up what a pause has kept
        while self._session.outcome is None:
            self._session.advance()

    async def _call(self, what: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        # Shielded: what has begun in the thread is finished before a cancellation is seen, so that nothing overlaps.
        future = self._thread.submit(what, *args, **kwargs)
        return await asyncio.shield(asyncio.wrap_future(future))
