"""The Loki double against its contract (CONTRACTS §5.1), and the driver that reads Loki."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.drivers import loki as driver
from steps.drivers.loki import LokiUnavailable
from steps.world.journal import Exchange, Journal
from steps.world.services.covered import uncovered
from steps.world.services.golang import Answer, NotCovered, Refusal
from steps.world.services.loki import Loki, errors, logql
from steps.world.services.loki.metrics import Binary, Scalar
from steps.world.services.loki.pipeline import LineFilter, LogQuery, Matcher

NOON = 1_893_499_200.0
"""2030-01-01T12:00:00Z."""
SECOND = 10**9
URL = "http://loki.loki.svc.cluster.local:3100"


class Desk:
    """A caller of the double, at noon."""

    def __init__(self) -> None:
        self.loki = Loki(clock=lambda: NOON)

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.loki.app), base_url=URL) as client:
            return await client.request(method, path, **options)

    async def get(self, path: str, **asked: Any) -> httpx.Response:
        return await self.call("GET", f"/loki/api/v1/{path}", params=asked)

    async def streams(self, query: str, **asked: Any) -> list[dict[str, Any]]:
        answer = await self.get("query_range", query=query, **asked)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["resultType"] == "streams"
        return list(answer.json()["data"]["result"])

    async def lines(self, query: str, **asked: Any) -> list[str]:
        """The texts that a log query finds, the oldest first."""
        found = await self.streams(query, direction="forward", **asked)
        return [text for _, text in sorted(value for stream in found for value in stream["values"])]

    async def series(self, query: str, **asked: Any) -> dict[str, str]:
        """The values of an instant query by the values of their labels."""
        answer = await self.get("query", query=query, time=str(int(NOON)), **asked)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["resultType"] == "vector"
        return {",".join(each["metric"].values()): each["value"][1] for each in answer.json()["data"]["result"]}

    async def push(self, streams: Any, **headers: str) -> httpx.Response:
        body = streams if isinstance(streams, bytes) else json.dumps({"streams": streams})
        headers = {"content-type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return await self.call("POST", "/loki/api/v1/push", content=body, headers=headers)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def logs(desk: Desk) -> Desk:
    """A double with the logs of two pods."""
    desk.loki.put(
        {"app": "checkout", "pod": "checkout-1"},
        [
            (NOON - 50, '{"level":"info","status":200,"took":"12ms","user":{"name":"Ann"},"pod":"other"}'),
            (NOON - 40, '{"level":"error","status":503,"took":"1.5s","tags":["a"],"size":"2KB"}'),
            (NOON - 30, "no JSON at all"),
        ],
    )
    desk.loki.put(
        {"app": "checkout", "pod": "checkout-2"},
        [(NOON - 20, 'level=error msg="connection refused" status=500'), (NOON - 10, "level=info msg=ok status=200")],
    )
    return desk


def refused(answer: httpx.Response, status: int = 400) -> str:
    """The text of a refusal, which Loki never tells in JSON."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.text.removesuffix("\n")


def stream(*values: Any, labels: Any = None) -> list[dict[str, Any]]:
    return [{"stream": {"app": "x"} if labels is None else labels, "values": list(values)}]


def at(seconds: float = 0) -> str:
    return str(int(NOON) * SECOND + round(seconds * SECOND))


# -- push


async def test_lines_that_are_pushed_are_found(desk: Desk) -> None:
    answer = await desk.push(stream([at(-2), "first"], [at(-1), "second", {"trace_id": "abc"}]))
    assert (answer.status_code, answer.content) == (204, b"")
    found = await desk.streams('{app="x"}')
    assert {"stream": {"app": "x"}, "values": [[at(-2), "first"]]} in found
    assert {"stream": {"app": "x", "trace_id": "abc"}, "values": [[at(-1), "second"]]} in found
    assert await desk.lines('{app="x"} | trace_id="abc"') == ["second"]


@pytest.mark.parametrize(
    ("encoding", "packed"), [("gzip", gzip.compress), ("deflate", lambda b: zlib.compress(b)[2:-4])]
)
async def test_a_push_may_be_compressed(desk: Desk, encoding: str, packed: Callable[[bytes], bytes]) -> None:
    body = packed(json.dumps({"streams": stream([at(-1), "packed"])}).encode())
    assert (await desk.push(body, content_encoding=encoding)).status_code == 204
    assert await desk.lines('{app="x"}') == ["packed"]


async def test_the_same_line_at_the_same_time_is_kept_once(desk: Desk) -> None:
    for _ in range(2):
        await desk.push(stream([at(-1), "again"], [at(-1), "other"]))
    assert await desk.lines('{app="x"}') == ["again", "other"]


