"""Approvals: whom the agent asks before it remediates, and what was decided (CONTRACTS §3, §10.1)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from steps.reference import logs
from steps.reference.agent.alert import Alert
from steps.reference.calls import CallError, TransientError
from steps.reference.events import now

if TYPE_CHECKING:
    from steps.reference.agent.remediation import Plan

KEPT = 10_000
"""Requests that are remembered, so that a late or second answer is recognised."""

Outcome = Literal["approved", "rejected", "pending"]


class UnknownRequestError(Exception):
    """Nobody asked for what was answered."""


class NotApprovedError(Exception):
    """The remediation must not be carried out; `outcome` says in a word why."""

    def __init__(self, outcome: str) -> None:
        super().__init__(f"The remediation is {outcome}.")
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Question:
    """A remediation that waits for approval."""

    id: str
    alert: Alert
    function: str
    parameters: Mapping[str, Any]
    correlation_id: str
    timeout: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person said to one question."""

    question_id: str
    approved: bool
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a question."""

    outcome: Outcome
    answers: Mapping[str, Answer]
    """By provider."""
    timed_out: bool
    """Whether the time decided, and no answer."""
    at: str = field(default_factory=now)


class Provider(Protocol):
    """A place where people are asked."""

    name: str

    async def ask(self, question: Question) -> Answer | None:
        """Asks; the answer itself where it has to be fetched, None where it comes by callback. Raises CallError."""


@dataclass(slots=True)
class _Pending:
    """A question and its answers so far; the first answer of each provider counts."""

    decision: asyncio.Future[Decision]
    answers: dict[str, Answer] = field(default_factory=dict)

    def settle(self, outcome: Outcome, *, timed_out: bool = False) -> None:
        """From now on it is decided."""
        self.decision.set_result(Decision(outcome, dict(self.answers), timed_out))


class Approvals:
    """Asks all providers about a remediation, and decides by their answers and by the time.

    One rejection rejects. One approval approves, or with `require_all` one of each provider.
    """

    def __init__(
        self, providers: Sequence[Provider], *, require_all: bool, timeout: float, at_timeout: Outcome, later: float
    ) -> None:
        self._providers = providers
        self._require_all = require_all
        self._timeout = timeout
        self._at_timeout = at_timeout
        self._later = later
        self._known: OrderedDict[str, _Pending] = OrderedDict()

    def question(self, question_id: str, alert: Alert, planned: Plan, correlation_id: str) -> Question:
        """The question whether the call may be made."""
        return Question(question_id, alert, planned.function, planned.parameters, correlation_id, self._timeout)

    async def decide(self, question: Question) -> Decision:
        """What people decide about the question, or the time does."""
        pending = self._known[question.id] = _Pending(asyncio.get_running_loop().create_future())
        self._forget()
        asking = [asyncio.create_task(self._ask(provider, question)) for provider in self._providers]
        try:
            await asyncio.wait({pending.decision}, timeout=self._timeout)
        finally:
            for task in asking:
                task.cancel()
        if not pending.decision.done():
            pending.settle(self._at_timeout, timed_out=True)
        return pending.decision.result()

    def take(self, provider: str, answer: Answer) -> Outcome:
        """What is decided about the question with this answer; an answer that comes after the decision changes nothing.

        Raises UnknownRequestError.
        """
        pending = self._known.get(answer.question_id)
        if pending is None:
            raise UnknownRequestError(f"There is no approval request {answer.question_id}.")
        if pending.decision.done():
            logs.info("an answer came after the decision", request_id=answer.question_id, by=answer.by)
            return pending.decision.result().outcome
        given = pending.answers.setdefault(provider, answer)
        logs.info("answer received", request_id=answer.question_id, approved=given.approved, by=given.by)
        if not given.approved:
            pending.settle("rejected")
        elif not self._require_all or len(pending.answers) == len(self._providers):
            pending.settle("approved")
        return pending.decision.result().outcome if pending.decision.done() else "pending"

    async def _ask(self, provider: Provider, question: Question) -> None:
        """Asks one provider, and goes on asking while it is down."""
        while True:
            try:
                answer = await provider.ask(question)
                break
            except TransientError as error:
                logs.error("approval could not be asked for and will be later", where=provider.name, error=str(error))
            except CallError as error:
                logs.error("approval cannot be asked for", where=provider.name, error=str(error))
                return
            await asyncio.sleep(self._later)
        if answer:
            self.take(provider.name, answer)

    def _forget(self) -> None:
        if len(self._known) > KEPT:
            oldest = next((key for key, one in self._known.items() if one.decision.done()), None)
            if oldest:
                del self._known[oldest]
