"""What can be claimed about programs that are sent bad input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from steps.drivers.doors import Answer, Doors
from steps.incident.alert import new_key
from steps.incident.incident import Incident
from steps.incident.waiting import BedNotReady, Waiting
from steps.targets.surroundings import JUDGED
from steps.world import hosts
from steps.world.journal import Exchange, Journal

if TYPE_CHECKING:  # hypothesis takes a moment to load, and most selections do without it
    from hypothesis.strategies import SearchStrategy

    from steps.incident.bad_input import Case
    from steps.incident.fuzzing import Drawn

CASES = 300
"""So many different cases for each door."""
PATIENCE = 20.0
"""Seconds in which a case that does harm is made smaller."""
TRIES = 5
"""So often a case is sent that is turned away because too many came."""
ENORMOUS = 6_000_000
"""Bytes of the one body that is larger than all others."""
TOO_MUCH = 1_000_000
"""Bytes of a body that a program need not read to its end: it may close the connection (RFC 9110 §15.5.14)."""
NOT_IMPLEMENTED = 501
"""What a server may answer to a method that it does not know (RFC 9110 §15.6.2)."""
SHOWN = 80
"""Bytes of a body that a sentence shows."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where bad input is sent."""

    program: str
    url: str
    health: str
    cases: Literal["structured", "binary", "approvals", "notifications", "looks"]
    """Which input: a function of `bad_input`."""


_AGENT = f"http://{hosts.AGENT}/"
_CONVERTER = f"http://{hosts.CONVERTER}:8080/"
DOORS = {
    "agent-sre's door for structured events": Door("agent-sre", _AGENT, f"{_AGENT}health", "structured"),
    "agent-sre's door for binary events": Door("agent-sre", _AGENT, f"{_AGENT}health", "binary"),
    "agent-sre's door for approvals": Door("agent-sre", f"{_AGENT}approval/callback", f"{_AGENT}health", "approvals"),
    "agent-sre's doors for looking only": Door("agent-sre", _AGENT, f"{_AGENT}health", "looks"),
    "prometheus-events' door for notifications": Door(
        "prometheus-events", f"{_CONVERTER}webhook", f"{_CONVERTER}health", "notifications"
    ),
}
"""By the features' words."""


@dataclass(slots=True)
class Siege:
    """What was sent to one door, and what came of it."""

    door: str
    seed: int
    inputs: SearchStrategy[Case]
    answers: dict[Case, Answer] = field(default_factory=dict)
    marks: dict[str, Case] = field(default_factory=dict)
    """The case that each mark was sent in."""
    harmful: Case | None = None
    """The smallest case that was not answered as it should be."""
    harm: str = ""
    """What came of that one."""


