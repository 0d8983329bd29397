"""Forms of the ledgers, by page."""

from grassroots.ledgers.forms.download import AreaDayForm, DownloadForm, ledger_areas

__all__ = ["AreaDayForm", "DownloadForm", "ledger_areas"]
