"""How one person's card of the survey form is shown: folded or open, and what stands beside the name."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from households.models import Relation, Sex
from households.rules.ages import age_on

NO_SYMPTOM = "无"
LIVES, AWAY = "lives", "away"
# What the register holds, as opposed to what was answered: compared when two have saved.
REGISTER = (
    "name", "relation", "sex", "birth_date", "stated_age", "id_kind", "kind", "living", "away_where",
)  # fmt: skip
SEALED = ("id_number", "phone")
PHOTO = "photo"
IDENTITY = (
    *REGISTER, *SEALED, PHOTO, "id_check_reason", "id_shared_reason", "no_phone", "away_until", "__all__",
)  # fmt: skip
CONFIRMED = {
    "same-person": "是同一人，迁入本户",
    "moves-in": "迁入本户",
    "id-birth": "出生日期与证件不一致",
    "id-sex": "性别与证件不一致",
    "measured-again": "体温已复测",
    "phone-several": "电话只取第一个",
}
# What each answer reads like beside the name; survey.js says the same from the attributes of the card.
SAID = {
    "at_home": {"yes": "在家", "no": "不在家"},
    "left_county": {"no": "未离县", "yes": "离过县"},
    "hubei_contact": {"no": "无接触", "yes": "有武汉（湖北）接触"},
}
USUAL_ANSWERS = {"at_home": "yes", "left_county": "no", "hubei_contact": "no"}


class CardShown:
    """What the template asks a MemberForm, which this is a part of."""

    masked: dict[str, Any]
    cautions: list[Any]
    warnings: dict[str, list[str]]
    errors: Any
    data: Any
    add_prefix: Any

    def __getitem__(self, name: str) -> forms.BoundField:
        return super().__getitem__(name)  # type: ignore[misc, no-any-return]

    def __iter__(self) -> Any:
        return super().__iter__()  # type: ignore[misc]

    @property
    def is_known(self) -> bool:
        """Whether somebody registered is meant."""
        return bool(self["uid"].value())

    @property
    def confirmed(self) -> list[str]:
        """Codes of the cautions that were ticked."""
        getlist = getattr(self.data, "getlist", None)
        return list(getlist(self.add_prefix("confirmed"))) if getlist else []

    @property
    def has_identity_trouble(self) -> bool:
        """Whether the folded part of the card must be seen."""
        names = set(IDENTITY)
        return not self.is_known or bool(names & (set(self.errors) | set(self.warnings)))

    @property
    def has_journey(self) -> bool:
        """Whether the questions on a journey must be seen."""
        asked = ("returned_from", "left_on", "returned_on", "transport", "companions")
        said_yes = "yes" in (self["left_county"].value(), self["hubei_contact"].value())
        return said_yes or any(self[name].value() or name in self.errors for name in asked)

    @property
    def shows_reasons(self) -> bool:
        """Whether a reason may have to be given for the ID number."""
        names = ("id_check_reason", "id_shared_reason")
        return (
            any(self[name].value() or name in self.warnings for name in names) or "id_number" in self.errors
        )

    @property
    def summary(self) -> str:
        """Relation, sex and age beside the name of somebody registered."""
        relation = dict(Relation.choices).get(self["relation"].value() or "", "")
        sex = dict(Sex.choices[:2]).get(self["sex"].value() or "", "")
        return " · ".join(part for part in (relation, sex, self._age_words()) if part)

    def _age_words(self) -> str:
        try:
            return (
                f"{age_on(dt.date.fromisoformat(self['birth_date'].value() or ''), timezone.localdate())}岁"
            )
        except ValueError:
            stated = self["stated_age"].value()
            return f"{stated}岁" if stated else ""

    @property
    def identity_words(self) -> str:
        """What the folded register part holds, masked."""
        if not self.is_known:
            return ""
        away = "外出未归" if self["living"].value() == AWAY else ""
        parts = (away, self.masked.get("id_number") or "证件未登记", self.masked.get("phone") or "电话未登记")
        return " · ".join(part for part in parts if part)

    @property
    def confirmed_words(self) -> list[tuple[str, str]]:
        """Cautions confirmed earlier, which stay ticked when the form is shown again."""
        asked = {caution.code for caution in self.cautions}
        return [(code, CONFIRMED.get(code, code)) for code in self.confirmed if code not in asked]

    @property
    def kept_fields(self) -> list[forms.BoundField]:
        """Fields that a card taken off the list carries along unseen, so that it can be put back."""
        shown = ("uid", "base", "is_removed", "removal", "removed_on", "removed_where")
        return [field for field in self if field.name not in shown]

    @property
    def chosen_symptoms(self) -> str:
        """The ticked symptoms for the folded summary."""
        return "、".join(self["symptoms"].value() or [])

    @property
    def photo_kilobytes(self) -> int:
        """How large the photo of the ID card is that was taken."""
        return len(self[PHOTO].value() or "") * 3 // 4 // 1024

    @property
    def opens(self) -> bool:
        """Whether the card is shown open: somebody new, trouble, or somebody who differs from the others."""
        is_trouble = bool(self.errors or self.warnings or self.confirmed)
        return not self.is_known or is_trouble or self.differs or bool(self[PHOTO].value())

    @property
    def differs(self) -> bool:
        """Whether something was answered that is worth a look."""
        if self["living"].value() == AWAY:
            return self.has_journey
        said = [self[name].value() not in ("", None, usual) for name, usual in USUAL_ANSWERS.items()]
        symptoms = [one for one in self["symptoms"].value() or [] if one != NO_SYMPTOM]
        return any(said) or bool(symptoms or self["temperature"].value())

    @property
    def said(self) -> str:
        """What was answered, in a few words, for the folded card; "" when nothing was."""
        if self["living"].value() == AWAY:
            return "外出未归"
        words = [SAID[name].get(self[name].value() or "", "") for name in SAID]
        symptoms = self["symptoms"].value() or []
        words.append("无不适" if symptoms == [NO_SYMPTOM] else "、".join(symptoms))
        temperature = self["temperature"].value()
        return " · ".join(word for word in (*words, f"{temperature}℃" if temperature else "") if word)
