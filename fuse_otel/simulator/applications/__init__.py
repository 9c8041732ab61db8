"""The applications of the simulated account, each a small state machine in a file of its own."""

from fuse_otel.simulator.applications.application import Application
from fuse_otel.simulator.applications.claims import CLAIMS
from fuse_otel.simulator.applications.conference import CONFERENCE
from fuse_otel.simulator.applications.email_test import EMAIL_TEST
from fuse_otel.simulator.applications.payment import PAYMENT
from fuse_otel.simulator.applications.pharmacy import PHARMACY
from fuse_otel.simulator.applications.reception import RECEPTION
from fuse_otel.simulator.applications.survey import SURVEY

EVERYDAY = (PAYMENT, CLAIMS, PHARMACY, EMAIL_TEST, SURVEY, RECEPTION)
LONG = (CONFERENCE,)

__all__ = ["EVERYDAY", "LONG", "Application"]