@pytest.mark.parametrize(
    ("pushed", "status", "text"),
    [
        (b"{", 400, "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: "),
        (b"[]", 400, "decode slice: expect [ or n"),
        (b'{"streams":{}}', 400, "decode slice: expect [ or n"),
        ([], 422, "error at least one valid stream is required for ingestion"),
        ([1], 400, "Value is not an object"),
        (stream([at(), "x"], labels={}), 400, "error at least one label pair is required per stream"),
        (stream([at(), "x"], labels={"app": ""}), 400, "error at least one label pair is required per stream"),
        (stream([at(), "x"], labels={"app": 1}), 400, "the value of a label is not a string"),
        (
            stream([at(), "x"], labels={"a-b": "x"}),
            400,
            "Error parsing labels '{a-b=\"x\"}' with error: parse error at ",
        ),
        (stream([at(), "x"], labels={"1a": "x"}), 400, "col 2: syntax error: unexpected 1"),
        (stream([at(), "x"], labels={f"l{i}": "x" for i in range(16)}), 400, "has 16 label names; limit 15"),
        (stream([at(), "x"], labels={"a" * 1025: "x"}), 400, "has label name too long"),
        (stream([at(), "x"], labels={"a": "x" * 2049}), 400, "has label value too long"),
        (stream("x"), 400, "Value is not an array of"),
        (stream([at()]), 400, "Value is not an array of"),
        (stream([int(at()), "x"]), 400, "Value looks like Number/Boolean/None"),
        (stream(["noon", "x"]), 400, 'strconv.ParseInt: parsing "noon": invalid syntax'),
        (stream([str(2**63), "x"]), 400, "strconv.ParseInt"),
        (stream([at(), 5]), 400, "Value is not a string"),
        ([{"stream": {"app": "x"}, "values": "x"}], 400, "Value is not an array"),
        (stream([at(), "x", {"trace_id": 5}]), 400, "structured metadata"),
        (
            stream([at(), "x" * (256 * 1024 + 1)]),
            400,
            "max entry size '262144' bytes exceeded for stream '{app=\"x\"}'",
        ),
        (stream([at(-7 * 86400 - 1), "x"]), 400, "timestamp too old: 2029-12-25T11:59:59Z, oldest acceptable "),
        (stream([at(601), "x"]), 400, "has timestamp too new: 2030-01-01T12:10:01Z"),
    ],
)
async def test_what_loki_does_not_take_is_refused(desk: Desk, pushed: Any, status: int, text: str) -> None:
    assert text in refused(await desk.push(pushed), status)
    assert await desk.lines('{app=~".+"}') == []


async def test_half_a_surrogate_pair_is_no_trouble(desk: Desk) -> None:
    line = '{"half": "\\ud83d"}'
    assert (await desk.push(stream([at(-2), "a \ud83d"], [at(-1), line]))).status_code == 204
    assert await desk.lines('{app="x"} | json') == ["a \ufffd", line]


async def test_the_good_lines_of_a_refused_push_are_kept(desk: Desk) -> None:
    answer = await desk.push(
        stream([at(601), "too new"], [at(-1), "good"]) + stream([at(-1), "fine"], labels={"app": "y"})
    )
    assert "too new" in refused(answer)
    assert await desk.lines('{app=~"x|y"}') == ["fine", "good"]


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        ({"content_type": "text/plain"}, 400, "snappy: corrupt input"),
        ({"content_type": "application/x-protobuf"}, 501, "does not cover"),
        ({"content_encoding": "br"}, 400, 'Content-Encoding "br" not supported'),
        ({"content_encoding": "gzip"}, 400, "gzip: invalid header"),
        ({"content_encoding": "deflate"}, 400, "deflate: invalid header"),
    ],
)
async def test_a_push_in_another_form_is_refused(desk: Desk, headers: dict[str, str], status: int, text: str) -> None:
    assert text in refused(await desk.push(stream([at(), "x"]), **headers), status)


def test_the_world_is_held_to_the_same_rules(desk: Desk) -> None:
    with pytest.raises(Refusal, match="too old"):
        desk.loki.put({"app": "x"}, [(0, "the epoch")])
    with pytest.raises(Refusal, match="at least one label"):
        desk.loki.put({}, [(NOON, "of nobody")])


