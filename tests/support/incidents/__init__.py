"""Simulated incidents: what each alert and each panel of the dashboards shows meanwhile."""
