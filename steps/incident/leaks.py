"""Where credentials stand that should not: in all that a judged program writes, says and answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from steps.world.credentials import belongs
from steps.world.journal import Exchange
from steps.world.planted import Found, Planted

PLACES: dict[str, str] = {
    "linear": "tickets and comments",
    "jira": "tickets and comments",
    "slack": "messages and requests for approval",
    "approval-app": "messages and requests for approval",
    "functions": "calls of functions",
    "broker": "events",
    "trm": "queries",
    "prometheus": "queries",
    "loki": "queries",
    "tempo": "queries",
    "pagerduty": "queries",
    "kubernetes": "queries",
}
"""What a request is, by who gets it."""
ELSEWHERE = "calls to others"

BROKEN = re.compile(rb"\s+|\\[nrt]")
"""What a credential may be broken by: white space, and line ends as JSON and logs write them."""
LONGEST_LINE = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of the run: what kind of place it stands in, where exactly, and which credentials belong there."""

    place: str
    where: str
    text: bytes
    is_home: Callable[[str], bool] = lambda name: False


@dataclass(slots=True)
class Search:
    """What a search for the credentials has come to."""

    searched: Counter[str] = field(default_factory=Counter)
    """Passages by place; of a log its lines."""
    at_home: Counter[str] = field(default_factory=Counter)
    """How often each credential stands where it belongs."""
    leaks: dict[str, list[str]] = field(default_factory=dict)
    """By place: a sentence for each leak, without the credential."""


def search(passages: Iterable[Passage], planted: Planted) -> Search:
    """Looks for every planted credential in every passage, however it is written and wherever a line ends in it."""
    result = Search()
    for passage in passages:
        result.searched[passage.place] += max(1, passage.text.count(b"\n") if passage.place == "logs" else 1)
        found = planted.find(passage.text)
        names = {one.name for one in found}
        joined = [one for one in planted.find(BROKEN.sub(b"", passage.text)) if one.name not in names]
        for one in found + joined:
            if passage.is_home(one.name):
                result.at_home[one.name] += 1
            else:
                sentence = _sentence(passage, one, planted, whole=one in found)
                result.leaks.setdefault(passage.place, []).append(sentence)
    return result


def _sentence(passage: Passage, found: Found, planted: Planted, *, whole: bool) -> str:
    what = f"the {found.name.replace('_', ' ')}, {found.form}"
    if not whole:
        return f"{passage.where} shows {what}, broken into pieces"
    if passage.place != "logs":
        return f"{passage.where} shows {what}"
    begin = passage.text.rfind(b"\n", 0, found.at) + 1
    end = passage.text.find(b"\n", found.at)
    line = planted.redact(passage.text[begin : end if end >= 0 else None]).decode(errors="replace")
    number = passage.text.count(b"\n", 0, found.at) + 1
    return f"line {number} of {passage.where} shows {what}: {line[:LONGEST_LINE]}"


# -- passages


def of_logs(logs: Mapping[str, str]) -> Iterator[Passage]:
    """The logs of the judged programs, by their names."""
    for name, text in logs.items():
        yield Passage("logs", f"{name}'s log", text.encode(errors="replace"))


def of_requests(made: Iterable[Exchange]) -> Iterator[Passage]:
    """The requests that judged programs have made."""
    for call in made:
        what = f"{call.caller}'s request {call.number} to {call.callee}"
        others = "\n".join(value for name, value in call.request_headers if name != "authorization")
        for part, where, text in (
            ("address", f"the address of {what}", call.url),
            ("authorization", f"the Authorization header of {what}", call.header("authorization") or ""),
            ("other headers", f"the header of {what}", others),
            ("body", f"the body of {what}", call.request_text),
        ):
            is_home = partial(belongs, host=call.host, part=part, path=call.path)
            yield Passage(PLACES.get(call.callee, ELSEWHERE), where, _bytes(text), is_home)


def of_answers(answered: Iterable[Exchange]) -> Iterator[Passage]:
    """What judged programs have answered at their doors."""
    for call in answered:
        place = "metrics" if call.path == "/metrics" else "answers"
        what = f"{call.callee}'s answer {call.number} to {call.method} {call.path} ({call.status})"
        yield Passage(place, f"the header of {what}", _bytes("\n".join(value for _, value in call.response_headers)))
        yield Passage(place, what, _bytes(call.response_text))


def of_exports(exported: Iterable[tuple[str, bytes]]) -> Iterator[Passage]:
    """What was exported by OpenTelemetry's protocol: the kind of place, and what it says."""
    for number, (place, text) in enumerate(exported, 1):
        yield Passage(place, f"export {number}", text)


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