# -- log queries


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ('{app="checkout"}', [50, 40, 30, 20, 10]),
        ('{app="checkout", pod="checkout-2"}', [20, 10]),
        ('{app="checkout", pod!="checkout-2"}', [50, 40, 30]),
        ('{pod=~"checkout-.*"}', [50, 40, 30, 20, 10]),
        ('{pod=~"checkout-"}', []),
        ('{app="checkout", pod!~".*2"}', [50, 40, 30]),
        ('{app="checkout", nothing=""}', [50, 40, 30, 20, 10]),
        ('{app="other"}', []),
        ('{app="checkout"} |= "error"', [40, 20]),
        ('{app="checkout"} |= "error" |= "refused"', [20]),
        ('{app="checkout"} |= "refused" or "JSON"', [30, 20]),
        ('{app="checkout"} != "level"', [30]),
        ('{app="checkout"} |~ "(?i)ERROR"', [40, 20]),
        (r'{app="checkout"} |~ `status=\d00`', [20, 10]),
        (r'{app="checkout"} |~ "status=\\d00"', [20, 10]),
        ('{app="checkout"} !~ "level|JSON"', []),
        ('({app="checkout"} |= "error")', [40, 20]),
        ('{app="checkout"} # whatever\n |= "error"', [40, 20]),
        ('{app="checkout"} | json | level="error"', [40]),
        ('{app="checkout"} | json | level="error" or user_name="Ann"', [50, 40]),
        ('{app="checkout"} | json | (level="error" or user_name="Ann") and status < 500', [50]),
        ('{app="checkout"} | json | level=~"inf.*", status=200', [50]),
        ('{app="checkout"} | json | level=~"inf.*" status=200', [50]),
        ('{app="checkout"} | json | pod_extracted="other"', [50]),
        ('{app="checkout"} | json | took > 100ms | __error__=""', [40]),
        ('{app="checkout"} | json | size >= 2kB | __error__=""', [40]),
        ('{app="checkout"} | json | size > 2KiB | __error__=""', []),
        ('{app="checkout"} | json who="user.name" | who="Ann"', [50]),
        ('{app="checkout"} | json first="tags[0]" | first="a"', [40]),
        ('{app="checkout"} | json | tags!=""', []),
        ('{app="checkout"} | json | __error__="JSONParserErr"', [30, 20, 10]),
        ('{app="checkout"} | json | status > 900 | __error__!=""', [30, 20, 10]),
        ('{app="checkout"} | logfmt | msg="connection refused"', [20]),
        ('{app="checkout"} | logfmt why="msg" | why=~"conn.*"', [20]),
        ('{app="checkout"} | logfmt | status >= 500', [20]),
        ('{app="checkout"} | logfmt | status > 1 | status != 500', [10]),
        ('{app="checkout"} | logfmt | msg > 5 | __error__="LabelFilterErr"', [20, 10]),
        ('{app="checkout"} | logfmt | msg > 5MB | __error__="LabelFilterErr"', [20, 10]),
        ('{app="checkout"} | json who="user.name.first", no="tags[7]" | who="" | no="" | __error__=""', [50, 40]),
        ('{app="checkout", vector="", duration=""} | json | vector="" | __error__=""', [50, 40]),
    ],
)
async def test_a_query_finds_the_lines_that_it_is_about(logs: Desk, query: str, seconds: list[float]) -> None:
    found = [value for each in await logs.streams(query) for value in each["values"]]
    assert sorted(time for time, _ in found) == [at(-second) for second in seconds]


@pytest.mark.parametrize(
    ("stages", "text"),
    [
        ('line_format "{{.level}} of {{ .user_name }}{{.nothing}} in {{.pod}}"', "info of Ann in checkout-1"),
        ("line_format `a {{- .level -}} b }} {`", "ainfob }} {"),
        ('line_format "x" | line_format "<{{__line__}}>"', "<x>"),
        ('label_format who=user_name, b="{{.level}}!" | line_format "{{.who}},{{.b}},{{.user_name}}"', "Ann,info!,"),
        ('label_format who=nobody, b="{{.user_name}}" | line_format "{{.who}}{{.b}}{{.user_name}}"', "AnnAnn"),
        ('drop level, user_name="Ann", status="0" | line_format "{{.level}}{{.user_name}}{{.status}}"', "200"),
        ('drop level | user_name="Ann" | line_format "{{.level}}{{.user_name}}"', "Ann"),
        ('keep level, user_name=~"A.*", status="0" | line_format "{{.level}}{{.user_name}}{{.pod}}"', "infoAnn"),
        (r'line_format "\u001b[31;1mred\u001b[0m {{.level}}" | decolorize', "red info"),
        ('line_format "x" |= "x"', "x"),
    ],
)
async def test_lines_and_labels_are_formatted(logs: Desk, stages: str, text: str) -> None:
    assert await logs.lines(f'{{pod="checkout-1"}} | json | user_name="Ann" | {stages}') == [text]


async def test_what_is_dropped_or_kept_shows_in_the_answer(logs: Desk) -> None:
    [found] = await logs.streams('{app="checkout"} | json | user_name="Ann" | keep pod, user_name')
    assert found["stream"] == {"pod": "checkout-1", "user_name": "Ann"}
    [found] = await logs.streams('{pod="checkout-2"} | json | drop __error__, __error_details__')
    assert found["stream"] == {"app": "checkout", "pod": "checkout-2"}
    [found] = await logs.streams('{pod="checkout-2"} | json | keep pod')
    assert set(found["stream"]) == {"pod", "__error__", "__error_details__"}


