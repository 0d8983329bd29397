"""The terms of a policy: what is read, what is refused, and the five turns that history took."""

import itertools
import json
from datetime import date, time
from decimal import Decimal

import pytest

from quarantine.rules.policy import (
    HISTORICAL_POLICIES,
    EscalationStep,
    FeverOperator,
    Notify,
    Place,
    PolicyError,
    StartBasis,
    policy_terms_from_json,
)


def changed(**fields):
    """The 14-day template as JSON, with some fields changed; a value of ... takes the field away."""
    data = {**json.loads(json.dumps(HISTORICAL_POLICIES[0])), **fields}
    return {name: value for name, value in data.items() if value is not ...}


def problems_of(data):
    with pytest.raises(PolicyError) as caught:
        policy_terms_from_json(data)
    return {problem.field: problem.message for problem in caught.value.problems}


@pytest.mark.parametrize("data", HISTORICAL_POLICIES, ids=lambda data: data["code"])
def test_a_template_survives_the_way_through_json(data):
    terms = policy_terms_from_json(data)
    assert policy_terms_from_json(json.loads(json.dumps(terms.to_json()))) == terms


def test_the_templates_have_the_days_that_were_ordered():
    phases = {
        data["code"]: [(phase["place"], phase["days"]) for phase in data["phases"]]
        for data in HISTORICAL_POLICIES
    }
    assert phases == {
        "home-14": [("HOME", 14)],
        "hotel-14-home-7": [("HOTEL", 14), ("HOME", 7)],
        "hotel-7-home-3": [("HOTEL", 7), ("HOME", 3)],
        "hotel-5-home-3": [("HOTEL", 5), ("HOME", 3)],
        "home-5": [("HOME", 5)],
        "none": [],
    }


def test_the_templates_follow_each_other_without_a_gap_or_an_overlap():
    templates = [policy_terms_from_json(data) for data in HISTORICAL_POLICIES]
    for on in (date(2020, 1, 20), date(2021, 6, 1), date(2022, 6, 28), date(2022, 11, 11), date(2022, 12, 7)):
        assert len([terms for terms in templates if terms.is_effective(on)]) == 1
    for earlier, later in itertools.pairwise(templates):
        assert (later.effective_from - earlier.effective_to).days == 1


def test_no_template_claims_a_document_number_that_was_not_checked():
    for data in HISTORICAL_POLICIES:
        assert data["document_no"] == ""
        assert "未核对" in data["source"]


def test_every_template_fits_the_columns_of_the_policy_row():
    for data in HISTORICAL_POLICIES:
        assert len(data["code"]) <= 30
        assert data["code"].replace("-", "").isalnum()
        assert len(data["name"]) <= 60


def test_the_first_template_is_read_into_typed_terms():
    terms = policy_terms_from_json(HISTORICAL_POLICIES[0])
    assert terms.regions == ("湖北",)
    assert terms.cutoff_on == date(2020, 1, 8)
    assert terms.start_basis == tuple(StartBasis)
    assert (terms.fever_threshold, terms.fever_operator) == (Decimal("37.3"), FeverOperator.GTE)
    assert terms.low_limit == Decimal("35.5")
    assert terms.phases[0].place is Place.HOME
    assert (terms.slot("PM").opens, terms.slot("PM").closes) == (time(12), time(21))
    assert len(terms.symptoms) == 14
    assert terms.followup_days == (1, 2, 3, 7, 14)


def test_an_abnormal_reading_goes_to_township_and_health_centre_at_once_and_in_parallel():
    terms = policy_terms_from_json(HISTORICAL_POLICIES[0])
    first = {step for step in terms.escalation if step.after_minutes == 0}
    assert first == {EscalationStep(1, 0, Notify.HEALTH), EscalationStep(1, 0, Notify.STREET)}


def test_the_last_template_switches_the_measure_off():
    terms = policy_terms_from_json(HISTORICAL_POLICIES[-1])
    assert not terms.is_measure_on
    assert terms.effective_from == date(2023, 1, 8)
    assert terms.total_days == 0


def test_every_problem_is_reported_at_once_with_its_field():
    data = changed(name="", low_limit="九十", phases=[{"place": "HOME", "days": 0}], cutoff_on="1月8日")
    assert problems_of(data) == {
        "name": "不能为空",
        "low_limit": "应为30.0至43.0之间的体温（℃）",
        "phases[0].days": "应为不小于1的整数",
        "cutoff_on": "日期应写成 2020-01-08 的样子",
    }


