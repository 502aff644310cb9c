"""No message makes the sessions of other products' clients raise: errors are for their client."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol.wyoming import Event, encode_event
from tests.protocol import test_deepgram_session, test_twilio_session, test_wyoming

NAMES = st.sampled_from(
    "event streamSid start media payload track mark name text more voice speed customParameters "
    "lang hotwords endpointMs interim bargeIn mediaFormat type rate width channels language "
    "text_format transcript_names".split()
)
LEAVES = (
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False)
    | st.text(max_size=5) | st.sampled_from(["AAAA", "zh", "S", "inbound"])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=6,
)
MESSAGES = st.dictionaries(NAMES, VALUES, max_size=5)


@given(st.lists(st.tuples(st.sampled_from(["start", "media", "speak", "mark"]), MESSAGES)))
def test_of_a_call(sent: list[tuple[str, dict[str, Any]]]) -> None:
    client = test_twilio_session.Client()
    for event, message in sent:
        client.send({**message, "event": event})
        assert all("event" in each for each in client.received())


@given(st.lists(VALUES | st.binary(max_size=8), max_size=6))
def test_of_deepgrams_clients(sent: list[Any]) -> None:
    client = test_deepgram_session.Client()
    for message in sent:
        client.send(message)
        assert all("type" in each for each in client.received())


KINDS = st.sampled_from("transcribe audio-start audio-chunk synthesize synthesize-start".split())


@given(st.lists(st.tuples(KINDS, MESSAGES, st.binary(max_size=4)), max_size=6))
def test_of_the_wyoming_protocol(sent: list[tuple[str, dict[str, Any], bytes]]) -> None:
    client = test_wyoming.Client()
    for kind, data, payload in sent:
        event = json.loads(json.dumps(data))
        client.session.bytes_received(encode_event(Event(type=kind, data=event, payload=payload)))
        kinds = [each for each, _ in client.received()]
        assert ("error" in kinds) is client.session.closed
        if client.session.closed:
            return