async def test_the_stream_of_an_answer_has_what_a_parser_found(logs: Desk) -> None:
    [found] = await logs.streams('{app="checkout"} | json | user_name="Ann"')
    assert found["stream"] == {
        "app": "checkout",
        "pod": "checkout-1",
        "level": "info",
        "status": "200",
        "took": "12ms",
        "user_name": "Ann",
        "pod_extracted": "other",
    }


async def test_the_newest_lines_come_first_and_within_the_limit(logs: Desk) -> None:
    [found] = await logs.streams('{app="checkout"}', limit=2)
    assert [time for time, _ in found["values"]] == [at(-10), at(-20)]
    [found] = await logs.streams('{app="checkout"}', limit=2, direction="FORWARD")
    assert [time for time, _ in found["values"]] == [at(-50), at(-40)]


async def test_the_start_belongs_to_the_time_of_a_query_and_the_end_does_not(logs: Desk) -> None:
    texts = await logs.lines('{app="checkout"}', start=at(-40), end=at(-20))
    assert [text[:9] for text in texts] == ['{"level":', "no JSON a"]


@pytest.mark.parametrize(
    "times",
    [
        {"start": at(-40), "end": at(-20)},
        {"start": str(int(NOON - 40)), "end": str(int(NOON - 20))},
        {"start": f"{NOON - 40:.3f}", "end": f"{NOON - 20:.3f}"},
        {"start": "2030-01-01T11:59:20Z", "end": "2030-01-01T12:59:40.000+01:00"},
        {"since": "20s", "end": at(-20)},
    ],
)
async def test_times_are_read_in_every_form(logs: Desk, times: dict[str, str]) -> None:
    assert len(await logs.lines('{app="checkout"}', **times)) == 2


async def test_a_query_looks_back_one_hour_by_default(desk: Desk) -> None:
    desk.loki.put({"app": "x"}, [(NOON - 3601, "long ago"), (NOON - 3600, "just now")])
    assert await desk.lines('{app="x"}') == ["just now"]


