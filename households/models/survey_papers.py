"""What was signed and photographed at the door, and what was corrected afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grassroots.grid.fields import EncryptedTextField
from households.models.household import Household
from households.models.people import Person
from households.models.sealed_photos import SealedPhoto, SealedPhotoQuerySet
from households.models.survey import Survey

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class SurveySignature(models.Model):
    """A signature drawn with the finger: the strokes as they came, and the picture that was drawn from them."""

    survey = models.OneToOneField(Survey, on_delete=models.PROTECT, related_name="signature")
    strokes = EncryptedTextField("笔画", help_text="x,y x,y;x,y … in a box of 600 by 300")
    picture = EncryptedTextField("图片", help_text="PNG in base64")
    recorded_at = models.DateTimeField("签名时间", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "手写签名"
        verbose_name_plural = "手写签名"

    def __str__(self) -> str:
        return str(self.survey)


class PhotoKind(models.TextChoices):
    ID_CARD = "ID_CARD", "证件照片"
    LETTER = "LETTER", "承诺书照片"


class SurveyPhotoQuerySet(SealedPhotoQuerySet):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(survey__household__in=Household.objects.visible_to(staff).values("pk"))


class SurveyPhoto(SealedPhoto):
    """A photo taken at the door."""

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="photos")
    kind = models.CharField("照片", max_length=8, choices=PhotoKind.choices)
    person = models.ForeignKey(
        Person, verbose_name="人员", null=True, blank=True, on_delete=models.PROTECT, related_name="photos"
    )

    objects = SurveyPhotoQuerySet.as_manager()

    class Meta:
        verbose_name = "入户照片"
        verbose_name_plural = "入户照片"
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(erased_at=None), name="surveyphoto_expires"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="ID_CARD", person__isnull=False) | Q(kind="LETTER", person=None),
                name="surveyphoto_of_a_person_or_a_letter",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.created_at:%F}"


class SurveyCorrection(models.Model):
    """更正: who answered was written down wrongly. The survey says what holds now, this what stood there before."""

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="corrections")
    before = EncryptedTextField("更正前")
    reason = models.CharField("原因", max_length=100)
    by = models.ForeignKey("grid.Staff", verbose_name="更正人", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("更正时间", default=timezone.now)

    class Meta:
        verbose_name = "入户登记更正"
        verbose_name_plural = "入户登记更正"
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="surveycorrection_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.survey} {self.at:%F}"

    def values_before(self) -> dict[str, Any]:
        """What stood there, by field."""
        found: dict[str, Any] = json.loads(self.before)
        return found
