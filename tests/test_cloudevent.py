"""A CloudEvent is read strictly, travels unchanged in both content modes, and is the same to the CloudEvents SDK."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cloudevents.core.bindings import http as sdk
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steps.world.cluster.cloudevent import Event, EventError, Message, Mode, decode, encode, text_of

FIRED = "io.homelab.prometheus.alert.fired"
REQUIRED = {"specversion": "1.0", "id": "1", "source": "/a", "type": FIRED}
STRUCTURED = "application/cloudevents+json"


def binary(*more: tuple[str, str], without: str = "", **changes: str) -> list[tuple[str, str]]:
    """The headers of a good event in binary mode, changed."""
    attributes = {**REQUIRED, **changes}
    return [(f"ce-{name}", value) for name, value in attributes.items() if name != without] + list(more)


def structured(without: str | None = None, **changes: Any) -> bytes:
    """The body of a good event in structured mode, changed."""
    content = {**REQUIRED, **changes}
    if without:
        del content[without]
    return json.dumps(content).encode()


# values

steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no reason to fail."""


def text(smallest: int = 0) -> st.SearchStrategy[str]:
    """Any text that an attribute may hold."""
    noncharacters = "".join(map(chr, [*range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF]))
    allowed = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=noncharacters)
    return st.text(allowed, min_size=smallest, max_size=30)


names = st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True).filter(lambda name: name not in {*REQUIRED, "data", "time"})
values = text() | st.booleans() | st.integers(-(2**31), 2**31 - 1)
extensions = st.dictionaries(names.filter(lambda name: not name.startswith(("data", "subject"))), values, max_size=4)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
json_data = json_values.map(lambda value: json.dumps(value).encode())
unicode_text = st.text(st.characters(exclude_categories=("Cs",)))
header_names = st.sampled_from(["content-type", "ce-id", "ce-specversion", "ce-source", "ce-a"])
payloads = (
    st.tuples(st.sampled_from(["application/json", "application/problem+json; charset=utf-8"]), json_data)
    | st.tuples(
        st.just("text/plain; charset=utf-8"), st.text(st.characters(exclude_categories=("Cs",))).map(str.encode)
    )
    | st.tuples(st.sampled_from(["application/octet-stream", "application/json", "text/csv"]), st.binary())
)


@st.composite
def events(draw: st.DrawFn) -> Event:
    content_type, data = draw(payloads)
    attributes = {
        **draw(extensions),
        "specversion": "1.0",
        "id": draw(text(1)),
        "source": draw(st.sampled_from(["/a", "urn:x:1", "prometheus/alertmanager/main", "https://example.com/a?b#c"])),
        "type": draw(text(1)),
        "datacontenttype": content_type,
    }
    if draw(st.booleans()):
        attributes["subject"] = draw(text(1))
    if draw(st.booleans()):
        attributes["time"] = draw(st.datetimes()).isoformat() + draw(st.sampled_from(["Z", "+05:30", "-00:00"]))
    return Event(attributes, data)


def same_data(one: Event, other: Event) -> bool:
    """Equal bytes, or the same JSON value in another notation."""
    if one.data == other.data:
        return True
    try:
        return bool(one.data_json() == other.data_json())
    except EventError:
        return False


# round trips


@steady
@given(events())
def test_an_event_comes_through_structured_mode_unchanged(event: Event) -> None:
    message = encode(event, "structured")
    back = decode(message.headers, message.body)
    assert back.attributes == event.attributes
    assert same_data(back, event)


@steady
@given(events())
def test_an_event_comes_through_binary_mode_unchanged_but_for_the_types_of_extensions(event: Event) -> None:
    message = encode(event, "binary")
    assert all(value.isascii() and "\n" not in value for _, value in message.headers)
    back = decode(message.headers, message.body)
    assert back.attributes == {name: text_of(value) for name, value in event.attributes.items()}
    assert back.data == event.data


@steady
@given(events())
def test_both_modes_carry_the_same_event(event: Event) -> None:
    first = encode(event, "structured")
    second = encode(decode(first.headers, first.body), "binary")
    back = decode(second.headers, second.body)
    assert back.attributes == {name: text_of(value) for name, value in event.attributes.items()}
    assert same_data(back, event)


@pytest.mark.parametrize("mode", ["binary", "structured"])
@steady
@given(event=events())
def test_the_sdk_reads_what_is_written(mode: Mode, event: Event) -> None:
    message = encode(event, mode)
    read = sdk.from_http(sdk.HTTPMessage(dict(message.headers), message.body), JSONFormat())
    mine = {name: text_of(value) for name, value in event.attributes.items()}
    theirs = {name: text_of(value) for name, value in read.get_attributes().items() if name != "time"}
    assert theirs == {name: value for name, value in mine.items() if name != "time"}
    if mode == "structured" and isinstance(read.get_data(), dict):
        assert read.get_data() == event.data_json()


