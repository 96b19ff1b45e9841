"""An answer without any confidence is taken for a sure one."""

ITEMS = ("AC9.3",)
SAYS = "as the model does not help"

FILE = "agent/trm.py"
RIGHT = "confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]"
WRONG = "confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)] = 1.0"
