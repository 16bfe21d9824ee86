"""Counters for Prometheus. Labels come from closed lists, so that nothing a stranger sends can make a new series."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from gateway.drift import Drift, Said


class Metrics:
    """The series of one process, in a registry of its own so that tests do not share them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.received = Counter("guichet_received", "Raw messages kept", ["channel"], registry=self.registry)
        self.fates = Counter("guichet_fates", "Items by fate", ["channel", "fate"], registry=self.registry)
        self.deliveries = Counter(
            "guichet_deliveries", "Attempts to send, by outcome", ["channel", "outcome"], registry=self.registry
        )
        self.waiting = Gauge("guichet_inbox_waiting", "Items without a fate yet", registry=self.registry)
        self.items = Gauge("guichet_inbox_items", "Items ever kept", registry=self.registry)
        self.quarantined = Gauge("guichet_quarantined", "Items in quarantine", registry=self.registry)
        self.outgoing = Gauge("guichet_outbox_waiting", "Messages that wait to go out", registry=self.registry)
        self.oldest = Gauge(
            "guichet_inbox_oldest_seconds", "Age of the oldest item without a fate", registry=self.registry
        )
        self.requests = Counter(
            "guichet_requests", "Requests by route and class of status", ["route", "status"], registry=self.registry
        )
        self.in_progress = Gauge("guichet_requests_in_progress", "Requests under way", registry=self.registry)
        # What the classifier says: counted here by who reads, kept in the register, shown from there by who is asked.
        self.drift = Drift()
        self.said = Said()
        self.registry.register(self.said)
        self.form_flooded = Gauge(
            "guichet_form_flooded", "1 while more is sent by the form than people send", registry=self.registry
        )
