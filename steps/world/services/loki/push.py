"""What is pushed to Loki: how a body is read, and what of it is refused."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from steps.world.services.golang import LARGEST, NotCovered, Refusal, decoded
from steps.world.services.loki.streams import Entry, Labels, labels_of, show

SECOND = 10**9
OLDEST, NEWEST = 168 * 3600 * SECOND, 600 * SECOND
"""A line may be so much older, and so much newer, than now; nanoseconds."""
MOST_LABELS, LONGEST_NAME, LONGEST_VALUE = 15, 1024, 2048
LONGEST_LINE = 256 * 1024
"""Bytes that a line may have."""

_UNREADABLE = "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: "


@dataclass(frozen=True, slots=True)
class Stream:
    """Lines that are pushed together, with the labels that they share."""

    labels: Mapping[str, str]
    entries: tuple[Entry, ...]


def read(content_type: str, encoding: str, body: bytes) -> list[Stream]:
    """The streams of a request. Raises Refusal, and NotCovered for snappy-compressed protobuf."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/x-protobuf":
        raise NotCovered("a push in protobuf; push JSON.")
    if media_type != "application/json":
        raise Refusal("snappy: corrupt input")
    try:
        given = json.loads(_inflated(encoding, body))
    except ValueError as mistake:
        raise Refusal(f"{_UNREADABLE}{mistake}") from None
    streams = given.get("streams") if isinstance(given, dict) else None
    if not isinstance(streams, list | None) or not isinstance(given, dict):
        raise Refusal(f"{_UNREADABLE}decode slice: expect [ or n, but found something else")
    if not streams:
        raise Refusal("error at least one valid stream is required for ingestion", 422)
    return [_stream(stream) for stream in streams]


def labels(given: Mapping[str, str]) -> Labels:
    """The labels of a stream, if Loki takes them. Raises Refusal."""
    kept = labels_of(given)
    said = show(kept)
    if not kept:
        raise Refusal("error at least one label pair is required per stream")
    for name, _ in kept:
        if wrong := re.search(r"^[^a-zA-Z_]|[^a-zA-Z0-9_]", name, re.ASCII):
            column = said.index(name) + wrong.start() + 1
            raise Refusal(
                f"Error parsing labels '{said}' with error: parse error at line 1, col {column}: "
                f"syntax error: unexpected {wrong[0]}"
            )
    if len(kept) > MOST_LABELS:
        raise Refusal(f"entry for stream '{said}' has {len(kept)} label names; limit {MOST_LABELS}")
    for name, value in kept:
        if len(name) > LONGEST_NAME:
            raise Refusal(f"stream '{said}' has label name too long: '{name}'")
        if len(value) > LONGEST_VALUE:
            raise Refusal(f"stream '{said}' has label value too long: '{value}'")
    return kept


def check(entry: Entry, of: Labels, now: float) -> None:
    """Raises Refusal when Loki would not take the line; `now` in epoch seconds."""
    if (size := len(entry.text.encode())) > LONGEST_LINE:
        raise Refusal(
            f"max entry size '{LONGEST_LINE}' bytes exceeded for stream '{show(of)}' while adding an entry with "
            f"length '{size}' bytes"
        )
    present = int(now * SECOND)
    if entry.at < present - OLDEST:
        raise Refusal(
            f"entry for stream '{show(of)}' has timestamp too old: {_time(entry.at)}, "
            f"oldest acceptable timestamp is: {_time(present - OLDEST)}"
        )
    if entry.at > present + NEWEST:
        raise Refusal(f"entry for stream '{show(of)}' has timestamp too new: {_time(entry.at)}")


def _inflated(encoding: str, body: bytes) -> bytes:
    try:
        match encoding.lower():
            case "":
                return body
            case "gzip":
                return gzip.decompress(body)
            case "deflate":
                return zlib.decompress(body, -zlib.MAX_WBITS)
            case _:
                raise Refusal(f'Content-Encoding "{encoding}" not supported')
    except (OSError, EOFError, zlib.error):
        raise Refusal(f"{encoding}: invalid header") from None


def _stream(given: Any) -> Stream:
    if not isinstance(given, dict):
        raise Refusal(f"{_UNREADABLE}Value is not an object")
    labels, values = given.get("stream", {}), given.get("values") or []
    if not _is_text_map(labels):
        raise Refusal(f"{_UNREADABLE}the value of a label is not a string")
    if not isinstance(values, list):
        raise Refusal(f"{_UNREADABLE}Value is not an array")
    return Stream(_decoded(labels), tuple(map(_entry, values)))


def _entry(given: Any) -> Entry:
    if not isinstance(given, list) or not 2 <= len(given) <= 3:
        raise Refusal(f"{_UNREADABLE}Value is not an array of a timestamp, a line and structured metadata")
    at, line, *rest = given
    if not isinstance(at, str):
        raise Refusal(
            f"{_UNREADABLE}unmarshalerDecoder: Value looks like Number/Boolean/None, but can't find its end: "
            "',' or '}' symbol"
        )
    if not re.fullmatch(r"[0-9]{1,19}", at, re.ASCII) or int(at) > LARGEST:
        raise Refusal(f'{_UNREADABLE}strconv.ParseInt: parsing "{at}": invalid syntax')
    if not isinstance(line, str):
        raise Refusal(f"{_UNREADABLE}unmarshalerDecoder: Value is not a string")
    [metadata] = rest or [{}]
    if not _is_text_map(metadata):
        raise Refusal(f"{_UNREADABLE}structured metadata is not an object of strings")
    return Entry(int(at), decoded(line), labels_of(_decoded(metadata)))


def _decoded(labels: Mapping[str, str]) -> dict[str, str]:
    return {decoded(name): decoded(value) for name, value in labels.items()}


def _is_text_map(given: Any) -> bool:
    return isinstance(given, dict) and all(isinstance(value, str) for value in given.values())


def _time(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // SECOND, UTC).isoformat().replace("+00:00", "Z")
