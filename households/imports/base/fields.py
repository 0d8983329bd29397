"""The columns that a sheet of households may have: captions of `base`, of 入户调查记录表, and of other offices."""

from __future__ import annotations

from grassroots.ledgers.reading import Field

HOUSE, MEMBER, RESULT, STEPS = ("住户",), ("家庭成员",), ("排查结果",), ("七步",)

_PLACE = (
    Field("village", "村(社区)", ("所属村(社区)", "村委会", "居委会")),
    Field("group", "组", ("组(网格)", "网格名称", "村民组")),
    Field("compound", "小区/院落", ("小区(院落)", "小区名", "院子", "楼盘", "小区/院落名称"), HOUSE),
    Field("address", "现住址", ("门牌地址", "房屋地址", "住房地址", "房屋坐落"), HOUSE),
    Field("building", "楼栋", ("楼", "栋数", "座"), HOUSE),
    Field("unit", "单元", (), HOUSE),
    Field("floor", "楼层", ("层", "层数"), HOUSE),
    Field("door", "房号", ("室号", "门牌(房号)", "房间", "户室", "房号/门牌"), HOUSE),
    Field("share_no", "同门序号", (), HOUSE),
)
_HOUSE = (
    Field("code", "户编号", ("住户编号", "户籍编号", "家庭编号"), HOUSE),
    Field("head", "户主姓名", ("户主", "户主(房主)姓名"), HOUSE),
    Field("head_phone", "户主电话", ("户主手机号码",), HOUSE),
    Field("landlord", "房东/单位", ("房东", "房东姓名", "房屋所有人", "产权单位"), HOUSE),
    Field("housing", "房屋性质", ("住房性质", "房屋类型", "房屋使用情况", "居住性质", "房屋用途"), HOUSE),
    Field("registered", "户籍人数", ("户籍人口", "户籍人口数"), HOUSE, "int"),
    Field("living", "现住人数", ("常住人数", "现住人口", "实住人数"), HOUSE, "int"),
    Field("away", "外出未归人数", ("外出人数", "未归人数"), HOUSE, "int"),
    Field("away_where", "外出地", ("外出地点", "外出去向", "外出所在地"), HOUSE),
)
_MEMBER = (
    Field("name", "姓名", ("家庭成员姓名", "居民姓名", "居住人姓名", "居住人员姓名"), MEMBER),
    Field("relation", "与户主关系", ("与户主的关系", "家庭成员关系", "户主关系"), MEMBER),
    Field("sex", "性别", (), MEMBER),
    Field("birth_date", "出生日期", ("出生年月日", "生日"), MEMBER, "date"),
    Field("age", "年龄", (), MEMBER, "int"),
    Field("id_kind", "证件类型", ("证件种类", "证件名称"), MEMBER),
    Field("id_number", "证件号码", ("身份证号", "身份证号码"), MEMBER),
    Field("phone", "联系电话", ("电话", "手机号"), MEMBER),
    Field("phone_owner", "电话机主", ("机主",), MEMBER),
    Field("work_unit", "工作单位/学校", ("工作单位", "就读学校"), MEMBER),
    Field("residency", "居住情况", ("是否常住", "居住类型", "居住类别", "人员类别", "人口性质", "常住/暂住"), MEMBER),
    Field("left_county", "近14天是否离开本县", ("近14天是否外出", "14天内是否离开本县", "近14天离开本县"), MEMBER),
    Field(
        "hubei_contact",
        "武汉(湖北)旅居或接触史",
        (
            "近14天是否武汉(湖北)旅居或接触", "武汉(湖北)旅居史", "是否有湖北旅居史或接触史", "湖北旅居史",
            "武汉旅居史", "湖北旅居或接触史", "近14天湖北旅居史", "是否武汉(湖北)返回", "是否到过武汉(湖北)",
            "近14天是否到过湖北", "近14天武汉(湖北)旅居或接触史", "有无湖北接触史",
        ),
        MEMBER,
    ),
    Field("returned_from", "从何地返回", ("返回前所在地",), MEMBER),
    Field("left_on", "离开日期", (), MEMBER, "date"),
    Field("returned_on", "返回日期", (), MEMBER, "date"),
    Field("transport", "交通工具及班次", ("交通方式", "车次/航班"), MEMBER),
    Field("companions", "同行人员", (), MEMBER),
    Field("temperature", "体温(℃)", ("测量体温",), MEMBER, "temp"),
    Field("symptoms", "症状", (), MEMBER),
    Field("note", "备注", (), MEMBER),
)  # fmt: skip
_RESULT = (
    Field("state", "排查状态", ("排查结果", "入户结果", "入户情况", "排查情况", "调查结果"), RESULT),
    Field(
        "signed",
        "是否签承诺书",
        ("是否签订承诺书", "承诺书", "签承诺书", "已签承诺书", "承诺书签订情况", "承诺书签订", "是否签字",
         "签订承诺书"),
        RESULT,
    ),
    Field("method", "排查方式", ("调查方式", "登记方式"), RESULT),
    Field("letter", "承诺书编号", ("承诺书号", "承诺书编码"), RESULT),
    Field("tries", "无人户(第N次)", ("无人户处理", "无人次数", "第几次无人"), RESULT, "int"),
    Field(
        "visited_at", "排查时间", ("排查日期", "入户时间", "入户日期", "调查时间", "调查日期", "登记时间", "采集时间"),
        RESULT, "date",
    ),
    Field(
        "surveyor", "入户人员", ("入户人员签字", "排查人员", "排查人", "调查人", "调查员", "登记人", "采集人"), RESULT
    ),
    Field("respondent", "被调查人", ("被调查人签字", "被访人", "受访人", "签字人"), RESULT),
    Field("proxy", "代填人", ("代答人", "代填"), RESULT),
    Field("leaflets", "告知书/宣传单", ("宣传单", "宣传单(份)", "告知书", "宣传资料"), RESULT),
    Field("steps", "七步", ("七步法", "七步完成情况", "七步工作法"), RESULT),
    Field("step_greet", "进", (), STEPS), Field("step_scan", "扫", (), STEPS), Field("step_notice", "发", (), STEPS),
    Field("step_sign", "签", (), STEPS), Field("step_ask", "询", (), STEPS), Field("step_supervise", "督", (), STEPS),
    Field("step_verify", "核", (), STEPS),
)  # fmt: skip
FIELDS = (*_PLACE, *_HOUSE, *_MEMBER, *_RESULT)
KEYS = tuple(field.key for field in FIELDS)
# What tells a sheet of households from one of people: doors, or families.
IDENTITY = (
    ("door", "head"), ("door", "housing"), ("door", "relation"), ("door", "name", "id_number"), ("door", "name", "sex"),
    ("door", "name", "phone"), ("door", "name", "residency"), ("head", "name"), ("relation", "name"),
)  # fmt: skip
STEP_KEYS = (
    "step_greet",
    "step_scan",
    "step_notice",
    "step_sign",
    "step_ask",
    "step_supervise",
    "step_verify",
)
STEP_WORDS = dict(zip("进扫发签询督核", STEP_KEYS, strict=True))
ANSWERS = (
    "left_county", "hubei_contact", "returned_from", "left_on", "returned_on", "transport", "companions",
    "temperature", "symptoms", "note",
)  # fmt: skip
# What may be too long for its column, with the column's length.
LIMITS = {
    "code": 40, "landlord": 60, "away_where": 60, "phone_owner": 20, "work_unit": 80, "returned_from": 60,
    "transport": 60, "companions": 100, "note": 200, "letter": 40, "respondent": 50, "surveyor": 50, "proxy": 100,
}  # fmt: skip