@pytest.mark.parametrize("write", [sdk.to_binary, sdk.to_structured])
@steady
@given(subject=text(1), correlation=text(1), data=st.dictionaries(st.text(), json_values, min_size=1, max_size=3))
def test_what_the_sdk_writes_is_read(write: Any, subject: str, correlation: str, data: dict[str, Any]) -> None:
    attributes = {"type": FIRED, "source": "/a", "subject": subject, "correlationid": correlation}
    attributes["datacontenttype"] = "application/json"
    message = write(CloudEvent(attributes, data), JSONFormat())
    event = decode(list(message.headers.items()), message.body)
    assert (event.type, event.source, event.subject) == (FIRED, "/a", subject)
    assert event.attributes["correlationid"] == correlation
    assert event.data_json() == data


# accepted


def test_a_new_event_has_an_id_a_time_and_json_data() -> None:
    event, other = Event.of(FIRED, "/a", {"ä": 1}, subject="s"), Event.of(FIRED, "/a", None)
    assert event.id != other.id
    assert event.data == '{"ä":1}'.encode()
    assert event.data_json() == {"ä": 1}
    assert event.attributes["datacontenttype"] == "application/json"
    assert Event.of(FIRED, "/a", {}, id="mine").id == "mine"


def test_an_event_cannot_be_changed() -> None:
    event = Event(REQUIRED)
    with pytest.raises(TypeError):
        event.attributes["id"] = "2"  # type: ignore[index]
    assert event.extended(knativeerrorcode=500).attributes == {**REQUIRED, "knativeerrorcode": 500}
    assert event.subject is None


def test_header_values_are_percent_encoded_as_the_standard_has_it() -> None:
    event = Event({**REQUIRED, "subject": 'Euro € 😀 "50 %"'})
    headers = dict(encode(event, "binary").headers)
    assert headers["ce-subject"] == "Euro%20%E2%82%AC%20%F0%9F%98%80%20%2250%20%25%22"


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("plain", "plain"),
        ("%e2%82%ac", "€"),
        ("a%2520b", "a%20b"),
        ('"quoted text"', "quoted text"),
        (r'"a \"b\" \\"', 'a "b" \\'),
        ('"50%25 off"', "50% off"),
        ("  spaced  ", "spaced"),
    ],
)
def test_a_header_value_is_unquoted_and_decoded_once(value: str, meaning: str) -> None:
    assert decode(binary(subject=value), b"").subject == meaning


def test_names_of_headers_and_media_types_are_read_without_regard_to_case() -> None:
    headers = [(name.upper(), value) for name, value in binary(("Content-Type", "Application/JSON"))]
    assert decode(headers, b"{}").attributes == {**REQUIRED, "datacontenttype": "Application/JSON"}
    assert decode([("CONTENT-type", "Application/CloudEvents+JSON; charset=UTF-8")], structured()).id == "1"


def test_json_data_without_a_declared_type_is_json() -> None:
    event = decode([("content-type", STRUCTURED)], structured(data={"a": [1, 2.5, None]}))
    assert event.attributes["datacontenttype"] == "application/json"
    assert event.data_json() == {"a": [1, 2.5, None]}
    assert dict(encode(event, "binary").headers)["content-type"] == "application/json"


def test_data_of_other_types_is_text_or_base64() -> None:
    headers = [("content-type", STRUCTURED)]
    text_event = decode(headers, structured(datacontenttype="text/plain", data="grüß"))
    assert text_event.data == "grüß".encode()
    raw = base64.b64encode(b"\x00\xff").decode()
    raw_event = decode(headers, structured(datacontenttype="image/png", data_base64=raw))
    assert raw_event.data == b"\x00\xff"
    assert json.loads(encode(raw_event, "structured").body)["data_base64"] == raw
    assert "data" not in json.loads(encode(Event(REQUIRED), "structured").body)


def test_half_a_surrogate_pair_in_the_data_comes_through() -> None:
    event = decode([("content-type", STRUCTURED)], structured(data={"a": "\ud800ä"}))
    assert event.data_json() == {"a": "\ud800ä"}
    again = encode(event, "structured")
    assert decode(again.headers, again.body) == event


def test_a_schema_is_an_absolute_uri() -> None:
    schema = "https://example.com/schema#1"
    assert decode(binary(dataschema=schema), b"").attributes["dataschema"] == schema


def test_an_attribute_that_is_null_is_absent() -> None:
    assert "subject" not in decode([("content-type", STRUCTURED)], structured(subject=None)).attributes


@pytest.mark.parametrize(
    "time",
    ["2026-11-23T22:43:00Z", "2026-11-23t22:43:00.123456789z", "2024-02-29T00:00:00+14:00", "2016-12-31T23:59:60Z"],
)
def test_a_timestamp_is_rfc_3339(time: str) -> None:
    assert decode(binary(time=time), b"").attributes["time"] == time


# refused


