"""Alarms on changes of a source's flux, as the events come: the detector, its alerts, and replays of results."""
