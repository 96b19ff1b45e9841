"""Of a notification with a malformed alert the others are converted."""

ITEMS = ("AC2.3",)
SAYS = "refused with 4xx"

FILE = "prometheus_events/notification.py"
RIGHT = """
notification = Notification.model_validate_json(body)
"""
WRONG = """
told = __import__("json").loads(body)
told["alerts"] = [alert for alert in told["alerts"] if "labels" in alert]
notification = Notification.model_validate(told)
"""
