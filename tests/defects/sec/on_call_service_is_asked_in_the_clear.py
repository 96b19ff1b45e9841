"""The on-call service is asked without encryption, key and all."""

ITEMS = ("SEC1",)
SAYS = "agent-sre called api.pagerduty.com unencrypted"

FILE = "agent/oncall.py"
RIGHT = "https://api.pagerduty.com/oncalls"
WRONG = "http://api.pagerduty.com/oncalls"
