"""Observation policies (防控政策): versioned data, never constants."""

from __future__ import annotations

import datetime as dt
import json
from functools import lru_cache
from typing import Self

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from quarantine.rules.policy import PolicyTerms, policy_terms_from_json


class PolicyState(models.TextChoices):
    TEMPLATE = "TEMPLATE", "模板"
    DRAFT = "DRAFT", "草稿"
    IN_FORCE = "IN_FORCE", "执行中"
    WITHDRAWN = "WITHDRAWN", "已停用"


class PolicyQuerySet(models.QuerySet["Policy"]):
    def in_force(self, arrived_on: dt.date) -> Self:
        """Policies switched on by the office that apply to an arrival on that date, the latest first."""
        return (
            self.filter(state=PolicyState.IN_FORCE, effective_from__lte=arrived_on)
            .filter(Q(effective_to=None) | Q(effective_to__gte=arrived_on))
            .order_by("-effective_from", "-version", "-pk")
        )


class Policy(models.Model):
    """One version of a policy. `terms` holds phases, slots, thresholds … as rules/policy.py reads them."""

    code = models.SlugField("代码", max_length=30)
    version = models.PositiveSmallIntegerField("版本", default=1)
    name = models.CharField("名称", max_length=60)
    document_no = models.CharField("文号", max_length=60, blank=True, default="")
    source = models.TextField("依据", blank=True, default="")
    state = models.CharField("状态", max_length=10, choices=PolicyState.choices, default=PolicyState.TEMPLATE)
    effective_from = models.DateField("执行起", null=True, blank=True)
    effective_to = models.DateField("执行止(含)", null=True, blank=True)
    terms = models.JSONField("条款")
    switched_on_at = models.DateTimeField("启用时间", null=True, blank=True)
    switched_on_by = models.ForeignKey(
        "grid.Staff", verbose_name="启用人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    compared_up_to = models.BigIntegerField(
        "已对照到的观察", null=True, blank=True, editable=False
    )  # recalculations are proposed up to this observation; null: all of them, or none asked for

    history = HistoricalRecords()
    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = "防控政策"
        verbose_name_plural = "防控政策"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "version", "state"], name="policy_version_once_per_state"
            ),
            models.CheckConstraint(
                condition=~Q(state="IN_FORCE") | Q(effective_from__isnull=False),
                name="policy_in_force_has_a_start",
            ),
            models.CheckConstraint(
                condition=Q(effective_to=None)
                | Q(effective_from=None)
                | Q(effective_to__gte=F("effective_from")),
                name="policy_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} 第{self.version}版"

    def parsed(self) -> PolicyTerms:
        """The terms as rules use them; dates and names come from the row's own columns."""
        own = {
            "code": self.code,
            "name": self.name,
            "document_no": self.document_no,
            "source": self.source,
            "effective_from": self.effective_from.isoformat() if self.effective_from else None,
            "effective_to": self.effective_to.isoformat() if self.effective_to else None,
        }
        return _terms_of(json.dumps({**self.terms, **own}, sort_keys=True))


@lru_cache(maxsize=256)
def _terms_of(written: str) -> PolicyTerms:
    """The terms that a text of JSON holds: few policies are in use, and every temperature asks for its own."""
    return policy_terms_from_json(json.loads(written))
