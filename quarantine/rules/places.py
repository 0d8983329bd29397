"""Names of places and what they belong to: provinces, prefecture-level cities, and counties nearer to home.

Only what telling Wuhan, Hubei, Sichuan, Chengdu and abroad apart needs; a name that two provinces share is
listed where it is meant most often. Names are written without 省/市/区/县 unless they mean something else
without it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

HUBEI, WUHAN = "湖北", "武汉"
# The office's own province and city: what 市外省内 is measured by.
HOME_PROVINCE, HOME_CITY = "四川", "成都"
ABROAD = "境外"

_CITIES = {
    "北京": "", "天津": "", "上海": "", "重庆": "万州 涪陵 黔江 永川 合川 江津",
    "河北": "石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水 雄安",
    "山西": "太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁",
    "内蒙古": "呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布 兴安盟 锡林郭勒 阿拉善",
    "辽宁": "沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 朝阳 葫芦岛",
    "吉林": "长春 四平 辽源 通化 白山 松原 白城 延边",
    "黑龙江": "哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化 大兴安岭",
    "江苏": "南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁 昆山",
    "浙江": "杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 义乌",
    "安徽": "合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安 亳州 池州 宣城",
    "福建": "福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德",
    "江西": "南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶",
    "山东": "济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽",
    "河南": (
        "郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 漯河 三门峡 "
        "南阳 商丘 信阳 周口 驻马店 济源"
    ),
    "湖北": "武汉 黄石 十堰 宜昌 襄阳 襄樊 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 恩施 仙桃 潜江 天门 神农架",
    "湖南": "长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 湘西",
    "广东": (
        "广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 "
        "阳江 清远 东莞 中山 潮州 揭阳 云浮"
    ),
    "广西": "南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左",
    "海南": "海口 三亚 三沙 儋州",
    "四川": (
        "成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山 宜宾 广安 "
        "达州 雅安 巴中 资阳 阿坝 甘孜 凉山"
    ),
    "贵州": "贵阳 六盘水 遵义 安顺 毕节 铜仁 黔西南 黔东南 黔南",
    "云南": "昆明 曲靖 玉溪 保山 昭通 丽江 普洱 临沧 楚雄 红河 文山 西双版纳 大理 德宏 怒江 迪庆 瑞丽",
    "西藏": "拉萨 日喀则 昌都 林芝 山南 那曲 阿里地区",
    "陕西": "西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康 商洛",
    "甘肃": "兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南 临夏 甘南",
    "青海": "西宁 海东 海北州 黄南 海南州 果洛 玉树 海西州",
    "宁夏": "银川 石嘴山 吴忠 固原 中卫",
    "新疆": (
        "乌鲁木齐 克拉玛依 吐鲁番 哈密 昌吉 博尔塔拉 巴音郭楞 阿克苏 克孜勒苏 喀什 "
        "和田 伊犁 塔城 阿勒泰 石河子"
    ),
}  # fmt: skip

# Named often without the city above them: the policy's own region, and the neighbourhood.
_COUNTIES = {
    ("湖北", "武汉"): (
        "武昌 汉口 汉阳 硚口 江夏 江岸区 江汉区 洪山区 东西湖 汉南区 蔡甸 黄陂 新洲区 青山区 wuhan"
    ),
    ("湖北", "黄石"): "大冶 阳新", ("湖北", "十堰"): "丹江口 郧阳 郧西 竹山县 竹溪 房县",
    ("湖北", "宜昌"): "宜都 当阳 枝江 远安 兴山县 秭归 长阳 五峰县",
    ("湖北", "襄阳"): "老河口 枣阳 宜城 南漳 谷城 保康", ("湖北", "荆门"): "钟祥 京山 沙洋",
    ("湖北", "孝感"): "应城 安陆 汉川 孝昌 大悟县 云梦", ("湖北", "随州"): "广水市 随县",
    ("湖北", "荆州"): "石首 洪湖 松滋 公安县 监利 江陵",
    ("湖北", "黄冈"): "麻城 武穴 团风 红安 罗田 英山 浠水 蕲春 黄梅",
    ("湖北", "咸宁"): "赤壁市 嘉鱼 通城县 崇阳 通山县",
    ("湖北", "恩施"): "利川 建始 巴东 宣恩 咸丰县 来凤 鹤峰", ("湖北", ""): "hubei",
    ("四川", "成都"): (
        "金堂 锦江区 青羊区 金牛区 武侯 成华区 龙泉驿 青白江 新都区 温江 双流 郫都 "
        "郫县 简阳 都江堰 彭州 邛崃 崇州 "
        "大邑 蒲江 新津 天府新区 淮口 官仓 栖贤 福兴镇 三溪镇 赵镇"
    ),
    ("四川", "德阳"): "中江 罗江 广汉 什邡 绵竹", ("四川", "资阳"): "安岳 乐至",
    ("四川", "绵阳"): "江油 三台县",
    ("四川", "凉山"): "西昌 会理", ("四川", "南充"): "阆中 南部县", ("四川", "乐山"): "峨眉",
    ("四川", "遂宁"): "射洪", ("四川", "内江"): "隆昌 资中", ("四川", "甘孜"): "康定",
    ("四川", "阿坝"): "马尔康 九寨沟",
    ("四川", "达州"): "万源 大竹 渠县", ("四川", "广安"): "华蓥 岳池", ("四川", "眉山"): "仁寿",
}  # fmt: skip

# 境外 takes in Hong Kong, Macao and Taiwan.
_ABROAD = (
    "香港 澳门 台湾 台北 高雄 日本 东京 大阪 北海道 韩国 首尔 朝鲜 蒙古国 越南 "
    "老挝 柬埔寨 缅甸 泰国 曼谷 马来西亚 新加坡 "
    "印度尼西亚 印尼 菲律宾 文莱 东帝汶 印度 巴基斯坦 孟加拉 尼泊尔 "
    "不丹 斯里兰卡 马尔代夫 阿富汗 哈萨克斯坦 "
    "乌兹别克斯坦 吉尔吉斯斯坦 塔吉克斯坦 土库曼斯坦 伊朗 伊拉克 沙特 阿联酋 迪拜 卡塔尔 "
    "科威特 阿曼 也门 以色列 约旦 "
    "黎巴嫩 叙利亚 土耳其 塞浦路斯 俄罗斯 莫斯科 乌克兰 白俄罗斯 英国 伦敦 法国 "
    "巴黎 德国 意大利 西班牙 葡萄牙 荷兰 "
    "比利时 卢森堡 瑞士 奥地利 瑞典 挪威 芬兰 丹麦 冰岛 爱尔兰 波兰 "
    "捷克 匈牙利 希腊 罗马尼亚 保加利亚 塞尔维亚 "
    "克罗地亚 美国 纽约 洛杉矶 加拿大 多伦多 温哥华 墨西哥 古巴 巴拿马 "
    "巴西 阿根廷 智利 秘鲁 哥伦比亚 委内瑞拉 "
    "厄瓜多尔 澳大利亚 悉尼 墨尔本 新西兰 斐济 巴布亚新几内亚 埃及 南非 "
    "尼日利亚 肯尼亚 埃塞俄比亚 坦桑尼亚 安哥拉 "
    "加纳 刚果 阿尔及利亚 摩洛哥 突尼斯 利比亚 苏丹 赞比亚 津巴布韦 莫桑比克 "
    "乌干达 喀麦隆 塞内加尔 马达加斯加 毛里求斯 "
    "欧洲 非洲 美洲 东南亚 国外 海外 境外"
)


class Nearness(Enum):
    """How far a place named without a province is, as a form's own words say it (省外, 市外省内, 本地)."""

    OTHER_PROVINCE = auto()
    IN_PROVINCE = auto()
    IN_CITY = auto()


