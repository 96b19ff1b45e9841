"""The journal: what it keeps, finds, waits for and hides."""

import base64
import gzip
import json
import math
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.world.journal import BODY_LIMIT, Exchange, Flight, Journal

KEY = "v3f9a0c1d2e4b"
UUID = "0d9c3c1e-93f1-4b8a-9f6e-2f1c7b9a5d10"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TICKET = "BVL-12"
NUMBER = "/issue/10042"
CALL: dict[str, Any] = {
    "caller": "agent",
    "callee": "linear",
    "method": "POST",
    "url": "https://api.linear.app/graphql",
}


def record(journal: Journal, body: str = "", **what: Any) -> Exchange:
    return journal.record(**CALL | {"request_body": body.encode(), "status": 200} | what)


def begin(journal: Journal, **what: Any) -> Flight:
    return journal.begin(**CALL | {"headers": ()} | what)


# -- what is kept


def test_an_exchange_keeps_what_was_said_and_when(journal: Journal) -> None:
    before = journal.cursor()
    flight = begin(
        journal, url="https://api.linear.app:443/graphql?a=1", headers=(("authorization", "key"),), tls="TLSv1.3"
    )
    flight.sent(b'{"query":')
    flight.sent(b' "x"}')
    flight.status, flight.response_headers = 200, (("content-type", "application/json"),)
    flight.received(b'{"data": null}')
    flight.end()
    [exchange] = journal.exchanges()
    assert (exchange.caller, exchange.callee, exchange.method) == ("agent", "linear", "POST")
    assert (exchange.host, exchange.path) == ("api.linear.app", "/graphql")
    assert exchange.request_json() == {"query": "x"}
    assert exchange.response_json() == {"data": None}
    assert exchange.header("Authorization") == "key"
    assert exchange.answer_header("Content-Type") == "application/json"
    assert exchange.header("accept") is None
    assert (exchange.status, exchange.tls, exchange.fault, exchange.error) == (200, "TLSv1.3", None, None)
    assert before <= exchange.began <= exchange.ended <= journal.cursor()


def test_an_exchange_is_recorded_once_however_often_it_ends(journal: Journal) -> None:
    flight = begin(journal)
    flight.end("The first reason.")
    flight.end("Another reason.")
    [exchange] = journal.exchanges()
    assert exchange.error == "The first reason."


def test_an_exchange_under_way_is_seen_as_far_as_it_has_come(journal: Journal) -> None:
    flight = begin(journal, method="GET")
    flight.sent(KEY.encode())
    [seen] = journal.in_flight(mentioning=KEY, caller="agent", callee="linear", method="GET", path="/graphql")
    assert (seen.request_text, seen.status, seen.ended) == (KEY, None, math.inf)
    assert journal.in_flight(mentioning="v000000000000") == []
    assert journal.in_flight(callee="jira") == []
    assert journal.exchanges() == []
    flight.end()
    assert journal.in_flight() == []
    assert [e.number for e in journal.exchanges()] == [seen.number]


LISTED = "https://kubernetes.test/apis/lambda.knative.io/v1alpha1/lambdafunctions"


@pytest.mark.parametrize("query", ["?watch=true", "?resourceVersion=7&watch=1", "?watch=True&timeoutSeconds=300"])
def test_a_watch_of_kubernetes_is_in_flight_and_no_work(journal: Journal, query: str) -> None:
    watching: dict[str, Any] = {"callee": "kubernetes", "method": "GET", "url": f"{LISTED}{query}"}
    flight = begin(journal, **watching)
    flight.received(KEY.encode())
    assert [e.is_watch for e in journal.in_flight(mentioning=KEY)] == [True]
    assert journal.at_work() == journal.at_work(caller="agent", mentioning=KEY) == []
    flight.end()
    assert [e.is_watch for e in journal.exchanges(mentioning=KEY)] == [True]


