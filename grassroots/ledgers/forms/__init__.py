"""Forms of the ledgers, by page."""

from grassroots.ledgers.forms.briefs import BriefDraftForm, CorrectionForm
from grassroots.ledgers.forms.cutoff import cutoff_field
from grassroots.ledgers.forms.download import AreaDayForm, DownloadForm, ledger_areas
from grassroots.ledgers.forms.period import PeriodForm

__all__ = [
    "AreaDayForm",
    "BriefDraftForm",
    "CorrectionForm",
    "DownloadForm",
    "PeriodForm",
    "cutoff_field",
    "ledger_areas",
]
