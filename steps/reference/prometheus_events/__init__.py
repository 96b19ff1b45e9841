"""prometheus-events: Alertmanager's notifications become CloudEvents, one per alert (CONTRACTS §10.2)."""
