"""How somebody came, guessed from words; a policy point by point."""

from __future__ import annotations

import pytest

from quarantine.models import Transport
from quarantine.rules.policy import HISTORICAL_POLICIES, policy_terms_from_json
from quarantine.rules.policy_words import policy_points
from quarantine.rules.transport import guess_transport


@pytest.mark.parametrize(
    "text, kind",
    [
        ("高铁G1719次 05车08F", "TRAIN"),
        ("k1063", "TRAIN"),
        ("1063次", "TRAIN"),
        ("CA4115航班", "PLANE"),
        ("3U8633", "PLANE"),
        ("长途大巴", "COACH"),
        ("自驾 川A·D3817", "CAR"),
        ("鄂A12345", "CAR"),
        ("顺风车", "SHARED_CAR"),
        ("轮船", "SHIP"),
        ("走路", ""),
        ("", ""),
    ],
)
def test_the_kind_of_transport_is_guessed_or_left_open(text: str, kind: str) -> None:
    assert guess_transport(text) == kind


def test_what_is_guessed_is_a_kind_there_is() -> None:
    guesses = {guess_transport(text) for text in ("高铁", "飞机", "大巴", "自驾", "拼车", "船")}
    assert guesses <= set(Transport.values) and len(guesses) == 6


@pytest.mark.parametrize("data", HISTORICAL_POLICIES, ids=lambda data: data["code"])
def test_every_template_can_be_said_in_words(data: dict[str, object]) -> None:
    terms = policy_terms_from_json(data)
    points = dict(policy_points(terms, 2020))
    if not terms.is_measure_on:
        assert list(points) == ["措施"]
        return
    assert str(terms.total_days) in points["期限"] and str(terms.fever_threshold) in points["体温"]
    assert all(region in points["对象"] for region in terms.regions)