def test_the_error_reads_as_one_chinese_sentence():
    with pytest.raises(PolicyError, match="code：不能为空；name：不能为空"):
        policy_terms_from_json(changed(code="", name=" "))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"fever_threshold": ...}, "fever_threshold"),
        ({"fever_threshold": "37.35"}, "fever_threshold"),
        ({"fever_operator": ">="}, "fever_operator"),
        ({"low_limit": "37.3"}, "low_limit"),
        ({"phases": []}, "phases"),
        ({"phases": [{"place": "SHIP", "days": 3}]}, "phases[0].place"),
        ({"phases": [{"place": "HOME", "days": 3, "test_days": [1, 4]}]}, "phases[0].test_days"),
        ({"phases": [{"place": "HOME", "days": True}]}, "phases[0].days"),
        ({"phases": "14"}, "phases"),
        ({"start_basis": []}, "start_basis"),
        ({"start_basis": ["BORN"]}, "start_basis"),
        ({"start_basis": ["ARRIVED", "ARRIVED"]}, "start_basis"),
        ({"slots": []}, "slots"),
        ({"effective_to": "2019-12-31", "cutoff_on": None}, "effective_to"),
        ({"cutoff_on": "2021-01-01"}, "cutoff_on"),
        ({"regions": "湖北"}, "regions"),
        ({"regions": ["湖北", ""]}, "regions"),
        ({"followup_days": [1, 3, 2]}, "followup_days"),
        ({"followup_days": [0]}, "followup_days"),
        ({"day_one_is_next_day": "yes"}, "day_one_is_next_day"),
        ({"release": {"full_term_time": "25:00"}}, "release.full_term_time"),
        ({"release": {"block_on_mised": True}}, "release.block_on_mised"),
        ({"release": []}, "release"),
        ({"extension": {"longest_days": 0}}, "extension.longest_days"),
        ({"fever_treshold": "37.3"}, "fever_treshold"),
        ({"is_measure_on": False}, "phases"),
        ({"name": 14}, "name"),
    ],
)
def test_a_wrong_field_is_named(fields, field):
    assert set(problems_of(changed(**fields))) == {field}


def slots(*spans):
    return [
        {"code": f"S{n}", "label": f"第{n}次", "opens": opens, "closes": closes}
        for n, (opens, closes) in enumerate(spans, 1)
    ]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (slots(("06:00", "12:00"), ("11:00", "21:00")), "slots"),
        (slots(("12:00", "21:00"), ("06:00", "12:00")), "slots"),
        (slots(("12:00", "12:00")), "slots[0].closes"),
        (slots(("6:00", "12:00")), "slots[0].opens"),
        (slots(("06:00", "24:00")), "slots[0].closes"),
        (slots(("06:00", "12:00")) + slots(("13:00", "14:00")), "slots"),
        ([{"code": "morning", "label": "上午", "opens": "06:00", "closes": "12:00"}], "slots[0].code"),
    ],
)
def test_slots_that_do_not_hold_together_are_refused(value, field):
    assert field in problems_of(changed(slots=value))


@pytest.mark.parametrize("steps", [[(1, 0), (1, 30)], [(1, 30), (2, 0)], [(2, 30), (1, 0)], [(1, 0), (2, 0)]])
def test_an_escalation_that_does_not_rise_is_refused(steps):
    value = [{"stage": stage, "after_minutes": minutes, "notify": "LEADER"} for stage, minutes in steps]
    assert set(problems_of(changed(escalation=value))) == {"escalation"}


def test_a_template_without_dates_is_in_force_on_no_day():
    terms = policy_terms_from_json(changed(effective_from=None, effective_to=None))
    assert not terms.is_effective(date(2020, 1, 20))


def test_both_ends_of_the_effective_dates_are_included():
    terms = policy_terms_from_json(HISTORICAL_POLICIES[0])
    days = [date(2019, 12, 31), date(2020, 1, 1), date(2020, 12, 31), date(2021, 1, 1)]
    assert [terms.is_effective(on) for on in days] == [False, True, True, False]


def test_a_slot_that_the_policy_does_not_have_is_an_error():
    with pytest.raises(KeyError):
        policy_terms_from_json(HISTORICAL_POLICIES[0]).slot("NIGHT")