_WORDS = {
    Nearness.OTHER_PROVINCE: "外省 省外",
    Nearness.IN_PROVINCE: "市外省内 省内市外 省内",
    Nearness.IN_CITY: "市内 本市 本县 县内 本镇 本村 本地 当地",
}


@dataclass(frozen=True)
class PlaceName:
    """Where a name belongs: a province and city ('' when not said), or abroad, or just how near it is."""

    province: str = ""
    city: str = ""
    is_abroad: bool = False
    nearness: Nearness | None = None

    def is_within(self, region: PlaceName) -> bool:
        """Whether this place lies in the region; a place known only by its province lies in no city of it."""
        if region.is_abroad or self.is_abroad:
            return region.is_abroad and self.is_abroad
        if region.nearness is Nearness.OTHER_PROVINCE:
            return self.nearness is region.nearness or self.province not in ("", HOME_PROVINCE)
        if region.nearness or not region.province:
            return region.nearness is not None and self.nearness is region.nearness
        return self.province == region.province and region.city in ("", self.city)


def _table() -> dict[str, PlaceName]:
    table = {name: PlaceName(is_abroad=True) for name in _ABROAD.split()}
    for nearness, words in _WORDS.items():
        table.update({word: PlaceName(nearness=nearness) for word in words.split()})
    for (province, city), counties in _COUNTIES.items():
        table.update({county: PlaceName(province, city) for county in counties.split()})
    for province, cities in _CITIES.items():
        table.update({city: PlaceName(province, city) for city in cities.split()})
    table.update({province: PlaceName(province) for province in _CITIES})
    return table


_NAMES = _table()
# The longest name at a position wins (鄂尔多斯 is not 鄂州); 武汉路 in another city is a street, not Wuhan
# (but 武汉街道口 is in Wuhan).
_NAME = re.compile(
    "(?:"
    + "|".join(sorted(map(re.escape, _NAMES), key=len, reverse=True))
    + r")(?![东西南北中]?(?:路|街(?!道)|大道))"
)


def first_place(text: str) -> PlaceName | None:
    """The place that a phrase names first, with the city when a later name says it; None when it names none.

    湖北省荆州市 → 湖北, 荆州; 上海市南京西路 → 上海. The text is one phrase, lower case.
    """
    found: PlaceName | None = None
    for match in _NAME.finditer(text):
        place = _NAMES[match.group()]
        if found is None:
            found = place
        elif _says_more(place, found):
            return place
    return found


def _says_more(later: PlaceName, earlier: PlaceName) -> bool:
    """Whether a later name in a phrase fills in an earlier one: a province's city, where a 省外 is."""
    if earlier.nearness:
        return bool(later.province) or later.is_abroad
    return bool(earlier.province) and not earlier.city and later.province == earlier.province