async def test_a_query_may_be_posted_as_a_form(logs: Desk) -> None:
    answer = await logs.call("POST", "/loki/api/v1/query_range", data={"query": '{pod="checkout-2"}'})
    assert len(answer.json()["data"]["result"][0]["values"]) == 2


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"limit": "0"}, "limit must be a positive value"),
        ({"limit": "x"}, 'strconv.Atoi: parsing "x": invalid syntax'),
        ({"limit": "5001"}, "max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)"),
        ({"direction": "up"}, "invalid direction 'up'"),
        ({"start": "noon"}, "could not parse 'start' parameter: strconv.ParseInt: parsing \"noon\": invalid syntax"),
        ({"end": "2030-13-01T00:00:00Z"}, 'parsing time "2030-13-01T00:00:00Z"'),
        ({"start": at(1), "end": at()}, "end timestamp must not be before or equal to start time"),
        ({"since": "yesterday"}, 'cannot parse "yesterday" to a valid duration'),
        ({"step": "0"}, "zero or negative query resolution step widths are not accepted. Try a positive integer"),
        ({"step": "0.1"}, "exceeded maximum resolution of 11,000 points per time series"),
        ({"step": "9" * 30}, "It overflows int64"),
        ({"since": "722h"}, "the query time range exceeds the limit (query length: 722h0m0s, limit: 721h0m0s)"),
    ],
)
async def test_parameters_that_cannot_be_are_refused(logs: Desk, asked: dict[str, str], text: str) -> None:
    assert text in refused(await logs.get("query_range", query='{app="checkout"}', **asked))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "parse error at line 1, col 1: syntax error: unexpected $end"),
        ("{", "parse error at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER or }"),
        ('{a="b"', "parse error at line 1, col 7: syntax error: unexpected $end, expecting , or }"),
        ('{a="b",}', "parse error at line 1, col 8: syntax error: unexpected }, expecting IDENTIFIER"),
        ('foo{a="b"}', "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER"),
        ("{a=b}", "parse error at line 1, col 4: syntax error: unexpected IDENTIFIER, expecting STRING"),
        ('{json="b"}', "parse error at line 1, col 2: syntax error: unexpected json, expecting IDENTIFIER or }"),
        ('{a="b}', "parse error at line 1, col 4: literal not terminated"),
        ('{a="b"}\n |= ', "parse error at line 2, col 5: syntax error: unexpected $end, expecting STRING"),
        ('{a="b"} |= "\\d"', "parse error at line 1, col 12: invalid char escape"),
        ('{a="b"} rate(', "parse error at line 1, col 9: syntax error: unexpected rate"),
        ('{a="b"} $', "parse error at line 1, col 9: syntax error: unexpected IDENTIFIER"),
        ('{a=~"["}', "parse error : error parsing regexp: missing closing ]: `[`"),
        ('{a="b"} |~ "(?=x)"', "parse error : error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
        ("{}", "parse error : queries require at least one regexp or equality matcher that does not have an empty-"),
        ('{a!="b"}', "parse error : queries require at least one regexp or equality matcher"),
        ('{a=~".*"}', "parse error : queries require at least one regexp or equality matcher"),
        ('rate({a="b"})', "parse error at line 1, col 13: syntax error: unexpected )"),
        ('rate({a="b"}[5minutes])', 'parse error at line 1, col 13: not a valid duration string: "5minutes"'),
        ('{a="b"} | line_format', "parse error at line 1, col 22: syntax error: unexpected $end, expecting STRING"),
        ('{a="b"} | line_format "{{.x"', "parse error : invalid line template: template: line:1: unclosed action"),
        (
            '{a="b"} | label_format c="{{.x"',
            "parse error : invalid template for label 'c': template: label:1: unclosed action",
        ),
        ('{a="b"} | label_format c=d, c=e', "parse error : multiple label name 'c' not allowed in a single format"),
        ('{a="b"} | label_format __error__=d', "parse error : __error__ cannot be formatted"),
        ('{a="b"} | drop', "parse error at line 1, col 15: syntax error: unexpected $end, expecting IDENTIFIER"),
        ('{a="b"} | decolorize "x"', "parse error at line 1, col 22: syntax error: unexpected STRING"),
        ('rate({a="b"}[5m)', "parse error at line 1, col 13: missing closing ']' in duration"),
        ('sum({a="b"})', "parse error at line 1, col 5: syntax error: unexpected {"),
        ('topk(rate({a="b"}[1m]))', "parse error : parameter required for operation topk"),
        (f'topk({"9" * 5000}, rate({{a="b"}}[1m]))', "strconv.ParseInt: parsing "),
        ('topk(0, rate({a="b"}[1m]))', "parse error : invalid parameter (must be greater than 0) topk(0"),
        ('sum(2, rate({a="b"}[1m]))', "parse error : unsupported parameter for operation sum(2,"),
        ('rate({a="b"}[1m]) or 1', "parse error : unexpected literal for operation (or)"),
        (f'{{a="{"b" * 131072}"}}', "parse error : input size too long (131078 > 131072)"),
    ],
)
async def test_a_query_that_cannot_be_read_is_refused(logs: Desk, query: str, text: str) -> None:
    assert refused(await logs.call("POST", "/loki/api/v1/query_range", data={"query": query})).startswith(text)


@pytest.mark.parametrize(
    "query",
    [
        '{a="b"} | pattern "<_>"',
        '{a="b"} | line_format "{{ToUpper .x}}"',
        '{a="b"} |> "x"',
        'sum_over_time({a="b"} | unwrap x [1m])',
        '{a="b"} | a=ip("x")',
    ],
)
async def test_what_the_double_does_not_know_of_logql_is_no_refusal_of_lokis(logs: Desk, query: str) -> None:
    assert "The acceptance suite's double does not cover this" in refused(
        await logs.get("query_range", query=query), 501
    )


def asked(answer: httpx.Response, **changes: Any) -> Exchange:
    """The request for that answer, as agent-sre would have made it."""
    usual: dict[str, Any] = {
        "caller": "agent-sre",
        "callee": "loki",
        "method": answer.request.method,
        "url": str(answer.request.url),
        "request_body": answer.request.content,
        "status": answer.status_code,
        "response_body": answer.content,
    }
    return Journal().record(**usual | changes)


async def test_a_question_that_the_double_does_not_know_is_told_with_what_it_does_not_know(logs: Desk) -> None:
    good = asked(await logs.get("query_range", query='{app="checkout"}'))
    wrong = asked(await logs.get("query_range", query="{"))
    pushed = asked(await logs.push([], content_type="application/x-protobuf"))
    down = asked(await logs.get("query_range", query="{"), status=501, response_body=b"Not Implemented")
    assert uncovered([good, wrong, pushed, down]) is None
    unknown = asked(await logs.get("query_range", query='{app="checkout"} | pattern "<_>"'))
    assert uncovered([good, unknown]) == (
        "The suite's double of loki does not cover the query's pattern at line 1, col 20, which agent-sre asks for: "
        f'GET {URL}/loki/api/v1/query_range?query={{app="checkout"}} | pattern "<_>"'
    )
    posted = await logs.call("POST", "/loki/api/v1/query_range", data={"query": '{app="x"} | unpack'})
    assert 'query={app="x"} | unpack' in str(uncovered([asked(posted)]))