@pytest.mark.parametrize(
    "what",
    [
        {},
        {"callee": "kubernetes", "method": "GET", "url": LISTED},
        {"callee": "kubernetes", "method": "GET", "url": f"{LISTED}?watch=false"},
        {"callee": "kubernetes", "method": "GET", "url": f"{LISTED}?watch=0"},
        {"callee": "kubernetes", "method": "GET", "url": f"{LISTED}?labelSelector=watch%3Dtrue"},
        {"callee": "kubernetes", "method": "POST", "url": f"{LISTED}?watch=true"},
        {"callee": "functions", "method": "GET", "url": "http://repair.test/?watch=true"},
    ],
)
def test_every_other_call_in_flight_is_work(journal: Journal, what: dict[str, Any]) -> None:
    begin(journal, **what).sent(KEY.encode())
    assert len(journal.at_work(caller="agent", mentioning=KEY)) == 1
    assert journal.at_work(caller="broker") == journal.at_work(mentioning="v000000000000") == []


def test_exchanges_come_in_the_order_of_their_beginning(journal: Journal) -> None:
    slow, quick = begin(journal), begin(journal)
    quick.end()
    slow.end()
    assert [e.number for e in journal.exchanges()] == [slow.number, quick.number]
    assert [e.number for e in journal.exchanges(since=quick.began)] == [quick.number]


