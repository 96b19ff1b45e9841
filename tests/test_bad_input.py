"""Bad input is bad: what has to be refused is no sound input, and the same seed brings the same cases again."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError

from steps.incident import bad_input
from steps.incident.bad_input import ATTRIBUTES, EVENT, MARK, NOTIFICATION, Case, changed, dumped, without
from steps.incident.fuzzing import Drawn, draw

KNOWN = "5f0d3c5e-2f5b-4d43-9a1e-6c8c9a1b2c3d"
DOORS: dict[str, SearchStrategy[Case]] = {
    "structured": bad_input.structured(),
    "binary": bad_input.binary(),
    "approvals": bad_input.approvals([KNOWN]),
    "notifications": bad_input.notifications(),
    "looks": bad_input.looks(),
}


def cases(door: str, directory: Path, count: int = 300, seed: int = 7) -> list[Case]:
    drawn: Drawn[Case] = draw(DOORS[door], lambda case: None, count=count, seed=seed, patience=1, directory=directory)
    return list(drawn.verdicts)


# -- what a door that is as lenient as can be would still take


class Lenient(BaseModel):
    model_config = ConfigDict(extra="allow")


class Alert(Lenient):
    labels: dict[str, StrictStr | int | float | bool | None]
    annotations: dict[str, StrictStr | int | float | bool | None] | None = None
    alertname: Any = None
    common_labels: dict[str, Any] = Field({}, alias="commonLabels")


class Event(Lenient):
    specversion: StrictStr = Field(pattern=r"^(1\.0|0\.3)$")
    id: StrictStr = Field(min_length=1)
    source: StrictStr = Field(min_length=1)
    type: StrictStr = Field(min_length=1)
    subject: Any = None
    data: Alert


class Notification(Lenient):
    alerts: list[Alert]
    common_labels: dict[str, Any] = Field({}, alias="commonLabels")
    group_labels: dict[str, Any] = Field({}, alias="groupLabels")


class Answer(Lenient):
    provider: StrictStr = Field(pattern="^custom$")
    request_id: StrictStr = Field(pattern=f"^{KNOWN}$")
    decision: StrictStr = Field(min_length=2, pattern="^(approve|reject)")


def named(alert: Alert, *elsewhere: Any) -> bool:
    """Whether a name of the alert can be found, be it in another place."""
    names = (alert.alertname, alert.labels.get("alertname"), alert.common_labels.get("alertname"), *elsewhere)
    return any(names)


def first(body: bytes) -> Any:
    """The first value in the body, whatever follows it."""
    text = body.decode("utf-8", "surrogateescape").lstrip()
    value, end = json.JSONDecoder().raw_decode(text)
    text[:end].encode()
    return value


def is_sound(door: str, case: Case) -> bool:
    """Whether somebody could say that there is nothing wrong with the case."""
    headers = dict(case.headers)
    media_type = headers.get("content-type", b"").decode()
    try:
        if door == "structured":
            event = Event.model_validate(first(case.body))  # whatever content type it has
            return named(event.data, event.subject)
        if door == "binary":
            attributes = {name[3:]: value.decode() for name, value in headers.items() if name.startswith("ce-")}
            event = Event.model_validate({**attributes, "data": first(case.body)})
            return named(event.data, event.subject)
        if door == "notifications":
            notified = Notification.model_validate(first(case.body))
            common = (notified.common_labels.get("alertname"), notified.group_labels.get("alertname"))
            status = first(case.body)["alerts"][0].get("status")
            return all(named(alert, *common) for alert in notified.alerts) and status in ("firing", "resolved")
        if media_type == "application/x-www-form-urlencoded":
            return case.signed
        Answer.model_validate(first(case.body))
    except (ValueError, RecursionError, ValidationError, LookupError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("door", ["structured", "binary", "approvals", "notifications"])
def test_what_has_to_be_refused_is_sound_to_nobody(door: str, tmp_path: Path) -> None:
    drawn = cases(door, tmp_path)
    refused = [case for case in drawn if case.fate == "refused"]
    assert len(refused) > 150
    assert [case for case in refused if is_sound(door, case)] == []


def test_the_sound_ones_are_sound() -> None:
    sound = Case("", dumped(EVENT), "", (("content-type", b"application/cloudevents+json"),))
    assert is_sound("structured", sound)
    assert is_sound("notifications", Case("", dumped(NOTIFICATION)))
    headers = tuple((f"ce-{name}", value.encode()) for name, value in ATTRIBUTES.items())
    assert is_sound("binary", Case("", dumped(EVENT["data"]), "", headers))


@pytest.mark.parametrize("door", DOORS)
def test_the_cases_are_many_and_different_and_the_seed_brings_them_again(door: str, tmp_path: Path) -> None:
    first, again = cases(door, tmp_path / "a"), cases(door, tmp_path / "b")
    assert first == again and len(set(first)) == len(first) == 300
    assert cases(door, tmp_path / "c", seed=8) != first


WANTED = {
    "structured": [
        "cut short",
        "UTF-8",
        "nested",
        "huge",
        "no id|no source",
        "a wrong",
        "labels",
        "content type",
        "unknown type",
    ],
    "binary": ["cut short", "UTF-8", "nested", "huge", "ce-", "labels", "annotation", "header"],
    "approvals": [
        "cut short",
        "UTF-8",
        "nested",
        "provider",
        "never made",
        "decision",
        "unsigned",
        "signed",
        "content type",
    ],
    "notifications": ["cut short", "UTF-8", "nested", "huge", "alerts", "status", "labels", "content type"],
}


@pytest.mark.parametrize("door", WANTED)
def test_every_kind_of_badness_is_among_them(door: str, tmp_path: Path) -> None:
    whats = Counter(case.what for case in cases(door, tmp_path))
    missing = [kind for kind in WANTED[door] if not any(re.search(kind, what) for what in whats)]
    assert not missing, whats


def fates(door: str, directory: Path, what: str) -> set[str]:
    return {case.fate for case in cases(door, directory, 900) if re.search(what, f"{case.what} {case.detail}")}


@pytest.mark.parametrize("door", ["structured", "binary"])
def test_the_specversion_before_need_not_be_refused_and_unheard_of_ones_must(door: str, tmp_path: Path) -> None:
    assert fates(door, tmp_path, "specversion before") == {"survived"}
    assert fates(door, tmp_path, "unknown (ce-)?specversion") == {"refused"}


@pytest.mark.parametrize("door", ["structured", "binary", "notifications"])
def test_what_follows_a_sound_body_may_be_ignored(door: str, tmp_path: Path) -> None:
    more = [case for case in cases(door, tmp_path, 900) if case.what == bad_input.MORE]
    assert more and {(case.fate, is_sound(door, case)) for case in more} == {("survived", True)}


def test_what_follows_an_answer_to_nothing_saves_it_not(tmp_path: Path) -> None:
    more = [case for case in cases("approvals", tmp_path, 900) if case.what == bad_input.MORE]
    assert more and {(case.fate, is_sound("approvals", case)) for case in more} == {("refused", False)}


@pytest.mark.parametrize("data", [b"{}", b" {} x", b"{}\xff", '{"a": 1}'.encode("utf-16")])
def test_bytes_that_somebody_reads_an_object_in_are_json(data: bytes) -> None:
    assert not bad_input._is_no_object(data)
    assert bad_input._is_no_object(b"[" + data)


def test_a_strange_content_type_must_be_refused_with_a_malformed_body_only(tmp_path: Path) -> None:
    strange = [case for case in cases("structured", tmp_path, 900) if case.what == "a strange content type"]
    assert {(case.fate, case.body == dumped(EVENT)) for case in strange} == {("survived", True), ("refused", False)}


@pytest.mark.parametrize("door", ["structured", "binary", "notifications"])
def test_what_names_no_alert_names_it_nowhere_and_holds_the_mark(door: str, tmp_path: Path) -> None:
    unnamed = [case for case in cases(door, tmp_path, 900) if case.what == bad_input.NAMELESS]
    assert {case.fate for case in unnamed} == {"survived" if door == "notifications" else "refused"}
    for case in unnamed:
        assert b"alertname" not in case.body.replace(b"{alertname=", b"") and b"subject" not in case.body
        assert "ce-subject" not in dict(case.headers)
        assert MARK.encode() in case.body


def test_a_case_holds_the_mark_wherever_an_alert_holds_its_own(tmp_path: Path) -> None:
    marked = [case for case in cases("structured", tmp_path) if MARK.encode() in case.body]
    assert len(marked) > 100
    assert MARK in EVENT["id"] and EVENT["data"]["labels"]["pod"].endswith(MARK)


def test_a_known_request_is_answered_with_no_decision_only(tmp_path: Path) -> None:
    about = [case for case in cases("approvals", tmp_path, 600) if KNOWN.encode() in case.body]
    assert len(about) > 10
    for case in about:
        if case.signed:
            payloads: Mapping[str, list[str]] = parse_qs(case.body.decode(errors="replace"))
            assert "approve" not in str(payloads)


def test_a_copy_is_changed_and_the_original_is_not() -> None:
    sound = {"alerts": [{"labels": {"a": "1", "b": "2"}}], "x": 1}
    assert changed(sound, ("alerts", 0, "labels", "a"), 9)["alerts"][0]["labels"] == {"a": 9, "b": "2"}
    assert without(sound, ("alerts", 0, "labels", "a"))["alerts"][0]["labels"] == {"b": "2"}
    assert without(sound, ("alerts",)) == {"x": 1}
    assert sound == {"alerts": [{"labels": {"a": "1", "b": "2"}}], "x": 1}


# -- the search


def numbers(wrong_with: Any, tmp_path: Path, **more: Any) -> Drawn[int]:
    usual: dict[str, Any] = {"count": 50, "seed": 3, "patience": 5, "directory": tmp_path}
    return draw(st.integers(0, 10_000), wrong_with, **usual | more)


def test_nothing_wrong_is_so_many_different_inputs_and_no_smallest(tmp_path: Path) -> None:
    tried: list[int] = []
    drawn = numbers(tried.append, tmp_path)
    assert (len(drawn.verdicts), len(tried), drawn.smallest) == (50, 50, None)


def test_the_smallest_wrong_input_is_found_and_nothing_tried_twice(tmp_path: Path) -> None:
    tried: list[int] = []

    def wrong_with(number: int) -> str | None:
        tried.append(number)
        return f"{number} is too large" if number >= 137 else None

    drawn = numbers(wrong_with, tmp_path)
    assert drawn.smallest == 137 and drawn.verdicts[137] == "137 is too large"
    assert len(tried) == len(set(tried))


def test_the_search_for_smaller_ones_ends_in_time_with_one_that_is_wrong(tmp_path: Path) -> None:
    drawn = numbers(lambda number: "wrong" if number >= 5 else None, tmp_path, patience=0)
    assert drawn.smallest is not None and drawn.smallest >= 5 and drawn.verdicts[drawn.smallest] == "wrong"


def test_an_error_of_the_surroundings_is_no_wrong_input(tmp_path: Path) -> None:
    def broken(_: int) -> None:
        raise ConnectionError("the world is gone")

    with pytest.raises(ConnectionError, match="the world is gone"):
        numbers(broken, tmp_path)
