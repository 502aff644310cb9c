"""`POST /paddlespeech/text`: punctuation, to which original clients send a recogniser's text.

A text with punctuation, as the recognisers of this server write it, is returned unchanged. For
other texts the server can have a punctuation model.
"""

from __future__ import annotations

import logging
import re

import msgspec

from liusheng.protocol import paths
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert
from liusheng.protocol.http import TextAnswer, TextBody, TextResult
from liusheng.protocol.limits import text_too_long
from liusheng.runtime.errors import BusyError
from liusheng.runtime.failures import summary, traced
from liusheng.runtime.punctuation.service import PunctuationService
from liusheng.server.config.limits import LimitSettings
from liusheng.server.errors import internal_error, server_busy
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import PADDLESPEECH_ERRORS
from liusheng.server.http.exchange import JSON, HttpExchange
from liusheng.server.http.json_body import json_body

_log = logging.getLogger(__name__)

_PUNCTUATION = re.compile("[，。？！；：、,.?!;:]")


def paddlespeech_text_endpoint(
    punctuation: PunctuationService | None, limits: LimitSettings
) -> Endpoint:
    """Return the endpoint. punctuation: None: the server has no model for it."""

    async def answer(exchange: HttpExchange) -> None:
        message = await json_body(exchange, limits)
        text = convert(message, TextBody).text
        if text.strip() and not _PUNCTUATION.search(text):
            text = await _punctuate(text, punctuation, limits.max_text_chars)
        await exchange.answer(msgspec.json.encode(TextAnswer(result=TextResult(punc_text=text))))

    return Endpoint(
        "POST",
        paths.TEXT,
        answer,
        PADDLESPEECH_ERRORS,
        summary="Punctuate a text; one that has punctuation is returned unchanged.",
        body={JSON: TextBody},
        answers={JSON: (TextAnswer,)},
    )


async def _punctuate(text: str, punctuation: PunctuationService | None, max_chars: int) -> str:
    if punctuation is None:
        raise ProtocolError(
            ErrorCode.NO_PUNCTUATION,
            "This server has no punctuation model (setting asr.punctuation). Its recognisers write "
            "punctuation themselves: use their text, and leave this request out.",
        )
    if len(text) > max_chars:
        raise text_too_long(len(text), max_chars)
    try:
        return await punctuation.punctuate(text)
    except BusyError as error:
        raise server_busy("text", error) from None
    except Exception as error:
        _log.warning("punctuation failed: %s", summary(error), exc_info=traced(error))
        raise internal_error() from error