# -- metric queries


@pytest.mark.parametrize(
    ("query", "series"),
    [
        ('count_over_time({app="checkout"}[1m])', {"checkout,checkout-1": "3", "checkout,checkout-2": "2"}),
        ('sum(bytes_over_time({app="checkout"} | line_format "x" [1m]))', {"": "5"}),
        (
            'sum by (who) (count_over_time({app="checkout"} | label_format who=pod [1m]))',
            {"checkout-1": "3", "checkout-2": "2"},
        ),
        ('count_over_time({app="checkout"}[20s])', {"checkout,checkout-2": "1"}),
        ('count_over_time({app="checkout"}[20s] offset 30s)', {"checkout,checkout-1": "2"}),
        ('count_over_time({app="checkout"}[1m] |= "error")', {"checkout,checkout-1": "1", "checkout,checkout-2": "1"}),
        ('sum(rate({app="checkout"} |= "error" [10s] offset 35s))', {"": "0.1"}),
        ('bytes_over_time({pod="checkout-1"} |= "no" [1m])', {"checkout,checkout-1": "14"}),
        ('bytes_rate({pod="checkout-1"} |= "no" [1m]) * 60', {"checkout,checkout-1": "14"}),
        ('absent_over_time({app="nobody"}[1m])', {"nobody": "1"}),
        ('absent_over_time({app="checkout"}[1m])', {}),
        ('sum(count_over_time({app="checkout"}[1m]))', {"": "5"}),
        ('sum by (app) (count_over_time({app="checkout"}[1m]))', {"checkout": "5"}),
        ('sum(count_over_time({app="checkout"}[1m])) by (pod)', {"checkout-1": "3", "checkout-2": "2"}),
        ('max without (pod) (count_over_time({app="checkout"}[1m]))', {"checkout": "3"}),
        ('min(count_over_time({app="checkout"}[1m]))', {"": "2"}),
        ('avg(count_over_time({app="checkout"}[1m]))', {"": "2.5"}),
        ('count(count_over_time({app="checkout"}[1m]))', {"": "2"}),
        ('topk(1, count_over_time({app="checkout"}[1m]))', {"checkout,checkout-1": "3"}),
        ('bottomk(1, count_over_time({app="checkout"}[1m]))', {"checkout,checkout-2": "2"}),
        ('sum by (level) (count_over_time({pod="checkout-2"} | logfmt [1m]))', {"error": "1", "info": "1"}),
        ('count_over_time({app="checkout"}[1m]) > 2', {"checkout,checkout-1": "3"}),
        ('2 < count_over_time({app="checkout"}[1m])', {"checkout,checkout-1": "3"}),
        ('count_over_time({pod="checkout-1"}[1m]) < bool 2', {"checkout,checkout-1": "0"}),
        ('sum(rate({pod="checkout-2"} |= "error"[1m])) / sum(rate({pod="checkout-2"}[1m]))', {"": "0.5"}),
        ('sum(rate({app="nobody"}[1m])) or vector(0)', {"": "0"}),
        (
            'count_over_time({app="checkout"}[1m]) unless count_over_time({pod="checkout-1"}[1m])',
            {"checkout,checkout-2": "2"},
        ),
        (
            'count_over_time({app="checkout"}[1m]) and count_over_time({pod="checkout-1"}[1m])',
            {"checkout,checkout-1": "3"},
        ),
        ("vector(1) + 2 * 3 ^ 2 - 10 % 4", {"": "17"}),
        ("vector(1) / 0", {"": "+Inf"}),
        ("vector(10) ^ 999", {"": "+Inf"}),
        ("(vector(0) - 1) ^ 0.5", {"": "NaN"}),
        ("sum(vector(1) / 0 or vector(0))", {"": "+Inf"}),
        ("vector(0) / 0 * -1", {"": "NaN"}),
    ],
)
async def test_a_metric_query_counts_the_lines(logs: Desk, query: str, series: dict[str, str]) -> None:
    assert await logs.series(query) == series


async def test_a_metric_query_over_time_is_a_matrix(logs: Desk) -> None:
    answer = await logs.get(
        "query_range", query='count_over_time({pod="checkout-2"}[10s])', start=at(-30), end=at(0.5), step="10"
    )
    data = answer.json()["data"]
    assert data["resultType"] == "matrix"
    assert data["result"] == [
        {
            "metric": {"app": "checkout", "pod": "checkout-2"},
            "values": [[int(NOON) - 20, "1"], [int(NOON) - 10, "1"]],
        }
    ]


