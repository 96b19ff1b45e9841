"""agent-sre: a ticket for each incident, and remediation by LambdaFunctions (CONTRACTS §10.1)."""
