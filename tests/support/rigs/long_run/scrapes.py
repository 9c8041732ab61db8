"""The metrics of a long run, as Prometheus would have scraped them."""

SCRAPES = "scrapes"  # the folder of the expositions, each named by its UNIX second