def test_a_body_is_kept_up_to_the_limit(journal: Journal) -> None:
    flight = begin(journal)
    for _ in range(3):
        flight.sent(bytes(BODY_LIMIT // 2))
        flight.received(bytes(BODY_LIMIT // 2))
    flight.end()
    [exchange] = journal.exchanges()
    assert len(exchange.request_body) == len(exchange.response_body) == BODY_LIMIT


@pytest.mark.parametrize(
    ("coding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)]
)
def test_a_coded_body_is_read_as_what_it_says(journal: Journal, coding: str, encode: Any) -> None:
    body = json.dumps({"incident": KEY}).encode()
    headers = (("content-encoding", coding),)
    exchange = record(journal, response_headers=headers, response_body=encode(body))
    assert exchange.response_json() == {"incident": KEY}
    assert journal.exchanges(mentioning=KEY) == [exchange]


def test_a_body_that_is_not_what_its_coding_says_is_read_as_it_is(journal: Journal) -> None:
    exchange = record(journal, response_headers=(("content-encoding", "gzip"),), response_body=b"plain")
    assert exchange.response_text == "plain"


def test_a_body_that_is_not_json_is_told_in_a_sentence(journal: Journal) -> None:
    exchange = record(journal, "<html>", response_body=b"nothing")
    with pytest.raises(ValueError, match=r"request of POST https://api\.linear\.app/graphql from agent.*'<html>'"):
        exchange.request_json()
    with pytest.raises(ValueError, match="answer of POST"):
        exchange.response_json()


def test_what_is_no_url_has_no_host(journal: Journal) -> None:
    exchange = record(journal, url="http://[broken")
    assert exchange.host == ""
    assert journal.exchanges(path="/graphql") == []


# -- what is found


def test_exchanges_are_found_by_who_called_whom_and_how(journal: Journal) -> None:
    wanted = record(journal)
    record(journal, caller="broker")
    record(journal, callee="jira")
    record(journal, method="GET")
    record(journal, url="https://api.linear.app/oauth/token")
    found = journal.exchanges(caller="agent", callee="linear", method="POST", path="/graphql")
    assert found == [wanted]


@pytest.mark.parametrize("word", [KEY, UUID, TRACE, TICKET, NUMBER, "PodCrashLooping", "naïve €"])
@pytest.mark.parametrize(
    "place",
    [
        lambda word: {"url": f"https://api.linear.app/{quote(word)}"},
        lambda word: {"url": "https://api.linear.app/?query=" + quote('{alertname="' + word + '"}')},
        lambda word: {"request_headers": (("x-correlation-id", word),)},
        lambda word: {"response_headers": (("location", f"/{word}"),)},
        lambda word: {"request_body": json.dumps({"title": f"It is {word}."}, ensure_ascii=False).encode()},
        lambda word: {"response_body": f"<b>{word}</b>".encode()},
    ],
)
def test_a_word_is_found_wherever_it_stands(journal: Journal, word: str, place: Any) -> None:
    record(journal)
    wanted = record(journal, **place(word))
    assert journal.exchanges(mentioning=word) == [wanted]


def test_an_incident_is_found_within_its_alerts_name(journal: Journal) -> None:
    wanted = record(journal, f"PodCrashLooping_{KEY} is firing")
    assert journal.exchanges(mentioning=KEY) == [wanted]


@pytest.mark.parametrize(
    ("asked", "other"),
    [
        (TICKET, "BVL-123"),
        (TICKET, "XBVL-12"),
        (KEY, f"{KEY}0"),
        (TRACE, f"{TRACE}{TRACE}"),
        (UUID, f"{UUID}0"),
        (NUMBER, f"{NUMBER}0"),
    ],
)
def test_a_longer_word_is_another_one(journal: Journal, asked: str, other: str) -> None:
    record(journal, other)
    assert journal.exchanges(mentioning=asked) == []


def test_any_of_several_words_will_do_and_each_exchange_comes_once(journal: Journal) -> None:
    first, second, third = record(journal, KEY), record(journal, f"{TICKET} {KEY}"), record(journal, "free text")
    record(journal, "something else")
    assert journal.exchanges(mentioning=[TICKET, "free text", KEY]) == [first, second, third]
    assert journal.exchanges(mentioning=[]) == []


def test_what_was_recorded_after_the_last_question_is_found_too(journal: Journal) -> None:
    first = record(journal, KEY)
    assert journal.exchanges(mentioning=KEY) == [first]
    second = record(journal, KEY)
    assert journal.exchanges(mentioning=KEY) == [first, second]
    assert journal.exchanges(mentioning=KEY, since=second.began) == [second]


hexadecimal = st.text("0123456789abcdef", min_size=1, max_size=3)
pieces = st.sampled_from([KEY, UUID, TRACE, TICKET, "v", "-", "B", "%22", " ", "_", '"', "\n"]) | hexadecimal


@given(st.lists(st.lists(pieces, max_size=5).map("".join), max_size=6))
def test_the_index_finds_what_a_search_finds(texts: list[str]) -> None:
    journal = Journal()
    recorded = [record(journal, text) for text in texts]

    def stands_in(text: str, word: str, digits: str) -> bool:
        """Whether the word stands in the text and is not a part of a longer run of `digits`."""
        for at in range(len(text)):
            if text.startswith(word, at):
                before, after = text[:at], text[at + len(word) :]
                escaped = before[-3:-2] == "%" and all(c in "0123456789abcdefABCDEF" for c in before[-2:])
                free = word == KEY or escaped or before[-1:] == "" or before[-1] not in digits
                if free and (after == "" or after[0] not in (digits if word != TICKET else "0123456789")):
                    return True
        return False

    for word, digits in {
        KEY: "0123456789abcdef",
        UUID: "0123456789abcdef",
        TRACE: "0123456789abcdef",
        TICKET: "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    }.items():
        expected = [e for e in recorded if stands_in(e.request_text, word, digits)]
        assert journal.exchanges(mentioning=word) == expected


def test_many_threads_record_and_ask_at_once(journal: Journal) -> None:
    threads, each = 8, 200
    begin_together = threading.Barrier(threads)

    def work(number: int) -> None:
        begin_together.wait()
        for turn in range(each):
            flight = begin(journal, caller=f"caller {number}")
            flight.sent(f"{KEY} {turn}".encode())
            flight.end()
            assert any(e.number == flight.number for e in journal.exchanges(mentioning=KEY, since=flight.began))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    found = journal.exchanges(mentioning=KEY)
    assert found == journal.exchanges()
    assert len({e.number for e in found}) == threads * each
    assert [e.began for e in found] == sorted(e.began for e in found)


# -- marks


def test_marks_come_in_the_order_of_time_and_can_end(journal: Journal) -> None:
    window = journal.mark("fault", "Linear refuses connections")
    with journal.mark("outage", "all of it"):
        assert journal.marks()[1].until is None
    journal.mark("signal raised", "earlier", at=journal.cursor() - 60)
    window.close()
    window.close()
    earlier, fault, outage = journal.marks()
    assert (earlier.kind, earlier.until) == ("signal raised", None)
    assert fault.until is not None and outage.until is not None
    assert fault.at <= outage.at <= outage.until <= fault.until
    assert journal.marks(since=fault.at) == [fault, outage]
    assert journal.marks(kind="fault") == [fault]


# -- waiting


@pytest.mark.parametrize("change", ["an exchange begins", "it ends", "a mark is set", "it is closed"])
def test_a_change_wakes_who_waits(journal: Journal, change: str) -> None:
    flight, mark = begin(journal), journal.mark("fault", "Linear hangs")
    changes: dict[str, Callable[[], object]] = {
        "an exchange begins": lambda: begin(journal),
        "it ends": flight.end,
        "a mark is set": lambda: journal.mark("signal raised", "now"),
        "it is closed": mark.close,
    }
    seen = journal.version
    threading.Timer(0.01, changes[change]).start()
    assert journal.wait(seen, timeout=30) == seen + 1


def test_a_change_before_the_waiting_is_not_missed(journal: Journal) -> None:
    seen = journal.version
    record(journal)
    assert journal.wait(seen, timeout=30) == seen + 1


def test_waiting_ends_without_a_change(journal: Journal) -> None:
    assert journal.wait(journal.version, timeout=0.01) == journal.version


# -- hiding

SECRET = 'lin_api_4f/ü+ "9'
FORMS = {
    "as it is": SECRET,
    "in JSON": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "in JSON, all ASCII": json.dumps(SECRET)[1:-1],
    "in JSON, slashes escaped": json.dumps(SECRET)[1:-1].replace("/", "\\/"),
    "in a path": quote(SECRET),
    "in a query": quote(SECRET, safe=""),
    "in a form": quote_plus(SECRET),
    "in lower-case escapes": quote_plus(SECRET).lower(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_secret_is_hidden_however_it_is_written(journal: Journal, form: str) -> None:
    journal.plant(SECRET, "linear_api_key")
    assert journal.redact(f"before {form} after") == "before «linear_api_key» after"
    assert journal.redact(f"before {form} after".encode()) == "before «linear_api_key» after".encode()


@given(before=st.binary(max_size=9), after=st.binary(max_size=9), escaped=st.booleans())
def test_a_secret_is_hidden_wherever_it_stands_within_base64(before: bytes, after: bytes, escaped: bool) -> None:
    journal = Journal()
    secret = b"xoxb?>~~?-secret-token"
    journal.plant(secret.decode(), "slack_token")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(before + secret + after).decode()
        shown = journal.redact(quote(text, safe="") if escaped else text)
        # One character on each side may belong to the secret and its neighbour alike.
        hidden = len(text) - len(unquote(shown).replace("«slack_token»", ""))
        assert hidden >= len(secret) * 8 // 6 - 1


def test_basic_authorization_is_hidden(journal: Journal) -> None:
    journal.plant("ATATT3xFfGF0-token", "jira_token")
    header = base64.b64encode(b"robot@example.com:ATATT3xFfGF0-token").decode()
    assert "«jira_token»" in journal.redact(f"Basic {header}")


def test_a_secret_within_a_longer_one_and_many_secrets_are_hidden(journal: Journal) -> None:
    journal.plant("lin_api_short", "old_key")
    journal.plant("lin_api_short_and_more", "new_key")
    shown = journal.redact("lin_api_short_and_more, lin_api_short, lin_api_other")
    assert shown == "«new_key», «old_key», lin_api_other"


def test_what_was_recorded_before_a_secret_was_planted_is_hidden_too(journal: Journal) -> None:
    exchange = record(journal, "the key is lin_api_0123456789")
    assert journal.redact(exchange.request_text) == exchange.request_text
    journal.plant("lin_api_0123456789", "linear_api_key")
    assert journal.redact(exchange.request_text) == "the key is «linear_api_key»"
    assert exchange.request_body == b"the key is lin_api_0123456789"


def test_bytes_that_are_not_text_stay_what_they_are(journal: Journal) -> None:
    journal.plant("lin_api_0123456789", "linear_api_key")
    assert journal.redact(b"\xff\x00lin_api_0123456789\xfe") == b"\xff\x00" + "«linear_api_key»".encode() + b"\xfe"


def test_a_secret_too_short_to_hide_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="'pin' has 4 characters"):
        journal.plant("1234", "pin")
