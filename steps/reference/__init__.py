"""A correct prometheus-events and a correct agent-sre, small and plain: the suite's default target.

Each is a program of its own:

    python -m steps.reference.prometheus_events --port 8080
    python -m steps.reference.agent --port 8000

They share the modules of this package: settings, logs, calls, CloudEvents, and how a program is served.
"""
