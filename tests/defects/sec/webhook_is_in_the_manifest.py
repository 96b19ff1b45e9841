"""The manifest gives the address of the Slack webhook, which is a credential."""

ITEMS = ("SEC2",)
SAYS = "webhookUrl as a plain value"

PROGRAM = "validation"
FILE = "steps/reference/manifests/agent-sre.yaml"
RIGHT = "webhookUrlSecretRef: {name: slack-approvals, key: webhook-url}"
WRONG = "webhookUrl: https://hooks.slack.com/services/T0/B0/none"
