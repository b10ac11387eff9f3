"""report.html: one self-contained page of what a run and its analyses gave."""

from model.report.html.page import page, write

__all__ = ["page", "write"]
