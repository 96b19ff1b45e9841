"""Starts agent-sre: `python -m steps.reference.agent --port 8000`."""

from steps.reference.agent.app import make_app
from steps.reference.doors import run

if __name__ == "__main__":
    run("agent-sre", 8000, make_app)
