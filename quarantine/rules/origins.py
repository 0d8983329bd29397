"""Where somebody came from: the kinds that the 统计表 counts, and whom a policy takes in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

from django.db.models import TextChoices

from quarantine.rules.places import HOME_CITY, HOME_PROVINCE, HUBEI, WUHAN, Nearness, PlaceName, first_place
from quarantine.rules.policy import PolicyTerms


class OriginKind(TextChoices):
    """“返乡〔武汉, 湖北其他, 省外其他, 市外省内〕”, and what else an origin can be."""

    WUHAN = "WUHAN", "武汉"
    HUBEI_OTHER = "HUBEI_OTHER", "湖北其他"
    OTHER_PROVINCE = "OTHER_PROVINCE", "省外其他"
    IN_PROVINCE = "IN_PROVINCE", "市外省内"
    IN_CITY = "IN_CITY", "市内"
    OVERSEAS = "OVERSEAS", "境外"
    UNKNOWN = "UNKNOWN", "未判明"


# Of several places named, the gravest counts.
_GRAVITY = [
    OriginKind.WUHAN,
    OriginKind.HUBEI_OTHER,
    OriginKind.OVERSEAS,
    OriginKind.OTHER_PROVINCE,
    OriginKind.IN_PROVINCE,
    OriginKind.IN_CITY,
    OriginKind.UNKNOWN,
]

# What separates one place from the next: 广州、武汉; 温州(经武汉); 宜昌→重庆; 长沙转武汉.
_BETWEEN = re.compile(r"[\s、,，。;；:：/|()（）【】\[\]→>+＋~～—–-]+|经|转")
# 非湖北, 未到过武汉: names a place only to deny it.
_DENIED = re.compile(
    r"(?:非|除|不含|不是|无|没有|(?:未|没|没有|从未)(?:去|到|经|路|途)?(?:过|经)?)(?:湖北省?|武汉市?)(?:[、和及或/]?(?:湖北省?|武汉市?))*"
)


def classify_origin(origin_text: str, native_place: str = "") -> OriginKind:
    """The kind of an origin from free text: 武汉市江夏区, 孝感, 湖北省荆州市, 绵阳, 泰国.

    `native_place` (籍贯/户籍地) in Hubei makes anyone who did not come from Wuhan itself HUBEI_OTHER: the
    published figure is "from elsewhere in Hubei, or native of Hubei". Several places: the gravest. Text
    that names no known place is UNKNOWN, never a guess.
    """
    kinds = {_kind(place) for place in _places(origin_text)}
    if OriginKind.WUHAN not in kinds and is_native_of_hubei(native_place):
        return OriginKind.HUBEI_OTHER
    return min(kinds or {OriginKind.UNKNOWN}, key=_GRAVITY.index)


def is_native_of_hubei(native_place: str) -> bool:
    """Whether a native place lies in Hubei, Wuhan included."""
    return any(place.province == HUBEI for place in _places(native_place))


def in_policy_scope(
    terms: PolicyTerms, origin_text: str, native_place: str = "", arrived_on: date | None = None
) -> bool:
    """Whether a policy takes in this arrival: switched on, in force, since the cut-off, from its regions.

    See `out_of_scope_reasons` for why not.
    """
    return not out_of_scope_reasons(terms, origin_text, native_place, arrived_on)


def out_of_scope_reasons(
    terms: PolicyTerms, origin_text: str, native_place: str = "", arrived_on: date | None = None
) -> list[str]:
    """Why a policy does not take in this arrival, in Chinese; [] when it does.

    The date of arrival decides which policy applies. A native of a region is taken in with those who come
    from it, unless he came from within the home province: who was born in Hubei and lives in Chengdu has
    not travelled.
    """
    reasons: list[str] = []
    if not terms.is_measure_on:
        reasons.append("该政策不实行隔离观察")
    if arrived_on is None:
        reasons.append("没有填写返回日期")
    else:
        if terms.effective_from is None or arrived_on < terms.effective_from:
            reasons.append(f"返回日期{_written(arrived_on)}在政策开始执行之前")
        elif not terms.is_effective(arrived_on):
            reasons.append(f"返回日期{_written(arrived_on)}在政策停止执行之后")
        if terms.cutoff_on is not None and arrived_on < terms.cutoff_on:
            reasons.append(f"返回日期{_written(arrived_on)}早于排查起始日期{_written(terms.cutoff_on)}")
    if terms.regions and matching_region(terms, origin_text, native_place) is None:
        reasons.append(f"来源地不在管控地区（{'、'.join(terms.regions)}）内")
    return reasons


def matching_region(terms: PolicyTerms, origin_text: str, native_place: str = "") -> str | None:
    """The first of the policy's regions that the origin, or else the native place, lies in, or None.

    A region that is not a known name (瑞丽姐告, 中高风险地区) matches where its words occur in the origin.
    """
    origins = _places(origin_text)
    is_from_home_province = bool(origins) and all(
        _kind(place) in (OriginKind.IN_PROVINCE, OriginKind.IN_CITY) for place in origins
    )
    natives = [] if is_from_home_province else _places(native_place)
    for places in (origins, natives):
        for region in terms.regions:
            known = first_place(_tidy(region))
            if known is not None and any(place.is_within(known) for place in places):
                return region
            if known is None and places is origins and _tidy(region) in _tidy(origin_text):
                return region
    return None


def applicable_policy(
    policies: Iterable[PolicyTerms], origin_text: str, native_place: str = "", arrived_on: date | None = None
) -> PolicyTerms | None:
    """The policy for an arrival: of those switched on that take it in, the latest to start.

    A policy that ends the measure (不再实行隔离观察) ends it for every arrival from its own start on,
    whatever older policies without an end still say. None when nothing applies.
    """
    if arrived_on is None:
        return None
    in_force = [terms for terms in policies if terms.is_effective(arrived_on)]
    in_force.sort(key=lambda terms: terms.effective_from or date.min, reverse=True)
    for terms in in_force:
        is_from_its_regions = (
            not terms.regions or matching_region(terms, origin_text, native_place) is not None
        )
        if not terms.is_measure_on and is_from_its_regions:
            return None
        if in_policy_scope(terms, origin_text, native_place, arrived_on):
            return terms
    return None


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def _places(text: str) -> list[PlaceName]:
    """The places that a text names, one a phrase; a province standing alone before its city is one place."""
    phrases = _BETWEEN.split(_DENIED.sub(" ", _tidy(text)))
    found = [place for place in map(first_place, phrases) if place is not None]
    named_cities = {place.province for place in found if place.city}
    return [
        place for place in found if place.city or not place.province or place.province not in named_cities
    ]


def _kind(place: PlaceName) -> OriginKind:
    if place.is_abroad:
        return OriginKind.OVERSEAS
    if place.province == HUBEI:
        return OriginKind.WUHAN if place.city == WUHAN else OriginKind.HUBEI_OTHER
    if place.province == HOME_PROVINCE:
        return OriginKind.IN_CITY if place.city == HOME_CITY else OriginKind.IN_PROVINCE
    if place.province:
        return OriginKind.OTHER_PROVINCE
    return {
        Nearness.OTHER_PROVINCE: OriginKind.OTHER_PROVINCE,
        Nearness.IN_PROVINCE: OriginKind.IN_PROVINCE,
        Nearness.IN_CITY: OriginKind.IN_CITY,
        None: OriginKind.UNKNOWN,
    }[place.nearness]


def _written(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"
