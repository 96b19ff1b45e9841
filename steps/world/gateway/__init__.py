"""The gateway: the only way out, and the network of the world.

Whoever speaks in the world speaks through it, by real host names: it routes each call to a service or to a
real server, records it in the journal, and lets the injected faults act.
"""

from steps.world.gateway.authority import Authority
from steps.world.gateway.gateway import Gateway
from steps.world.gateway.injection import Injection

__all__ = ["Authority", "Gateway", "Injection"]
