"""A request on Slack tells its facts in the text of the notification alone: the message itself has but its buttons."""

ITEMS = ("AC8.1",)
SAYS = "the request on Slack to tell"

FILE = "agent/slack.py"
RIGHT = 'return {"text": text, "blocks": [*blocks, {"type": "actions", "elements": buttons}]}'
WRONG = 'return {"text": f"{text}: {facts} {parameters}", "blocks": [{"type": "actions", "elements": buttons}]}'
