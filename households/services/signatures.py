"""Signatures drawn with the finger: kept as strokes and as the picture drawn from them, both encrypted."""

from __future__ import annotations

from households.imaging import photo_text, signature_png
from households.models import Household, Survey, SurveySignature
from households.rules.signature import Strokes, strokes_text


def signature_keep(survey: Survey, strokes: Strokes) -> SurveySignature | None:
    """Keep the signature of a knock; the picture is drawn here, no picture is taken from a phone."""
    if not strokes:
        return None
    return SurveySignature.objects.create(
        survey=survey,
        strokes=strokes_text(strokes),
        picture=photo_text(signature_png(strokes)),
        recorded_at=survey.recorded_at,
    )


def signature_of(household: Household) -> SurveySignature | None:
    """The latest signature of a household, with its survey."""
    rows = SurveySignature.objects.filter(survey__household=household).select_related("survey")
    return rows.order_by("-survey__visited_at", "-pk").first()