async def test_a_number_alone_is_a_scalar(logs: Desk) -> None:
    answer = await logs.get("query", query="-1.5", time=f"{NOON + 0.25:.2f}")
    assert answer.json()["data"]["resultType"] == "scalar"
    assert answer.json()["data"]["result"] == [NOON + 0.25, "-1.5"]


async def test_an_instant_query_for_lines_is_refused(logs: Desk) -> None:
    assert refused(await logs.get("query", query='{app="checkout"}')) == (
        "log queries are not supported as an instant query type, please change your query to a range query type"
    )


async def test_lines_that_a_parser_failed_on_are_not_counted_silently(logs: Desk) -> None:
    text = refused(await logs.get("query", query='count_over_time({pod="checkout-1"} | json [1m])'))
    assert text.startswith("pipeline error: 'JSONParserErr' for series: '{__error__=\"JSONParserErr\", ")
    assert len(await logs.series('count_over_time({pod="checkout-1"} | json | __error__="" [1m])')) == 2


async def test_a_query_may_not_yield_too_many_series(desk: Desk) -> None:
    for number in range(501):
        desk.loki.put({"app": "x", "n": str(number)}, [(NOON - 1, "x")])
    assert refused(await desk.get("query", query='rate({app="x"}[1m])')) == (
        "maximum of series (500) reached for a single query"
    )
    assert await desk.series('count(rate({app="x"}[1m]))') == {"": "501"}


# -- labels and the rest


async def test_labels_their_values_and_series_are_told(logs: Desk) -> None:
    assert (await logs.get("labels")).json() == {"status": "success", "data": ["app", "pod"]}
    assert (await logs.get("label/pod/values")).json()["data"] == ["checkout-1", "checkout-2"]
    assert (await logs.get("label/pod/values", query='{pod=~".*2"}')).json()["data"] == ["checkout-2"]
    asked = {"match[]": ['{pod="checkout-1"}', '{pod="nobody"}']}
    assert (await logs.get("series", **asked)).json()["data"] == [{"app": "checkout", "pod": "checkout-1"}]


async def test_a_label_without_values_has_no_data(logs: Desk) -> None:
    assert (await logs.get("label/nothing/values")).json() == {"status": "success"}
    assert (await logs.get("labels", start=at(1), end=at(2))).json() == {"status": "success"}


async def test_series_need_a_selector(logs: Desk) -> None:
    assert refused(await logs.get("series")) == "0 matcher groups supplied"
    text = refused(await logs.get("series", **{"match[]": '{app="x"} |= "y"'}))
    assert text == "parse error : only label matchers are supported"


async def test_loki_says_that_it_is_ready_and_what_it_is(desk: Desk) -> None:
    assert (await desk.call("GET", "/ready")).text == "ready\n"
    assert "version" in (await desk.get("status/buildinfo")).json()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/loki/api/v1/push", 405), ("GET", "/loki/api/v1/tail", 501)],
)
async def test_other_doors_are_closed(desk: Desk, method: str, path: str, status: int) -> None:
    assert (await desk.call(method, path)).status_code == status


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        (errors.bad_query(), 400, "parse error at line 1, col 1: "),
        (errors.no_org_id(), 401, "no org id"),
        (errors.too_many_requests(), 429, "too many outstanding requests"),
        (errors.ingestion_limited(), 429, "ingestion rate limit exceeded for user "),
        (errors.canceled(), 499, "The request was cancelled by the client."),
        (errors.internal(), 500, "rpc error"),
        (errors.unavailable(), 503, "Ingester not ready"),
        (errors.timed_out(), 504, "request timed out, decrease the duration of the request or add more label matchers"),
    ],
)
def test_errors_are_plain_text(answer: Answer, status: int, text: str) -> None:
    assert answer.status == status
    assert dict(answer.headers)["content-type"] == "text/plain; charset=utf-8"
    assert answer.body.decode().startswith(text)


# -- the language as a whole

names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name not in logql_words())
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


def logql_words() -> set[str]:
    return {
        "json",
        "logfmt",
        "or",
        "and",
        "unless",
        "by",
        "without",
        "bool",
        "offset",
        "vector",
        "on",
        "ip",
        "drop",
        "keep",
    }


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(names, texts.filter(bool), min_size=1, max_size=4), st.lists(texts, max_size=3))
def test_what_is_written_is_what_is_read(labels: dict[str, str], sought: list[str]) -> None:
    matchers = [Matcher(name, "=", value) for name, value in labels.items()]
    query = f"{{{', '.join(f'{name}={quoted(value)}' for name, value in labels.items())}}}" + "".join(
        f" |= {quoted(text)}" for text in sought
    )
    assert logql.read(query) == LogQuery(tuple(matchers), tuple(LineFilter("|=", (text,)) for text in sought))


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from(' {}()[]=!~|"`\\,<>0123456789.5msabjsonratecountby_over_time\n#+-*/^%'), max_size=40))
def test_whatever_is_asked_is_read_or_refused(text: str) -> None:
    try:
        logql.read(text)
    except (Refusal, NotCovered) as refusal:
        assert str(refusal)


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.integers(0, 9).map(str), lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(" ".join)
    )
)
def test_arithmetic_binds_as_in_mathematics(text: str) -> None:
    read = logql.read(text)
    assert isinstance(read, Binary | Scalar)
    assert read.over([0], lambda *_: []) == [eval(text)]  # digits and operators only


