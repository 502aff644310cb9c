"""The closed list of error codes, and the exception that carries one to the client.

Clients switch on a code, so a code is never renamed and never gets another meaning.
"""

from __future__ import annotations

from enum import Enum


class ErrorCode(str, Enum):
    """Every `code` that the server can send."""

    # The message is invalid, or asks for what this server does not have.
    INVALID_JSON = "invalid_json"
    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_SIGNAL = "unknown_signal"
    MISSING_FIELD = "missing_field"
    INVALID_FIELD = "invalid_field"
    UNSUPPORTED_FIELD = "unsupported_field"
    NOT_SUPPORTED_BY_MODEL = "not_supported_by_model"
    INVALID_AUDIO = "invalid_audio"
    NOT_ACCEPTABLE = "not_acceptable"
    NO_PUNCTUATION = "no_punctuation"
    INVALID_HTTP = "invalid_http"
    UNKNOWN_PATH = "unknown_path"
    WRONG_METHOD = "wrong_method"

    # The client may not use this server, or not so.
    INVALID_API_KEY = "invalid_api_key"
    NOT_ALLOWED = "not_allowed"
    HOST_NOT_ALLOWED = "host_not_allowed"
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    RATE_LIMIT_EXCEEDED = "rate_limit_exceeded"

    # The message is valid, but not in this state.
    NOT_STARTED = "not_started"
    AFTER_END = "after_end"
    WRONG_SESSION = "wrong_session"
    UNKNOWN_SESSION = "unknown_session"
    RESUMED_ELSEWHERE = "resumed_elsewhere"
    UNEXPECTED_BINARY = "unexpected_binary"

    # The content cannot be used, or is over a limit.
    HEADERS_TOO_LARGE = "headers_too_large"
    PACKET_TOO_LARGE = "packet_too_large"
    MESSAGE_TOO_LARGE = "message_too_large"
    EMPTY_TEXT = "empty_text"
    NOTHING_TO_SAY = "nothing_to_say"
    TEXT_TOO_LONG = "text_too_long"
    TOO_MANY_TEXTS = "too_many_texts"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TOO_MANY_SESSIONS = "too_many_sessions"
    COMMIT_EMPTY = "input_audio_buffer_commit_empty"
    RESPONSE_ACTIVE = "conversation_already_has_active_response"
    RESPONSE_NOT_ACTIVE = "response_cancel_not_active"
    DUPLICATE_ITEM = "item_create_duplicate_item_id"
    UNKNOWN_ITEM = "item_retrieve_invalid_item_id"
    UNKNOWN_ITEM_TO_DELETE = "item_delete_invalid_item_id"
    UNKNOWN_ITEM_TO_TRUNCATE = "item_truncate_invalid_item_id"
    UNKNOWN_VOICE = "unknown_voice"
    UNKNOWN_MODEL = "unknown_model"
    IDLE_TIMEOUT = "idle_timeout"
    NO_AUDIO = "no_audio"
    NO_TEXT = "no_text"
    SLOW_READER = "slow_reader"
    SESSION_TOO_LONG = "session_too_long"

    # The server failed, or cannot serve now.
    SERVER_BUSY = "server_busy"
    SERVER_STOPPING = "server_stopping"
    RECOGNITION_FAILED = "recognition_failed"
    SYNTHESIS_FAILED = "synthesis_failed"
    MODEL_FAILED = "language_model_failed"
    STORAGE_FULL = "storage_full"
    INTERNAL_ERROR = "internal_error"


SERVER_ERRORS = frozenset(
    {
        ErrorCode.SERVER_BUSY,
        ErrorCode.SERVER_STOPPING,
        ErrorCode.RECOGNITION_FAILED,
        ErrorCode.SYNTHESIS_FAILED,
        ErrorCode.MODEL_FAILED,
        ErrorCode.STORAGE_FULL,
        ErrorCode.INTERNAL_ERROR,
    }
)
"""The codes of errors that are not the client's; over HTTP their status is 500 or more."""


class ProtocolError(Exception):
    """An error that is sent to the client.

    code: for programs.
    message: for people: what is wrong, with which value, and what to do.
    retry_after: seconds after which it is expected to be worth trying again; None: not known.
    """

    def __init__(self, code: ErrorCode, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after

    def kept(self) -> ProtocolError:
        """Return this error as it may be kept for later: without its traceback and what it came
        from, which hold the frames of its call, and so the message that the client sent."""
        self.__traceback__ = self.__context__ = self.__cause__ = None
        return self


class CloseCode(int, Enum):
    """The WebSocket close codes in use (RFC 6455, section 7.4.1; 1012 and 1013 are IANA's)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    POLICY = 1008
    INTERNAL = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
