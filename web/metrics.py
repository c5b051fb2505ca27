"""What the server measures of itself, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80)


class Metrics:
    """The meters of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.queue_depth = Gauge("moodcap_queue_depth", "Captions that wait or are worked on.", registry=self.registry)
        self.batch_size = Histogram(
            "moodcap_batch_size",
            "Photos in a batch.",
            ["lane"],
            registry=self.registry,
            buckets=(1, 2, 3, 4, 5, 6, 7, 8),
        )
        self.stage_seconds = Histogram(
            "moodcap_stage_seconds", "Seconds of a stage, a batch.", ["stage"], registry=self.registry, buckets=BUCKETS
        )
        self.rejects = Counter("moodcap_rejects", "Requests refused, by code.", ["code"], registry=self.registry)
        self.request_seconds = Histogram(
            "moodcap_request_seconds",
            "Seconds of a request until its answer begins.",
            ["method", "route", "status"],
            registry=self.registry,
            buckets=BUCKETS,
        )

    def text(self) -> bytes:
        """All meters in Prometheus' text format."""
        return generate_latest(self.registry)
