"""The name of an SLO stands in the query as it comes."""

ITEMS = ("SEC7",)
SAYS = "a query for an SLO to be text and no more, but what it wants calculated was calculated in a call to prometheus"

FILE = "agent/slm.py"
RIGHT = "slo_name={json.dumps(name, ensure_ascii=False)}"
WRONG = 'slo_name="{name}"'
