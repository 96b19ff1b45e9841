"""Bad input, generated: what no door may take, and what it may take but must survive.

Cases are drawn by hypothesis, so that each run has others, a seed brings them back, and one that does harm is shrunk
to the smallest that still does. Each case holds MARK wherever an alert would hold its own, and is sent with another
mark in its place: whatever comes of a case can be told from what comes of all others.
"""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, urlencode

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

MARK = "v000000000000"
Fate = Literal["refused", "without effect", "survived"]
"""What has to become of a case: 4xx and no effect; no effect; or only that the program is none the worse for it."""

JSON_TYPE = "application/json"
EVENT_TYPE = "application/cloudevents+json"
FORM_TYPE = "application/x-www-form-urlencoded"
STRANGE_TYPES = ("text/plain", "application/xml", "image/png", "multipart/form-data; boundary=x", "nonsense", "")
DEEP = (500, 5_000, 100_000)
"""Levels of nesting."""
HUGE = (100_000, 1_000_000)
"""Bytes of a body."""
NO_UTF_8 = (b"\xff", b"\xc3\x28", b"\xe2\x82", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xc0\xaf")


@dataclass(frozen=True, slots=True)
class Case:
    """One request."""

    what: str
    """What is wrong with it, in a few words."""
    body: bytes = b""
    detail: str = ""
    """The wrong part itself, where there is one."""
    headers: tuple[tuple[str, bytes], ...] = ()
    method: str = "POST"
    target: str = ""
    """What follows the door's address."""
    fate: Fate = "refused"
    signed: bool = False
    """Whether it is signed as Slack would sign it (CONTRACTS §3)."""


# -- what is sound

LABELS = {"alertname": f"HighLoad_{MARK}", "namespace": "shop", "pod": f"checkout-{MARK}", "severity": "warning"}
ANNOTATIONS = {"summary": "A pod is overloaded", "description": f"Pod checkout-{MARK} is overloaded."}
ALERT: dict[str, Any] = {
    "alertname": LABELS["alertname"],
    "status": "firing",
    "severity": "warning",
    "labels": LABELS,
    "annotations": ANNOTATIONS,
    "commonLabels": LABELS,
    "commonAnnotations": ANNOTATIONS,
    "startsAt": "2026-01-08T10:15:00Z",
    "endsAt": None,
    "generatorURL": "http://prometheus.example.com/graph",
    "receiver": "prometheus-events",
    "version": "4",
}
ATTRIBUTES = {
    "specversion": "1.0",
    "id": f"event-{MARK}",
    "source": "prometheus/alertmanager/prometheus-events",
    "type": "io.homelab.prometheus.alert.fired",
    "subject": LABELS["alertname"],
}
EVENT = ATTRIBUTES | {"datacontenttype": JSON_TYPE, "data": ALERT}
NOTIFICATION: dict[str, Any] = {
    "version": "4",
    "receiver": "prometheus-events",
    "status": "firing",
    "groupKey": f'{{}}:{{alertname="HighLoad_{MARK}"}}',
    "groupLabels": {"alertname": LABELS["alertname"]},
    "commonLabels": LABELS,
    "commonAnnotations": ANNOTATIONS,
    "externalURL": "http://alertmanager.example.com",
    "truncatedAlerts": 0,
    "alerts": [
        {
            "status": "firing",
            "labels": LABELS,
            "annotations": ANNOTATIONS,
            "startsAt": "2026-01-08T10:15:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.com/graph",
            "fingerprint": MARK,
        }
    ],
}
FIRST = ("alerts", 0)
REQUIRED = ("id", "source", "type", "specversion")
"""The attributes that every event has (CONTRACTS §6.1)."""

Path = tuple[str | int, ...]


def changed(sound: Any, path: Path, value: Any) -> Any:
    """A copy with this value at the path."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(sound, list):
        return [changed(one, rest, value) if number == key else one for number, one in enumerate(sound)]
    return {**sound, key: changed(sound.get(key, {}), rest, value)}


def without(sound: Any, path: Path) -> Any:
    """A copy that lacks what is at the path."""
    key, rest = path[0], path[1:]
    if isinstance(sound, list):
        return [without(one, rest) if number == key else one for number, one in enumerate(sound)]
    if not rest:
        return {name: value for name, value in sound.items() if name != key}
    return {**sound, key: without(sound[key], rest)}


def dumped(value: Any) -> bytes:
    """The value as JSON."""
    return json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")


# -- what is wrong with any JSON

TEXTS = st.text(string.printable + "\0\x1b\x7fäß\u202e\u2028\ufeff東\U0001f525", max_size=20)
WORDS = st.text(string.ascii_letters + string.digits + string.punctuation, min_size=1, max_size=30)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NO_OBJECT = ANYTHING.filter(lambda value: not isinstance(value, dict))
NO_LABELS = st.none() | st.booleans() | st.integers() | TEXTS | st.lists(ANYTHING, max_size=3)
NO_TEXT = st.lists(ANYTHING, max_size=3) | st.dictionaries(TEXTS, ANYTHING, max_size=3)


class Body(NamedTuple):
    """The body of a request."""

    what: str
    """What is wrong with it, in a few words."""
    data: bytes
    detail: str = ""
    """The wrong part itself, where there is one."""


Bodies = SearchStrategy[Body]


def no_json(sound: Any) -> Bodies:
    """Bodies that are no JSON object, whatever door they are sent to."""
    text = dumped(sound)

    def cut(at: int) -> Body:
        return Body("JSON that is cut short", text[:at], f"after {at} bytes")

    def mangled(place: int, bad: bytes) -> Body:
        at = text.index(MARK.encode()) + place % len(MARK)
        return Body("text that is not UTF-8", text[:at] + bad + text[at:], bad.hex(" "))

    return st.one_of(
        st.integers(0, len(text) - 1).map(cut),
        st.builds(mangled, st.integers(0, len(MARK) - 1), st.sampled_from(NO_UTF_8)),
        NO_OBJECT.map(lambda value: Body("no JSON object", dumped(value))),
        st.binary(max_size=60).filter(_is_no_object).map(lambda data: Body("bytes that are no JSON", data)),
        st.sampled_from(DEEP).map(lambda levels: Body("lists nested deeply", b"[" * levels + b"]" * levels)),
        st.sampled_from(DEEP).map(lambda levels: Body("objects that are never closed", b'{"a":' * levels)),
        st.sampled_from(HUGE).map(lambda size: Body("one huge text", b'"' + b"x" * size + b'"')),
        st.sampled_from(
            [
                Body("a comma too many", text[:-1] + b",}"),
                Body("single quotes", text.replace(b'"', b"'")),
                Body("a raw line break in a text", text.replace(MARK.encode(), MARK.encode() + b"\n", 1)),
                Body("XML", f"<alert><name>{MARK}</name></alert>".encode()),
                Body("a form", urlencode({"alertname": MARK}).encode()),
            ]
        ),
    )


def _is_no_object(data: bytes) -> bool:
    """Whether it is no object to anybody, also not to who reads the first value and ignores what follows."""
    try:
        text = data.decode(json.detect_encoding(data), "replace").lstrip()
        return not isinstance(json.JSONDecoder().raw_decode(text)[0], dict)
    except (ValueError, RecursionError):
        return True


def wrong(sound: Any, place: Path, what: str, values: SearchStrategy[Any]) -> Bodies:
    """A sound body but for one value."""
    return values.map(lambda value: Body(what, dumped(changed(sound, place, value)), _shortly(value)))


def lacking(sound: Any, *places: Path) -> Bodies:
    """A sound body but for one value that is missing."""
    return st.sampled_from(places).map(
        lambda place: Body(f"no {'.'.join(map(str, place))}", dumped(without(sound, place)))
    )


def bad_alert(sound: Any, at: Path) -> Bodies:
    """A body whose alert, at that place, has no labels worth the name, or texts that are none."""
    labels, annotations = (*at, "labels"), (*at, "annotations")
    return st.one_of(
        wrong(sound, labels, "labels that are no object", NO_LABELS.filter(bool)),
        wrong(sound, (*labels, "team"), "a label that is no text", NO_TEXT),
        wrong(sound, annotations, "annotations that are no object", NO_LABELS.filter(bool)),  # there may be none
        wrong(sound, (*annotations, "description"), "an annotation that is no text", NO_TEXT),
        st.sampled_from(DEEP[:2]).map(
            lambda levels: Body(
                "a label nested deeply", _with_raw(sound, (*labels, "team"), "[" * levels + "]" * levels)
            )
        ),
    )


def nameless(sound: Any) -> Any:
    """A copy that names the alert nowhere: who misses the name in one place may look for it in another."""
    if isinstance(sound, list):
        return [nameless(one) for one in sound]
    if not isinstance(sound, dict):
        return sound
    return {name: nameless(value) for name, value in sound.items() if name not in ("alertname", "subject")}


NAMELESS = "no name of the alert"
MORE = "more behind the JSON"
"""What readers of a stream, such as Go's and Java's, leave for later."""
OLD = "the specversion before"
"""What CloudEvents' own library still takes."""


def no_labels(sound: Any, at: Path) -> Bodies:
    """A body whose alert, at that place, has no labels at all: what remains may be its name."""
    labels = (*at, "labels")
    return st.one_of(
        st.just(Body("no labels", dumped(without(sound, labels)))),
        wrong(sound, labels, "labels that are nothing", st.sampled_from([None, False, 0, "", []])),
    )


RAW = "raw-text-of-a-value"


def _with_raw(sound: Any, place: Path, raw: str) -> bytes:
    return dumped(changed(sound, place, RAW)).replace(f'"{RAW}"'.encode(), raw.encode())


def odd_alert(sound: Any, at: Path) -> Bodies:
    """A body that some take and others do not."""
    label = (*at, "labels", "team")
    raw = st.sampled_from(["NaN", "1e999", "9" * 5_000, '"\\ud800"', '"\\u0000"', '"a", "team": "b"', "null", "3"])
    return st.one_of(
        raw.map(lambda value: Body("an odd label", _with_raw(sound, label, value), value[:20])),
        wrong(sound, label, "a label of strange characters", TEXTS),
        wrong(sound, (*at, "startsAt"), "a start that is no time", ANYTHING),
        wrong(sound, (*at, "status"), "a strange status", ANYTHING),
        wrong(sound, (*at, "more"), "a field that nobody knows", ANYTHING),
        st.just(Body("a byte order mark", b"\xef\xbb\xbf" + dumped(sound))),
        st.sampled_from([dumped(sound), b"x", b"}"]).map(
            lambda rest: Body(MORE, dumped(sound) + rest, repr(rest[:20]))
        ),
    )


# -- each door's own


def structured() -> SearchStrategy[Case]:
    """Events in structured mode."""
    no_value = st.none() | st.booleans() | st.integers() | NO_TEXT | st.just("")
    refused = st.one_of(
        no_json(EVENT),
        lacking(EVENT, *((name,) for name in (*REQUIRED, "data"))),
        st.sampled_from(REQUIRED).flatmap(lambda name: wrong(EVENT, (name,), f"a wrong {name}", no_value)),
        wrong(EVENT, ("specversion",), "an unknown specversion", st.sampled_from(["1.1", "2.0", "1", "one"])),
        wrong(EVENT, ("data",), "data that are no object", NO_OBJECT),
        st.binary(max_size=30).filter(_is_no_object).map(_in_base64),
        bad_alert(EVENT, ("data",)),
        st.just(Body(NAMELESS, dumped(nameless(EVENT)))),
    )
    unknown = wrong(EVENT, ("type",), "an event of an unknown type", WORDS.map("unheard.of.{}".format))
    old = st.just(Body(OLD, dumped(EVENT | {"specversion": "0.3"})))
    odd_types = ("application/cloudevents+xml", "application/cloudevents-batch+json", JSON_TYPE)
    odd = [as_type(st.just(Body("a doubtful content type", dumped(EVENT))), one, "survived") for one in odd_types]
    return _mostly(
        as_type(refused, EVENT_TYPE),
        as_strange_type(no_json(EVENT).map(lambda body: body.data)),
        as_type(unknown, EVENT_TYPE, "without effect"),
        st.one_of(
            as_type(odd_alert(EVENT, ("data",)) | no_labels(EVENT, ("data",)) | old, EVENT_TYPE, "survived"),
            as_strange_type(st.just(dumped(EVENT)), "survived"),  # CloudEvents' own library looks at no content type
            *odd,
        ),
    )


def binary() -> SearchStrategy[Case]:
    """Events in binary mode."""

    def case(what: str, changes: Mapping[str, bytes | None], fate: Fate = "refused", body: bytes | None = None) -> Case:
        headers = {f"ce-{name}": value.encode() for name, value in ATTRIBUTES.items()}
        merged = {**headers, "content-type": JSON_TYPE.encode(), **changes}
        return Case(
            what,
            dumped(ALERT) if body is None else body,
            headers=tuple((name, value) for name, value in merged.items() if value is not None),
            fate=fate,
        )

    def header(what: str, name: str, values: SearchStrategy[bytes], fate: Fate = "refused") -> SearchStrategy[Case]:
        return values.map(lambda value: case(what, {name: value}, fate))

    def data(bodies: Bodies, fate: Fate = "refused") -> SearchStrategy[Case]:
        return bodies.map(lambda body: replace(case(body.what, {}, fate, body.data), detail=body.detail))

    escapes = st.sampled_from([b"%FF", b"%ZZ", b"%", b'"', b"\\", b"%00"])
    times = st.sampled_from([b"yesterday", b"2026-13-45T99:99:99Z", b"0"])
    long = st.integers(1_000, 16_000).map(lambda size: b"x" * size)
    refused = st.one_of(
        st.sampled_from(REQUIRED).map(lambda name: case(f"no ce-{name}", {f"ce-{name}": None})),
        st.sampled_from(REQUIRED[:3]).map(lambda name: case(f"an empty ce-{name}", {f"ce-{name}": b""})),
        header("an unknown ce-specversion", "ce-specversion", st.sampled_from([b"1.1", b"2.0", b"1"])),
        st.just(case(NAMELESS, {"ce-subject": None}, body=dumped(nameless(ALERT)))),
    )
    odd = st.one_of(
        header("strange bytes in ce-subject", "ce-subject", st.binary(min_size=1).map(_printable), "survived"),
        header("a ce-subject that cannot be decoded", "ce-subject", escapes, "survived"),
        header("a ce-time that is no time", "ce-time", times, "survived"),
        header("a very long header", "ce-long", long, "survived"),
        st.integers(10, 90).map(
            lambda count: case("very many headers", {f"ce-x{n}": b"y" for n in range(count)}, "survived")
        ),
        data(odd_alert(ALERT, ()) | no_labels(ALERT, ()), "survived"),
        st.just(case(OLD, {"ce-specversion": b"0.3"}, "survived")),
    )
    return _mostly(data(st.one_of(no_json(ALERT), bad_alert(ALERT, ()), st.just(Body("no data", b"")))), refused, odd)


def approvals(request_ids: Sequence[str]) -> SearchStrategy[Case]:
    """Answers to approval requests: to one that was never made, or no answers at all.

    `request_ids` are those of a request that waits, or whatever could be its id.
    """
    answer = {"provider": "custom", "request_id": MARK, "decision": "approve", "user_id": "u1", "user_name": "Ada"}
    known = st.sampled_from([answer | {"request_id": one} for one in request_ids])
    no_decision = ANYTHING.filter(lambda value: not isinstance(value, str)) | st.sampled_from(["", "perhaps"])
    refused = st.one_of(
        no_json(answer),
        lacking(answer, ("provider",), ("request_id",), ("decision",)),
        wrong(answer, ("provider",), "a strange provider", ANYTHING.filter(lambda value: value != "custom")),
        wrong(answer, ("request_id",), "a request that was never made", ANYTHING),
        known.flatmap(lambda one: wrong(one, ("decision",), "a decision that is none", no_decision)),
        st.just(Body(MORE, dumped(answer) * 2)),  # the first is about a request that was never made
        known.map(lambda one: Body("a request in a list", dumped(one | {"request_id": [one["request_id"]]}))),
    )
    button = {"type": "button", "action_id": f"approve_{MARK}", "block_id": "b", "value": MARK, "action_ts": "1"}
    click = {"type": "block_actions", "user": {"id": "U1", "username": "ada"}, "actions": [button]}
    genuine = st.sampled_from(
        [click | {"actions": [button | {"action_id": f"approve_{one}", "value": one}]} for one in request_ids]
    )
    no_click = st.one_of(
        no_json(click).map(lambda body: body.data),
        st.sampled_from(["type", "user", "actions"]).flatmap(
            lambda name: ANYTHING.map(lambda value: dumped(click | {name: value}))
        ),
    )
    forms = st.one_of(no_click.map(_form), st.binary(max_size=60))
    unsigned = forms.map(lambda form: Body("an unsigned click that is none", form))
    signed = forms.map(lambda form: Body("a signed click that is none", form))
    return st.one_of(
        as_type(refused, JSON_TYPE),
        as_type(refused, JSON_TYPE),
        as_type(unsigned, FORM_TYPE),
        as_type(signed, FORM_TYPE, "without effect", signed=True),
        as_type(genuine.map(lambda one: Body("an unsigned click", _form(dumped(one)))), FORM_TYPE),
        as_strange_type(no_json(answer).map(lambda body: body.data)),
    )


def notifications() -> SearchStrategy[Case]:
    """Alertmanager's notifications. Its API asks an alert for a label at least, of whatever name (CONTRACTS §4.2)."""
    unnamed = st.just(Body(NAMELESS, dumped(nameless(NOTIFICATION))))
    no_list = ANYTHING.filter(lambda one: not isinstance(one, list))
    refused = st.one_of(
        no_json(NOTIFICATION),
        lacking(NOTIFICATION, ("alerts",)),
        wrong(NOTIFICATION, ("alerts",), "alerts that are no list", no_list),
        wrong(NOTIFICATION, FIRST, "an alert that is no object", NO_OBJECT),
        wrong(NOTIFICATION, (*FIRST, "status"), "a strange status", st.sampled_from(["smouldering", "", 1, [], {}])),
        bad_alert(NOTIFICATION, FIRST),
        no_labels(NOTIFICATION, FIRST),
    )
    return _mostly(
        as_type(refused, JSON_TYPE),
        as_strange_type(no_json(NOTIFICATION).map(lambda body: body.data)),
        as_type(st.one_of(odd_alert(NOTIFICATION, FIRST), unnamed), JSON_TYPE, "survived"),
    )


def looks() -> SearchStrategy[Case]:
    """Requests at doors that are only looked at, and at such as do not exist."""
    paths = ["health", "metrics", "", "approval/callback", "docs", "admin", ".env", "api/v1/events"]
    paths += ["..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "%00", "health%00", "health%0d%0ax:%20y"]
    queries = ["", "?", "?x=%ff", "?" + "x=1&" * 500, "?id[]=1&id[$ne]=", "?%00=%00", "?q=%7B%7B7*7%7D%7D"]
    return st.builds(
        lambda method, path, query, body: Case("a strange look", body, "", (), method, path + query, "survived"),
        st.sampled_from(["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"]),
        st.sampled_from(paths) | WORDS.map(lambda words: quote(words, safe="")),
        st.sampled_from(queries),
        st.sampled_from([b"", b"{}", b"\xff"]),
    )


def as_type(bodies: Bodies, media_type: str, fate: Fate = "refused", *, signed: bool = False) -> SearchStrategy[Case]:
    """The bodies, sent as that content type."""
    headers = (("content-type", media_type.encode()),) if media_type else ()
    return bodies.map(lambda body: Case(*body, headers, fate=fate, signed=signed))


def as_strange_type(bodies: SearchStrategy[bytes], fate: Fate = "refused") -> SearchStrategy[Case]:
    """The bodies, sent as something that no door asks for."""
    return st.sampled_from(STRANGE_TYPES).flatmap(
        lambda one: as_type(bodies.map(lambda data: Body("a strange content type", data, one)), one, fate)
    )


def _mostly(usual: SearchStrategy[Case], *others: SearchStrategy[Case]) -> SearchStrategy[Case]:
    """Mostly the usual ones; what a program may take costs it and its surroundings some work."""
    return st.integers(0, 9).flatmap(lambda chance: usual if chance < 8 else st.one_of(*others))


def _printable(data: bytes) -> bytes:
    """The bytes as they may stand in a header field (RFC 9110 §5.5)."""
    return bytes(one if one > 0x20 and one != 0x7F else 0x5F for one in data)


def _form(payload: bytes) -> bytes:
    return urlencode({"payload": payload}).encode()


def _in_base64(data: bytes) -> Body:
    event = without(EVENT, ("data",)) | {"data_base64": base64.b64encode(data).decode()}
    return Body("data in base64 that are no object", dumped(event), repr(data))


def _shortly(value: Any) -> str:
    return json.dumps(value)[:60]
