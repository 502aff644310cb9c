"""The settings of the limits of clients."""

from __future__ import annotations

from pydantic import Field, model_validator

from liusheng.server.config.group import Group


class LimitSettings(Group):
    """The limits of clients."""

    max_sessions: int = Field(
        default=128,
        ge=1,
        description="Simultaneous sessions, counted separately for recognition and synthesis.",
    )
    idle_seconds: float = Field(
        default=60,
        gt=0,
        description="Seconds without a message of the client, after which a session is closed.",
    )
    max_packet_bytes: int = Field(
        default=1 << 20, ge=1024, description="Bytes of one packet of audio."
    )
    max_upload_bytes: int = Field(
        default=100 << 20, ge=1024, description="Bytes of a file for recognition."
    )
    max_upload_seconds: float = Field(
        default=86_400,
        gt=0,
        description="Seconds of audio in a file for recognition: a small file can be many hours of "
        "silence.",
    )
    max_queued_seconds: float = Field(
        default=30,
        gt=0,
        description="Seconds of queued audio of a session, at which the server starts to read more "
        "slowly.",
    )
    max_partial_interval_seconds: float = Field(
        default=10,
        gt=0,
        description="A new recognition is refused if it would make the partial results of every "
        "speaker rarer than this.",
    )
    max_lag_seconds: float = Field(
        default=10,
        gt=0,
        description="A new recognition is refused while a stream has waited longer than this for "
        "a decode.",
    )
    queue_seconds: float = Field(
        default=0,
        ge=0,
        le=50,  # clients give up after 60
        description="Seconds for which a client waits for a place, first come, first served, "
        "before it is refused; 0: it is refused at once.",
    )
    max_text_chars: int = Field(
        default=10_000, ge=1, description="Characters of one text for synthesis."
    )
    max_session_seconds: float = Field(
        default=0, ge=0, description="Seconds of audio in one recognition; 0: no limit."
    )
    max_connections: int = Field(
        default=1_000, ge=1, description="Connections in all, sessions or not."
    )
    max_connections_per_address: int = Field(
        default=400,
        ge=1,
        description="Connections of one address; this machine's own addresses are not limited.",
    )
    max_sessions_per_address: int = Field(
        default=64,
        ge=1,
        description="WebSockets and requests with a body, at a time, of one address; this "
        "machine's own addresses are not limited.",
    )
    max_recognitions_per_socket: int = Field(
        default=4,
        ge=1,
        description="Recognitions of one Realtime WebSocket that are under way at a time; the "
        "server reads no more from it until one has ended.",
    )
    max_buffered_bytes: int = Field(
        default=128 << 20,
        ge=1 << 20,
        description="Bytes that the server holds for all clients together; the largest users wait "
        "first, and new work is refused when it is used up.",
    )
    max_connection_bytes: int = Field(
        default=32 << 20,
        ge=1 << 16,
        description="Bytes that the server holds for one connection; also the largest body in "
        "JSON.",
    )
    header_seconds: float = Field(
        default=10,
        gt=0,
        description="Seconds for the headers of a request, and for a TLS handshake before them, "
        "after which the connection is closed.",
    )
    first_audio_seconds: float = Field(
        default=20,
        gt=0,
        description="Seconds from `start` to the first audio of a recognition, after which its "
        "place is given to others.",
    )
    unread_seconds: float = Field(
        default=60,
        gt=0,
        description="Seconds after which a client that does not read what it is sent is "
        "disconnected.",
    )
    min_upload_rate: int = Field(
        default=2_000,
        ge=0,
        description="Bytes a second that a body in JSON or a form must bring on average, in any "
        "`idle_seconds`; 0: any.",
    )
    ping_interval: float = Field(
        default=20, gt=0, description="Seconds between two keepalive pings on a WebSocket."
    )
    ping_timeout: float = Field(
        default=60,
        gt=0,
        description="Seconds after which an unanswered ping closes the WebSocket.",
    )

    @model_validator(mode="after")
    def _no_client_is_idle_in_the_queue(self) -> LimitSettings:
        if self.queue_seconds >= self.idle_seconds:
            raise ValueError(
                f"queue_seconds = {self.queue_seconds:g} must be less than idle_seconds = "
                f"{self.idle_seconds:g}: a client that waits for a place sends nothing"
            )
        return self

    @property
    def upload_seconds(self) -> float:
        """Seconds of audio in a file for recognition, by both limits."""
        return min(self.max_upload_seconds, self.max_session_seconds or self.max_upload_seconds)
