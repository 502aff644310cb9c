"""The recognitions whose clients may resume them: which are kept, for how long, and for whom."""

from __future__ import annotations

import hmac
import logging
import secrets
from dataclasses import dataclass
from functools import partial

from liusheng.protocol.asr import ResumeOffer
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.runtime.clock import AwakeTimer
from liusheng.server.config.resume import ResumeSettings
from liusheng.server.websocket.running_recognition import RunningRecognition

_log = logging.getLogger(__name__)

_SECRET_BYTES = 24


@dataclass(frozen=True)
class _Kept:
    recognition: RunningRecognition
    timer: AwakeTimer


class ResumableRecognitions:
    """Recognitions by session, on their sockets or kept for `settings.seconds` without one.

    A kept one keeps its place among the recognitions, and what it has received is recognised. When
    the kept ones are over their limits, those that are over go first, then those whose connections
    broke first.

    settings: may be exchanged.
    resumed, expired, displaced: how many were resumed, kept in vain for their time, and dropped
        before it because of the limits; the last two without those that are over.
    """

    def __init__(self, settings: ResumeSettings) -> None:
        self.settings = settings
        self._all: dict[str, RunningRecognition] = {}
        self._kept: dict[str, _Kept] = {}  # in the order in which their connections broke
        self._closed = False
        self.resumed = 0
        self.expired = 0
        self.displaced = 0

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

    def offer(self, session: str, recognition: RunningRecognition) -> ResumeOffer | None:
        """Return what the client of a new recognition needs to resume it; None: it cannot."""
        if not self.settings.seconds or self._closed:
            return None
        recognition.secret = secrets.token_urlsafe(_SECRET_BYTES)
        self._all[session] = recognition
        return ResumeOffer(token=f"{session}.{recognition.secret}", seconds=self.settings.seconds)

    def keep(self, recognition: RunningRecognition) -> None:
        """Keep a recognition whose connection broke."""
        session = recognition.state.session
        recognition.detach()
        if self._all.get(session) is not recognition:  # the server stops
            recognition.abandon()
            return
        timer = AwakeTimer(self.settings.seconds, partial(self._expire, session))
        self._kept[session] = _Kept(recognition, timer)
        # One that is over is kept after every ordinary end, in case its final reply did not arrive.
        level = logging.DEBUG if recognition.state.over else logging.INFO
        _log.log(level, "session %s is kept for %g s", session, self.settings.seconds)
        while self._over_limits():
            self._displace()

    def take(self, token: str, client: str) -> RunningRecognition:
        """Return the recognition of a token, without a socket; one that has it loses it.

        client: who asks.

        Raises:
            ProtocolError: unknown_session.
        """
        session, _, secret = token.partition(".")
        found = self._all.get(session)
        if (
            found is None
            or not hmac.compare_digest(found.secret.encode(), secret.encode())
            or found.client != client
        ):
            raise ProtocolError(
                ErrorCode.UNKNOWN_SESSION,
                "There is no recognition to resume with this token: it is over, or its connection "
                f"was broken for more than {self.settings.seconds:g} s, or it was on another "
                "server. Start a new one, and send again the audio whose text is not final.",
            )
        if kept := self._kept.pop(session, None):
            kept.timer.cancel()
        elif found.socket:
            found.socket.session.taken_over()
            found.socket.progress()
        self.resumed += 1
        return found

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

    def _over_limits(self) -> bool:
        settings = self.settings
        return self.kept > settings.max_sessions or self.kept_bytes > settings.max_bytes

    def _displace(self) -> None:
        over = (s for s, each in self._kept.items() if each.recognition.state.over)
        session = next(over, None) or next(iter(self._kept))
        if not self._kept[session].recognition.state.over:
            self.displaced += 1
            _log.warning("session %s is not kept any longer: resume.max_... is reached", session)
        self._drop(session)

    def _expire(self, session: str) -> None:
        self.expired += not self._kept[session].recognition.state.over
        self._drop(session)

    def _drop(self, session: str) -> None:
        kept = self._kept.pop(session)
        kept.timer.cancel()
        del self._all[session]
        kept.recognition.abandon()
