"""What the bus counts, for Prometheus; labels are services, streams and outcomes alone."""

from prometheus_client import Counter, Gauge, Histogram

from services.contracts import cases

QUIET_STREAMS = frozenset({cases.LANE})
"""Not counted: anyone may read these metrics (PR-3). An operator sees all (tending.py)."""

SENT = Counter("stafett_bus_events_sent_total", "Events confirmed by the broker", ["service"])
UNCONFIRMED = Counter(
    "stafett_bus_unconfirmed_total",
    "Publishes that were nacked, returned or not answered in time",
    ["service"],
)
HANDLED = Counter(
    "stafett_bus_events_handled_total", "Events taken in, by what became of them", ["service", "outcome"]
)
DELAY = Histogram(
    "stafett_bus_commit_to_handled_seconds",
    "Time from an event's telling until another service had taken it in",
    ["service", "stream"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0),
)
INTERRUPTED = Counter(
    "stafett_bus_interruptions_total", "Times a bus loop had to start again", ["service", "loop"]
)
UNSENT_AGE = Gauge("stafett_bus_oldest_unsent_seconds", "Age of the oldest event not yet sent", ["service"])
REPAIRED = Counter(
    "stafett_bus_repaired_total", "Events that had not come and were fetched from their source", ["service"]
)
PARKED = Gauge("stafett_bus_parked", "Events that wait in the inbox, the dead among them", ["service"])
DEAD_EVENTS = Gauge("stafett_bus_dead", "Events that are tried no more", ["service"])
UNDECODABLE = Gauge(
    "stafett_bus_undecodable", "Messages that could not be read and are kept, sealed", ["service"]
)
KNOWLEDGE_AGE = Gauge(
    "stafett_bus_knowledge_age_seconds", "How old a service's knowledge of a stream is", ["service", "stream"]
)
STRAY = Gauge("stafett_bus_stray", "Messages that no service takes, by queue", ["queue"])
CONNECTED = Gauge(
    "stafett_bus_connected", "1 while the loop has a connection to the broker", ["service", "loop"]
)
