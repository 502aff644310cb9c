"""The recognitions whose clients may resume them: which are kept, for how long, and for whom."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from liusheng import __version__
from liusheng.protocol.asr_recognition import FixedOffer, RecognitionState, ResumeOffers
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.runtime.clock import AwakeTimer
from liusheng.server.config.resume import ResumeSettings
from liusheng.server.websocket.resume_tokens import (
    MAX_FINALS_CHARS,
    MAX_TOKEN_CHARS,
    Carried,
    ForeignFinalsError,
    TokenContent,
    open_token,
)
from liusheng.server.websocket.running_recognition import RunningRecognition
from liusheng.server.websocket.sealed_offers import SealedOffers
from liusheng.server.websocket.sealing import Sealer

_log = logging.getLogger(__name__)

_SECRET_BYTES = 24
_OF_ANOTHER = "it belongs to another client"


def _now() -> float:
    """Return the seconds since the epoch, as the other servers have them."""
    return time.time()


def unknown_session(seconds: float) -> ProtocolError:
    """Return the error for a token that resumes nothing here. seconds: of `ResumeSettings`."""
    return ProtocolError(
        ErrorCode.UNKNOWN_SESSION,
        "There is no recognition to resume with this token: it is over, or its connection was "
        f"broken for more than {seconds:g} s, or it was on another server. Start a new one, and "
        "send again the audio whose text is not final.",
    )


@dataclass(frozen=True)
class _Kept:
    recognition: RunningRecognition
    timer: AwakeTimer


class ResumableRecognitions:
    """Recognitions by session, on their sockets or kept for `settings.seconds` without one.

    A kept one keeps its place among the recognitions, and what it has received is recognised. When
    the kept ones are over their limits, the client with the most of them loses one, so that nobody
    can displace those of others: one that is over, or that whose connection broke first.

    secrets: shared with other servers, whose recognitions can be resumed here, too. None of them:
        only this server's.
    continued: how many of other servers were resumed here.
    resumed, expired, displaced: how many were resumed, kept in vain for their time, and dropped
        before it because of a limit or for another's place; the last two without those that are
        over.
    """

    def __init__(
        self,
        settings: ResumeSettings,
        secrets: Sequence[bytes] = (),
    ) -> None:
        self.settings = settings
        self.secrets = secrets
        self._all: dict[str, RunningRecognition] = {}
        self._kept: dict[str, _Kept] = {}  # in the order in which their connections broke
        self._closed = False
        self._restoring = asyncio.Lock()
        self.resumed = 0
        self.continued = 0
        self.expired = 0
        self.displaced = 0

    def apply(self, settings: ResumeSettings, secrets: Sequence[bytes]) -> None:
        """Exchange the settings and the secrets."""
        self.settings = settings
        self.secrets = secrets

    @property
    def attached(self) -> int:
        """Resumable recognitions on a socket."""
        return len(self._all) - len(self._kept)

    @property
    def kept(self) -> int:
        """Recognitions without a socket, those that are over included."""
        return len(self._kept)

    @property
    def broken(self) -> int:
        """Recognitions whose connection broke before their end. Those that are over are kept, too,
        in case their final reply did not arrive."""
        return sum(not each.recognition.state.over for each in self._kept.values())

    @property
    def running(self) -> int:
        """Recognitions without a socket that have a place among those of the service."""
        return sum(each.recognition.state.active for each in self._kept.values())

    @property
    def kept_bytes(self) -> int:
        """Bytes of audio of the kept recognitions."""
        return sum(each.recognition.kept_bytes for each in self._kept.values())

    @property
    def max_request_chars(self) -> int:
        """Characters of a `start` that resumes a recognition, at most."""
        return MAX_TOKEN_CHARS + 2 * MAX_FINALS_CHARS if self.secrets else 0

    def offers(
        self, session: str, recognition: RunningRecognition, finals: Sequence[str] = ()
    ) -> ResumeOffers | None:
        """Return what the client of a new recognition needs to resume it; None: it cannot.

        finals: that the client has of it, if another server began it.
        """
        if not self.settings.seconds or self._closed:
            return None
        recognition.secret = secrets.token_urlsafe(_SECRET_BYTES)
        if other := self._all.get(session):  # both came with one token, and waited for a place
            self._dismiss(other)
        self._all[session] = recognition
        if self.secrets:
            chars = sum(map(len, finals))
            sealer = Sealer(self.secrets, session)
            return SealedOffers(recognition, sealer, session, self.settings, _now, chars)
        return FixedOffer(f"{session}.{recognition.secret}", self.settings.seconds)

    def keep(self, recognition: RunningRecognition) -> None:
        """Keep a recognition whose connection broke, or was given up."""
        session = recognition.state.session
        recognition.detach()
        if self._all.get(session) is not recognition:  # the server stops
            recognition.abandon()
            return
        timer = AwakeTimer(self.settings.seconds, partial(self._expire, session))
        self._kept[session] = _Kept(recognition, timer)
        recognition.on_displaced = partial(self._displace, session)
        # One that is over is kept after every ordinary end, in case its final reply did not arrive.
        level = logging.DEBUG if recognition.state.over else logging.INFO
        _log.log(level, "session %s is kept for %g s", session, self.settings.seconds)
        while self.kept > self.settings.max_sessions:
            self._displace(self._dispensable(lambda _: 1))
        while self.kept_bytes > self.settings.max_bytes:
            self._displace(self._dispensable(lambda each: each.kept_bytes))

    def take(
        self, token: str, client: str, finals: Sequence[str] = ()
    ) -> RunningRecognition | Carried:
        """Return the recognition of a token: without a socket (one that has it loses it), or what
        its client carries of it from another server, for `restore`.

        client: who asks.
        finals: that the client has of it.

        Raises:
            ProtocolError: unknown_session.
        """
        session, _, secret = token.partition(".")
        found = self._all.get(session)
        if found and found.state.offers is None:
            found = None  # it was cut short, and is ending
        if self.secrets:
            sealer = Sealer(self.secrets, session)
            content = open_token(sealer, secret)
            if content is None:
                raise self._unknown("its token was changed, or sealed with another secret")
            if content.client != client:
                raise self._unknown(_OF_ANOTHER)
            if content.expires < _now():
                raise self._unknown("its token has expired")
            if found is None or found.client != client or found.secret != content.secret:
                return self._carried(session, sealer, content, finals)
        elif found is None or not hmac.compare_digest(found.secret.encode(), secret.encode()):
            raise self._unknown("it is not kept here, or its token is wrong")
        if found.client != client:
            raise self._unknown(_OF_ANOTHER)
        if kept := self._kept.pop(session, None):
            kept.timer.cancel()
        elif found.socket:
            found.socket.session.taken_over()
            found.socket.progress()
        self.resumed += 1
        return found

    def leave(self, most: int, belongs: Callable[[RunningRecognition], bool]) -> None:
        """Keep no more than `most` of a client's that are not over; those whose connections broke
        first go. belongs: tells which are the client's."""
        running = [
            session
            for session, each in self._kept.items()
            if each.recognition.state.active and belongs(each.recognition)
        ]  # mostly none
        for session in running[: max(0, len(running) - most)]:
            self._displace(session)

    async def restore(self, carried: Carried, state: RecognitionState) -> None:
        """Give the state of a recognition that a client carries its text. That may be the text of
        hours, so that other clients are served meanwhile.

        Raises:
            ProtocolError: unknown_session.
        """
        try:
            for _ in carried.restore(state):
                async with self._restoring:  # a portion of one of them in each turn of the loop
                    await asyncio.sleep(0)
        except ForeignFinalsError:
            raise self._unknown("its final utterances are not those of its token") from None
        if found := self._all.get(carried.session):
            self._dismiss(found)  # the client was here before, and has gone on elsewhere

    def forget(self, recognition: RunningRecognition) -> None:
        """A recognition was abandoned."""
        session = recognition.state.session
        if self._all.get(session) is recognition:
            del self._all[session]

    def close(self) -> None:
        """The server stops: abandon what is kept, and keep nothing from now on."""
        self._closed = True
        for session in list(self._kept):
            self._drop(session)
        self._all.clear()

    # Internals

    def _carried(
        self, session: str, sealer: Sealer, content: TokenContent, finals: Sequence[str]
    ) -> Carried:
        """Return what a client carries. Raises as `take`."""
        if content.version != __version__:
            raise self._unknown(f"its token is of Liusheng {content.version}")
        if not content.portable or self._closed:
            raise self._unknown("it cannot go on here")
        if content.finals != len(finals):
            raise self._unknown(f"{len(finals)} final utterances came, not {content.finals}")
        return Carried(session, content, sealer, finals)

    def _dismiss(self, recognition: RunningRecognition) -> None:
        """Abandon a recognition whose client does not need it any more."""
        session = recognition.state.session
        if session in self._kept:
            self._drop(session)
            return
        del self._all[session]
        if recognition.socket:
            recognition.socket.session.taken_over()
            recognition.socket.progress()
        recognition.abandon()

    def _unknown(self, why: str) -> ProtocolError:
        """Return what the client is told. why: for the log alone; who guesses learns nothing."""
        _log.info("a recognition is not resumed: %s", why)
        return unknown_session(self.settings.seconds)

    def _dispensable(self, size: Callable[[RunningRecognition], int]) -> str:
        """Return the session that goes first when too much is kept. size: of what there is too
        much, that a recognition has."""
        recognitions = [(session, each.recognition) for session, each in self._kept.items()]
        sizes: Counter[tuple[str, str]] = Counter()
        for _, each in recognitions:
            sizes[each.client, each.address] += size(each)
        most = max(sizes, key=sizes.__getitem__)
        theirs = [
            (session, each)
            for session, each in recognitions
            if (each.client, each.address) == most and size(each)
        ]
        return next((session for session, each in theirs if each.state.over), theirs[0][0])

    def _displace(self, session: str) -> None:
        if session not in self._kept:
            return
        if not self._kept[session].recognition.state.over:
            self.displaced += 1
            _log.warning("session %s is not kept any longer: others need its place", session)
        self._drop(session)

    def _expire(self, session: str) -> None:
        self.expired += not self._kept[session].recognition.state.over
        self._drop(session)

    def _drop(self, session: str) -> None:
        kept = self._kept.pop(session)
        kept.timer.cancel()
        del self._all[session]
        kept.recognition.abandon()
