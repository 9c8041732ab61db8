"""The applications of the simulated account, each a small state machine."""

from fuse_otel.simulator.applications.application import Application
from fuse_otel.simulator.applications.claims import CLAIMS
from fuse_otel.simulator.applications.conference import CONFERENCE
from fuse_otel.simulator.applications.payment import PAYMENT
from fuse_otel.simulator.applications.pharmacy import PHARMACY
from fuse_otel.simulator.applications.short_ones import EMAIL_TEST, RECEPTION, SURVEY

EVERYDAY = (PAYMENT, CLAIMS, PHARMACY, EMAIL_TEST, SURVEY, RECEPTION)
LONG = (CONFERENCE,)

__all__ = ["EVERYDAY", "LONG", "Application"]
