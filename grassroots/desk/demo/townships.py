"""The five townships of DOMAIN.md §1 in the demo; which figures were published, which chosen: docs/demo.md.

Villages with fixed names come first; the others are invented, and so are all codes below a township.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from households.models import SupportKind

COUNTY = ("510121000000", "金堂县")

#: A village's name, and whether it is a community (社区) and not a village (村).
Name = tuple[str, bool]


def names(mixed: str) -> tuple[Name, ...]:
    """Names with blanks between them as plans want them: what ends in 社区 is one."""
    return tuple((name, name.endswith("社区")) for name in mixed.split())


@dataclass(frozen=True)
class Township:
    """A township to be made.

    `groups` is how many villagers' groups there are in all (None: two for three compounds). `staff` counts staff and
    volunteers. `supports` says how many people receive support of a kind (None: the shares of PeopleWriter).
    `is_signed`: every door has signed; otherwise the round is under way. `has_nine_links`: the chain of 三溪.
    """

    code: str
    name: str
    villages: tuple[Name, ...]
    compounds: int
    households: int
    people: int
    staff: int
    wuhan: int
    hubei_other: int = 0
    other_province: int = 0
    groups: int | None = None
    supports: Mapping[SupportKind, int] | None = field(default=None, hash=False)
    is_signed: bool = True
    has_nine_links: bool = False
    closed: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Venues closed, by the code of their kind."""
    measures: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Other published figures of what was done, by the key of the statistics."""

    @property
    def kind(self) -> str:
        """街道 or 镇."""
        return "镇" if self.name.endswith("镇") else "街道"

    @property
    def office(self) -> str:
        """The name of its office."""
        return f"{self.name}办事处" if self.kind == "街道" else f"{self.name}人民政府"


HUAIKOU = Township(
    "510121006000", "淮口街道",
    names(
        "城厢社区 龚家村 白马村 州城社区 三江社区 金箱社区 韩滩社区 瑞光社区 新淮社区 沱江社区 黄桷村 舒家村 "
        "桃花村 五一村 高山村 鲤鱼村 青龙村 双河村 石堰村 柏林村 红光村 大田村 玉皇村 龙泉村"
    ),
    compounds=351, households=43_171, people=125_587, staff=2_143, wuhan=54,
    closed={"incense": 3, "day-care": 15, "ktv": 6},
    measures={"banquet_tables_cancelled": 1_193, "news_items": 120, "leaflets": 50_000, "mobilised": 2_143},
)  # fmt: skip

GUANCANG = Township(
    "510121002000", "官仓街道",
    names(
        "红旗社区 莲花村 双新村 石佛村 玉虹社区 金星村 前锋村 万安村 凤凰村 青峰村 民主村 永乐村"
    ),
    compounds=168, households=11_400, people=33_100, staff=860, wuhan=9, hubei_other=12, other_province=190,
    is_signed=False,
)  # fmt: skip

QIXIAN = Township(
    "510121003000", "栖贤街道",
    names(
        "栖贤社区 迎宾社区 梨树社区 向前村 星光村 大桥村 百花村 文昌村 长春村 新桥村 水口村 寨子村 "
        "云台村 太平村 观音村 石龙村 塘坝村"
    ),
    compounds=232, households=21_800, people=63_000, staff=2_300, wuhan=2, hubei_other=4, other_province=878,
    measures={"leaflets": 40_000, "mobilised": 2_300, "loudspeaker_vans": 19, "loudspeakers": 42},
)  # fmt: skip

FUXING = Township(
    "510121110000", "福兴镇",
    names(
        "福兴社区 三元村 牛角村 清河村 草堰村 檬子村 方斗村 金钟村 飞跃村 东岳村 五里村 古井村 "
        "宝塔村 松林村 黄家村"
    ),
    compounds=310, households=13_000, people=37_500, staff=420, wuhan=3, hubei_other=5, other_province=310, groups=282,
    supports={
        SupportKind.DESTITUTE: 184, SupportKind.LOW_INCOME: 1_079, SupportKind.DISABLED: 742, SupportKind.ALONE: 285,
    },
    measures={"leaflets": 50_000, "mobilised": 400},
)  # fmt: skip

SANXI = Township(
    "510121109000", "三溪镇",
    names(
        "三溪社区 橘园村 河坝村 花园村 明月村 长林村 石板村 山泉村 金龙村 回龙村 双堰村 梓潼村"
    ),
    compounds=154, households=10_200, people=29_800, staff=640, wuhan=2, hubei_other=3, other_province=150,
    is_signed=False, has_nine_links=True,
)  # fmt: skip

TOWNSHIPS = (HUAIKOU, GUANCANG, QIXIAN, FUXING, SANXI)