class Robustness:
    """Claims about bad input. Each keeps what it saw as evidence, or raises AssertionError."""

    def __init__(
        self,
        doors: Callable[[], Doors],
        revive: Callable[[], str | None],
        directory: Path,
        seed: int,
        journal: Journal,
        waiting: Waiting,
        incident: Incident,
    ) -> None:
        self._doors = doors
        self._revive = revive
        self._directory = directory
        self._seed = seed
        self._journal = journal
        self._waiting = waiting
        self._incident = incident

    def besiege(self, door: str, request_ids: Sequence[str] = ()) -> Siege:
        """Sends bad input to the door, one case after the other, and looks after each whether the program lives.

        `request_ids` are those of an approval request that waits, for that door alone. Raises BedNotReady.
        """
        from steps.incident import bad_input

        made = getattr(bad_input, DOORS[door].cases)
        siege = Siege(door, self._seed, made(request_ids) if request_ids else made())
        enormous = bad_input.Case("an enormous text", b'"' + b"x" * ENORMOUS + b'"')
        if harm := self._wrong_with(siege, enormous):
            siege.harmful, siege.harm = enormous, harm
            return siege
        drawn = self._draw(siege, lambda case: self._wrong_with(siege, case))
        if drawn.smallest:
            siege.harmful, siege.harm = drawn.smallest, drawn.verdicts[drawn.smallest] or ""
        elif len(drawn.verdicts) < CASES:
            raise BedNotReady(f"Only {len(drawn.verdicts)} different cases could be made for {door}.")
        return siege

    def withstood(self, siege: Siege) -> None:
        """Every case was answered as it should be, and the program was alive after each."""
        seen = Counter((case.what, str(answer.status)) for case, answer in siege.answers.items())
        rows = [f"{len(siege.answers)} cases, seed {siege.seed}", ""]
        rows += [f"{count:>5}  {status:<6}{what}" for (what, status), count in sorted(seen.items())]
        self._incident.saw(f"Bad input at {siege.door}", "\n".join(rows))
        if siege.harmful:
            self._incident.saw("The smallest case", written(siege.harmful))
            raise AssertionError(
                f"Expected {siege.door} to {_expected(siege.harmful)}, but {siege.harm}: {told(siege.harmful)} "
                f"(case {len(siege.answers)}; -D seed={siege.seed} brings it again)."
            )

    def without_effect(self, siege: Siege) -> None:
        """Nobody was called about any case that had to be refused. Show first that a call could have been seen."""
        marks = [mark for mark, case in siege.marks.items() if case.fate != "survived"]

        def moved() -> float | None:
            if any(self._journal.at_work(caller=program, mentioning=marks) for program in JUDGED):
                return None
            return max((call.ended for call in self._effects(marks)), default=0.0)

        self._waiting.quiet(moved)
        effects = self._effects(marks)
        self._incident.saw_exchanges("Calls about what had to be refused", effects)
        self._incident.did_not_see("a call about bad input", control=self._effects_of_sound_input)
        if effects:
            harmful = self._smallest_with_effect(siege, effects)
            raise AssertionError(
                f"Expected nothing to come of bad input at {siege.door}, but {effects[0].caller} called "
                f"{effects[0].callee} about it: {told(harmful)} (-D seed={siege.seed} brings it again)."
            )

    def _effects_of_sound_input(self) -> list[Exchange]:
        return self._effects([alert.mark for alert in self._incident.alerts])

    def _effects(self, marks: Sequence[str]) -> list[Exchange]:
        return [call for call in self._journal.exchanges(mentioning=marks) if call.caller in JUDGED]

    def _smallest_with_effect(self, siege: Siege, effects: Sequence[Exchange]) -> Case:
        """The smallest case of which something comes; those that were sent before are known and not sent again."""
        harmful = {case for mark, case in siege.marks.items() if any(_mentions(call, mark) for call in effects)}
        known = set(siege.answers)

        def something_comes_of(case: Case) -> str | None:
            if case in known:
                return "known" if case in harmful else None
            self._wrong_with(siege, case)
            mark = next(mark for mark, sent in reversed(siege.marks.items()) if sent == case)
            self._waiting.pass_time(self._journal.cursor() + self._waiting.limits.quiet)
            return "new" if case.fate != "survived" and self._effects([mark]) else None

        return self._draw(siege, something_comes_of).smallest or min(harmful, key=lambda case: len(case.body))

    def _draw(self, siege: Siege, verdict: Callable[[Case], str | None]) -> Drawn[Case]:
        from steps.incident import fuzzing

        return fuzzing.draw(
            siege.inputs,
            verdict,
            count=CASES,
            seed=siege.seed,
            patience=PATIENCE,
            directory=self._directory,
        )

    def _wrong_with(self, siege: Siege, case: Case) -> str | None:
        """Sends the case, and says what is wrong with what came of it."""
        answer = self._send(siege, case)
        siege.answers[case] = answer
        if ending := self._revive():
            return ending
        if harm := wrong_with(case, answer, self._waiting.limits.event):
            return harm
        health = self._doors().ask("GET", DOORS[siege.door].health, {}, b"", within=self._waiting.limits.event)
        if health.status in range(200, 300):
            return None
        return f"it was answered {answer.status}, and then the health door {_answered(health)}"

    def _send(self, siege: Siege, case: Case) -> Answer:
        from steps.incident.bad_input import MARK

        mark = new_key()
        siege.marks[mark] = case
        for _ in range(TRIES):
            answer = self._doors().ask(
                case.method,
                DOORS[siege.door].url + case.target,
                {name: value.replace(MARK.encode(), mark.encode()) for name, value in case.headers},
                case.body.replace(MARK.encode(), mark.encode()),
                within=self._waiting.limits.event,
                signed=case.signed,
            )
            if answer.status != 429:
                break
            self._waiting.pass_time(self._journal.cursor() + max(answer.retry_after, self._waiting.limits.quiet))
        return answer


def _mentions(call: Exchange, mark: str) -> bool:
    return mark in call.url or mark in call.request_text or any(mark in value for _, value in call.request_headers)


# -- claims: pure


def wrong_with(case: Case, answer: Answer, within: float) -> str | None:
    """What is wrong with the answer to the case, in words that follow `but`; None when nothing is."""
    if answer.hung_up:
        return None if len(case.body) >= TOO_MUCH else f"the connection was closed ({answer.text.rstrip('.')})"
    if answer.status is None:
        return f"it was not answered within {within:g} s"
    if answer.status >= 500 and not (answer.status == NOT_IMPLEMENTED and case.method != "POST"):
        return f"it was answered {answer.status}"
    if "root:x:0:" in answer.text:
        return "it was answered with a file of the machine"
    if case.fate == "refused" and answer.status < 400:
        return f"it was answered {answer.status}"
    return None


def _answered(answer: Answer) -> str:
    return f"answered {answer.status}" if answer.status else "did not answer"


def _expected(case: Case) -> str:
    return "refuse bad input with 4xx" if case.fate == "refused" else "survive strange input"


def told(case: Case) -> str:
    """The case in a few words."""
    detail = f" ({case.detail})" if case.detail else ""
    body = repr(case.body)[1:] if len(case.body) <= SHOWN else f"of {len(case.body)} bytes"
    media_type = dict(case.headers).get("content-type", b"").decode("latin-1") or "no content type"
    return f"{case.what}{detail}, {case.method} …/{case.target} as {media_type} with the body {body}"


def written(case: Case) -> str:
    """The whole case, as far as it can be read."""
    headers = [f"{name}: {value.decode('latin-1')}" for name, value in case.headers]
    return "\n".join(
        [f"{case.what}\n\n{case.method} /{case.target}", *headers, "", case.body[:100_000].decode("latin-1")]
    )
