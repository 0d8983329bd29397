"""What somebody wants exported: from the form, kept as a job's parameters, made into a file by one code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from grassroots.grid.crypto import decrypt, encrypt
from grassroots.grid.models import Area, Staff
from grassroots.ledgers.engine import LedgerContext, WriteResult, ledger_registry
from grassroots.ledgers.engine.filters import FilterError, filter_words
from grassroots.ledgers.engine.stream import Progress
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.forms.options import OptionsForm
from grassroots.ledgers.layout_choice import STANDARD
from grassroots.ledgers.models import Job

FORMAT_WORDS = {("xlsx", ""): "Excel", ("csv", ""): "CSV", ("csv", "gb18030"): "CSV(GB18030)"}


@dataclass(frozen=True)
class Wanted:
    """A ledger of an area for a day, in a format, masked or not (then with a purpose), filtered."""

    key: str
    area: Area
    on: dt.date
    file_format: str = "xlsx"
    encoding: str = ""
    unmasked: bool = False
    purpose: str = ""
    filters: Mapping[str, list[str]] = field(default_factory=dict)
    layout: str = STANDARD
    layout_name: str = ""

    @classmethod
    def from_form(cls, data: Mapping[str, Any], options: OptionsForm) -> Wanted:
        """From the cleaned data of DownloadForm, and the layout and filters of its ledger."""
        file_format, _dash, encoding = data["file_format"].partition("-")
        filters = options.filters()
        if data.get("observation"):
            filters["observation"] = [str(data["observation"])]
        if data.get("cutoff") and data["key"] == "statistics":
            filters["cutoff"] = [f"{data['cutoff']:%H:%M}"]
        return cls(
            key=data["key"], area=data["area"], on=data["on"], file_format=file_format, encoding=encoding,
            unmasked=bool(data.get("unmasked")), purpose=data["purpose"],
            filters=filters, layout=options.layout_uid, layout_name=options.layout_name,
        )  # fmt: skip

    @classmethod
    def from_job(cls, job: Job) -> Wanted:
        """From the parameters of an export job."""
        kept = job.params
        assert job.area is not None  # as `params` has it
        return cls(
            key=kept["key"], area=job.area, on=dt.date.fromisoformat(kept["on"]), file_format=kept["format"],
            encoding=kept["encoding"], unmasked=kept["unmasked"], purpose=decrypt(kept["purpose"]),
            filters=kept["filters"], layout=kept.get("layout", STANDARD),
            layout_name=kept.get("layout_name", ""),
        )  # fmt: skip

    def params(self) -> dict[str, Any]:
        """For a job; its area goes beside them. The purpose is free text: it is sealed."""
        return {
            "key": self.key, "on": self.on.isoformat(), "format": self.file_format, "encoding": self.encoding,
            "unmasked": self.unmasked, "purpose": encrypt(self.purpose), "filters": dict(self.filters),
            "layout": self.layout, "layout_name": self.layout_name,
        }  # fmt: skip

    def is_same(self, job: Job) -> bool:
        """Whether a job makes just this."""
        return job.area_id == self.area.pk and self == Wanted.from_job(job)

    @property
    def name(self) -> str:
        """The ledger's name."""
        return ledger_registry.get(self.key).name

    @property
    def title(self) -> str:
        return f"{self.name} · {self.area.name}"

    @property
    def file_name(self) -> str:
        """As it is called on the computer of whoever downloads it."""
        return f"{self.name}_{self.area.name}_{self.on:%Y-%m-%d}.{self.file_format}"

    def words(self) -> list[str]:
        """What was asked for, in the office's words: the day, the format, masked or not, filters."""
        words = [
            f"{self.on:%Y-%m-%d}", FORMAT_WORDS.get((self.file_format, self.encoding), self.file_format),
            "不脱敏" if self.unmasked else "脱敏",
        ]  # fmt: skip
        if self.layout_name:
            words.append(f"版式:{self.layout_name}")
        filters = ledger_registry.get(self.key).filters
        if any(item.key in self.filters and item.names_one for item in filters):
            words.append("只要一人")
        words += [
            item.words(self.filters[item.key])
            for item in filters
            if item.key in self.filters and not (item.selects_rows or item.names_one)
        ]
        return words + filter_words(filters, self.filters)

    def is_longer_than(self, rows: int, staff: Staff) -> bool:
        """Whether it will have more than about so many rows for this person."""
        definition = ledger_registry.get(self.key)
        try:
            chosen = definition.read_filters(self.filters)
        except FilterError:  # the export itself will say what is wrong
            return False
        context = LedgerContext(area=self.area, staff=staff, on=self.on, as_of=timezone.now(), filters=chosen)
        return definition.is_longer_than(context, rows)

    def write(
        self,
        target: Any,
        *,
        staff: Staff,
        request: HttpRequest | None = None,
        progress: Progress | None = None,
        job: Job | None = None,
    ) -> WriteResult:
        """Make the file; see `export_run` for rights, the log, and what it raises."""
        return export_run(
            key=self.key, area=self.area, staff=staff, on=self.on, target=target, file_format=self.file_format,
            encoding=self.encoding or "utf-8-sig", unmasked=self.unmasked, purpose=self.purpose,
            filters=dict(self.filters), layout=self.layout, request=request, progress=progress, job=job,
        )  # fmt: skip


def comes_at_once(wanted: Wanted, staff: Staff) -> bool:
    """Whether the file is made while its requester waits."""
    return not wanted.is_longer_than(settings.EXPORT_AT_ONCE_ROWS, staff)
