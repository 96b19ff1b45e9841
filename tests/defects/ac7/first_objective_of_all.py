"""All objectives are asked for, and the last one's numbers shown."""

ITEMS = ("AC7.1",)
SAYS = "as target"

FILE = "agent/slm.py"
RIGHT = 'query = f\'{{__name__=~"{"|".join(SERIES)}",slo_name={json.dumps(name, ensure_ascii=False)}}}\''
WRONG = 'query = f\'{{__name__=~"{"|".join(SERIES)}"}}\''
