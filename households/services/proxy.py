"""代填: an officer or a relative answers for an elder; who, what he is to them, and his phone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction

from households.models import Survey, SurveyCorrection
from households.rules.phones import PhoneKind, parse_phone
from households.rules.text import narrow
from households.services.data import SurveyData

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

OFFICER = "包保人员"
RELATIONS = ("子女", "配偶", "其他亲属", "邻居", "村（社区）干部", OFFICER)
LONGEST_RELATION, LONGEST_NAME = 20, 50


@dataclass(frozen=True)
class Proxy:
    """Relation and phone of whoever answered for others; both empty when they answered themselves."""

    relation: str = ""
    phone: str = ""


def proxy_read(data: SurveyData, by: Staff, errors: dict[str, list[str]]) -> Proxy:
    """Read who answered for others; what is wrong goes into `errors` by field.

    An officer who answers himself need not type his own phone: it is the one that the office has of him.
    """
    relation, typed = data.respondent_relation.strip(), data.respondent_phone.strip()
    if not relation and not typed:
        return Proxy()
    if not relation:
        errors["respondent_relation"] = ["填了代填人电话，请再填代填人是本户的什么人。"]
    elif len(relation) > LONGEST_RELATION:
        errors["respondent_relation"] = [f"最多 {LONGEST_RELATION} 个字。"]
    name = narrow(data.respondent)
    if not name:
        errors["respondent"] = ["有人代填，请填写代填人的姓名。"]
    if relation == OFFICER and not typed and name == by.name:
        return Proxy(relation, by.phone)
    if not typed:
        errors["respondent_phone"] = ["请填写代填人的电话；没有电话请填“无”。"]
        return Proxy(relation)
    read = parse_phone(typed)
    if wrong := [problem.message for problem in read.problems if not problem.is_warning]:
        errors["respondent_phone"] = wrong
    return Proxy(relation, "" if read.kind == PhoneKind.NONE else read.number)


@transaction.atomic
def proxy_correct(*, survey: Survey, data: SurveyData, reason: str, by: Staff) -> SurveyCorrection | None:
    """更正 who answered at a knock; what stood there is kept. None when nothing is different.

    Raises ValidationError by field. `data` carries the respondent's name, relation and phone; an empty phone of the
    same person leaves the one that is registered.
    """
    locked = Survey.objects.select_for_update().get(pk=survey.pk)
    errors: dict[str, list[str]] = {}
    name = narrow(data.respondent)[:LONGEST_NAME]
    relation, typed = data.respondent_relation.strip(), data.respondent_phone.strip()
    if locked.is_proxy and relation and not typed and name == locked.respondent:
        proxy = Proxy(relation[:LONGEST_RELATION], locked.respondent_phone)
    else:
        proxy = proxy_read(data, by, errors)
    if not reason.strip():
        errors["reason"] = ["请填写更正的原因。"]
    if errors:
        raise ValidationError(errors)
    before = {
        "respondent": locked.respondent,
        "respondent_relation": locked.respondent_relation,
        "respondent_phone": locked.respondent_phone,
    }
    after = {"respondent": name, "respondent_relation": proxy.relation, "respondent_phone": proxy.phone}
    if after == before:
        return None
    for field, value in after.items():
        setattr(locked, field, value)
    locked.save(update_fields=list(after))
    return SurveyCorrection.objects.create(
        survey=locked, before=json.dumps(before, ensure_ascii=False), reason=reason.strip()[:100], by=by
    )
