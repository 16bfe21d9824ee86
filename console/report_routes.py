"""The pages of the monthly report: method, path, name, handler, and the right each asks for."""

from __future__ import annotations

from console.report_page import ReportPage
from console.rights import Right
from console.site import Handler, Site


def routes(site: Site) -> list[tuple[str, str, str, Handler, Right]]:
    """Every page of the report."""
    page = ReportPage(site)
    return [
        ("GET", "/console/report", "report", page.show, "reports"),
        ("GET", "/console/report/cases", "report-cases", page.cases, "reports"),
        ("GET", "/console/report/export", "report-export", page.export, "reports"),
        ("POST", "/console/report/write", "report-write", page.write, "approves"),
        ("POST", "/console/report/approve", "report-approve", page.approve, "approves"),
    ]