@pytest.mark.parametrize("missing", REQUIRED)
def test_an_event_without_a_required_attribute_is_refused(missing: str) -> None:
    with pytest.raises(EventError):
        decode(binary(without=missing), b"")
    with pytest.raises(EventError, match=missing):
        decode([("content-type", STRUCTURED)], structured(without=missing))
    with pytest.raises(EventError):
        decode([("content-type", STRUCTURED)], structured(**{missing: None}))


BROKEN = [
    ("specversion", "0.3"),
    ("specversion", "1.0.2"),
    ("id", ""),
    ("source", ""),
    ("source", "not a uri"),
    ("source", "a<b>"),
    ("source", "%zz"),
    ("type", ""),
    ("subject", ""),
    ("time", "yesterday"),
    ("time", "2026-11-23"),
    ("time", "2026-11-23T22:43:00"),
    ("time", "2026-02-30T00:00:00Z"),
    ("time", "2026-11-23T24:00:00Z"),
    ("dataschema", "relative/schema"),
    ("under_score", "x"),
    ("data", "x"),
]


@pytest.mark.parametrize(("name", "value"), BROKEN)
def test_an_attribute_that_breaks_the_standard_is_refused_in_both_modes(name: str, value: str) -> None:
    encoded = value.replace(" ", "%20").replace("%zz", "%25zz")
    with pytest.raises(EventError):
        decode(binary(**{name: encoded}), b"")
    if name != "data":
        with pytest.raises(EventError):
            decode([("content-type", STRUCTURED)], structured(**{name: value}))


@pytest.mark.parametrize(
    "changes",
    [
        {"id": 1},
        {"type": True},
        {"subject": {"a": 1}},
        {"extension": 1.5},
        {"extension": 2**31},
        {"extension": ["a"]},
        {"extension": "line\nbreak"},
        {"extension": "\ud800"},
        {"extension": "\ufffe"},
        {"Extension": "x"},
        {"ext-ension": "x"},
        {"": "x"},
        {"datacontenttype": "json"},
        {"datacontenttype": 1},
        {"data": 1, "data_base64": "AA=="},
        {"data_base64": "not base64"},
        {"data_base64": 1},
        {"datacontenttype": "text/plain", "data": {"a": 1}},
    ],
)
def test_a_structured_event_that_breaks_the_standard_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(EventError):
        decode([("content-type", STRUCTURED)], structured(**changes))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (STRUCTURED, b""),
        (STRUCTURED, b"{"),
        (STRUCTURED, b"[]"),
        (STRUCTURED, b"null"),
        (STRUCTURED, structured().replace(b"/a", b"\xff")),
        (STRUCTURED, structured(data=0).replace(b"0}", b"NaN}")),
        (STRUCTURED, structured(data=0).replace(b"0}", b"1e999}")),
        (STRUCTURED, b"[" * 100_000),
        (f"{STRUCTURED}; charset=iso-8859-1", structured()),
        ("application/cloudevents-batch+json", b"[" + structured() + b"]"),
        ("application/cloudevents+xml", b"<event/>"),
        ("application/json", structured()),
        ("", structured()),
    ],
)
def test_a_message_that_is_no_single_json_event_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(EventError):
        decode([("content-type", content_type)] if content_type else [], body)


@pytest.mark.parametrize(
    "headers",
    [
        binary(("ce-datacontenttype", "application/json")),
        binary(("ce-id", "2")),
        binary(("content-type", "application/json"), ("content-type", "text/plain")),
        binary(("content-type", "json")),
        binary(subject="a b"),
        binary(subject='a"b'),
        binary(subject="100%"),
        binary(subject="%f"),
        binary(subject="%ff"),
        binary(subject="%C3%28"),
        binary(subject="Ã¤"),
        binary(subject="%0a"),
        binary(subject="tab\there"),
        binary(subject='"half'),
    ],
)
def test_a_binary_event_that_breaks_the_standard_is_refused(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(EventError):
        decode(headers, b"")


def test_a_refusal_says_what_was_expected_and_what_was_seen() -> None:
    with pytest.raises(EventError, match=r"^time is an RFC 3339 timestamp, this is 'yesterday'\.$"):
        decode(binary(time="yesterday"), b"")
    with pytest.raises(EventError, match=r"has no ce-specversion header and its content type is application/json"):
        decode([("content-type", "application/json")], b"{}")
    with pytest.raises(EventError, match=r"^Expected JSON in UTF-8 as the data of event 1"):
        Event(REQUIRED, b"{").data_json()


@steady
@given(
    st.lists(st.tuples(st.sampled_from(["content-type", "ce-id", "ce-specversion", "ce-a"]), st.text())), st.binary()
)
def test_any_message_is_an_event_or_refused_with_a_sentence(headers: list[tuple[str, str]], body: bytes) -> None:
    try:
        assert isinstance(encode(decode(headers, body), "structured"), Message)
    except EventError as error:
        assert str(error).endswith(".")
