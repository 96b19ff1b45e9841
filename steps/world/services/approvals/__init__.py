"""Where agent-sre asks people before it remediates: Slack and a custom approval application (CONTRACTS §3)."""

from steps.world.services.approvals.application import PATH, Approval, ApprovalApplication, Decision
from steps.world.services.approvals.slack import Message, Person, Slack, form, signature, webhook_url

__all__ = [
    "PATH",
    "Approval",
    "ApprovalApplication",
    "Decision",
    "Message",
    "Person",
    "Slack",
    "form",
    "signature",
    "webhook_url",
]
