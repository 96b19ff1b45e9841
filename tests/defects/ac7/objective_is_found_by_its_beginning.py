"""An objective is found by how its name begins."""

ITEMS = ("AC7.1",)
SAYS = "0.91"

FILE = "agent/slm.py"
RIGHT = "slo_name={json.dumps(name, ensure_ascii=False)}"
WRONG = 'slo_name=~{json.dumps(name + ".*", ensure_ascii=False)}'
