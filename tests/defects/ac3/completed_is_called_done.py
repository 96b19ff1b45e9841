"""Only a state that is called Done is a state for completed work."""

ITEMS = ("AC3.3",)
SAYS = "completed"

FILE = "agent/linear.py"
RIGHT = 'workflowStates(filter: {team: {id: {eq: $team}}, type: {eq: "completed"}}) { nodes { id position } } }"""'
WRONG = 'workflowStates(filter: {team: {id: {eq: $team}}, name: {eq: "Done"}}) { nodes { id position } } }"""'
