"""Starts prometheus-events: `python -m steps.reference.prometheus_events --port 8080`."""

from steps.reference.doors import run
from steps.reference.prometheus_events.app import make_app

if __name__ == "__main__":
    run("prometheus-events", 8080, make_app)