# -- the driver


@pytest.fixture
def reader() -> Iterator[driver.Loki]:
    with httpx.Client() as client:
        yield driver.Loki(client, f"{URL}/")


def page(*values: list[str], kind: str = "streams") -> httpx.Response:
    result = [{"stream": {"app": "x"}, "values": list(values)}]
    return httpx.Response(200, json={"status": "success", "data": {"resultType": kind, "result": result}})


class Direct(httpx.BaseTransport):
    """The double without a network, for a client that blocks."""

    def __init__(self, loki: Loki) -> None:
        self._loki = loki

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def answer() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self._loki.app)) as client:
                return await client.send(request)

        answered = asyncio.run(answer())
        return httpx.Response(answered.status_code, headers=answered.headers, content=answered.content)


def test_the_driver_and_the_double_understand_each_other() -> None:
    loki = Loki(clock=lambda: NOON)
    with httpx.Client(transport=Direct(loki)) as client:
        desk = driver.Loki(client, URL)
        desk.push({"app": "x"}, [(NOON - 1, "second"), (NOON - 2, "first"), (NOON, "too late")])
        assert desk.lines('{app="x"}', NOON - 2, NOON) == [
            driver.Line(NOON - 2, "first", {"app": "x"}),
            driver.Line(NOON - 1, "second", {"app": "x"}),
        ]
        desk.push_all([({"app": "y"}, [(NOON - 1, "one")]), ({"app": "z"}, [(NOON - 1, "other")])])
        found = [desk.lines(f'{{app="{app}"}}', NOON - 2, NOON) for app in "yz"]
        assert [[line.text for line in lines] for lines in found] == [["one"], ["other"]]
        with pytest.raises(LokiUnavailable, match="with 400: 'parse error"):
            desk.lines("{", NOON - 2, NOON)


def test_the_driver_asks_until_it_has_all_lines(reader: driver.Loki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "PAGE", 2)
    with respx.mock as router:
        asked = router.get(f"{URL}/loki/api/v1/query_range").mock(
            side_effect=[page(["1", "a"], ["2", "b"]), page(["2", "b"], ["3", "c"]), page(["3", "c"])]
        )
        assert [line.text for line in reader.lines('{app="x"}', 0, 1)] == ["a", "b", "c"]
    assert [call.request.url.params["start"] for call in asked.calls] == ["0", "2", "3"]
    assert asked.calls[0].request.url.params["end"] == str(SECOND)


def test_the_driver_does_not_pass_over_lines_silently(reader: driver.Loki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "PAGE", 2)
    with respx.mock as router:
        router.get(f"{URL}/loki/api/v1/query_range").mock(return_value=page(["1", "a"], ["1", "b"]))
        with pytest.raises(LokiUnavailable, match="2 lines or more at one time: ask for fewer"):
            reader.lines('{app="x"}', 0, 1)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (httpx.ConnectError("connection refused"), "could not be asked for /query_range: connection refused."),
        (httpx.Response(504, text="request timed out\n"), "answered /query_range with 504: 'request timed out'."),
        (httpx.Response(200, text="<html>"), "with something else than lines: '<html>'"),
        (httpx.Response(200, json=[]), "with something else than lines"),
        (page(kind="matrix"), "was asked for lines, but .* yields a matrix."),
    ],
)
def test_the_driver_says_why_loki_cannot_be_read(reader: driver.Loki, answer: Any, sentence: str) -> None:
    with respx.mock as router:
        route = router.get(f"{URL}/loki/api/v1/query_range")
        route.mock(side_effect=answer) if isinstance(answer, Exception) else route.mock(return_value=answer)
        with pytest.raises(LokiUnavailable, match=sentence):
            reader.lines('{app="x"}', 0, 1)


def test_the_driver_says_why_loki_cannot_be_filled(reader: driver.Loki) -> None:
    with respx.mock as router:
        router.post(f"{URL}/loki/api/v1/push").respond(429, text="ingestion rate limit exceeded")
        with pytest.raises(LokiUnavailable, match="answered /push with 429: 'ingestion rate limit exceeded'"):
            reader.push({"app": "x"}, [(1, "x")])
