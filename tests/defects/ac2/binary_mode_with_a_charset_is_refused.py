"""agent-sre refuses an event in binary mode whose content type has a charset."""

ITEMS = ("AC2.1",)
SAYS = "but there is none"

FILE = "events.py"
RIGHT = 'elif media_type and not re.fullmatch(r"(application|text)/(\\S+\\+)?json", media_type):'
WRONG = 'elif media_type and not re.fullmatch(r"(application|text)/(\\S+\\+)?json", headers["content-type"]):'
PROGRAM = "agent-sre"
