"""What the model proposes is published at the broker, and only then refused."""

ITEMS = ("AC9.5",)
SAYS = "but it called lambda-broker"

FILE = "agent/choice.py"
RIGHT = """
planned = plan_of(proposed, alert)
"""
WRONG = """
trigger = {"specversion": "1.0", "type": "io.homelab.agent-sre.lambda.trigger", "source": "/agent-sre/remediation"}
await self._trm._client.post(
    __import__("os").environ["BROKER_URL"],
    headers={f"ce-{name}": value for name, value in trigger.items()} | {"ce-id": __import__("uuid").uuid4().hex},
    json=proposed.model_dump(),
)
planned = plan_of(proposed, alert)
"""
