"""The page about a light curve that a person sends to colleagues."""

from tevcurve.report.page import report_html, write_report

__all__ = ["report_html", "write_report"]
