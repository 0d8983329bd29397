"""What measures say in the daily brief: paragraphs of 六、场所、消杀、宣传、关爱, made of figures and nothing else.

上传下达 is the last topic there: the heading is the form's own.
"""

from __future__ import annotations

from grassroots.ledgers.paragraphs import Figures, Paragraph, register_paragraph


def _venues(figures: Figures) -> str:
    parts = [f"关停场所{figures.new('venues_closed_today', '家')}，现在关停{figures['venues_closed']}家"]
    if figures["venues_reopened_today"]:
        parts.append(f"恢复营业{figures['venues_reopened_today']}家")
    parts.append(figures.new("venues_patrolled_today", "家次", "巡查"))
    return f"今日{'，'.join(parts)}。"


def _gatherings(figures: Figures) -> str:
    return (
        f"宴席今日{figures.new('banquets_today', '桌', '取消')}，累计取消{figures['banquet_tables_cancelled']}桌；"
        f"累计取消集会聚餐{figures['gatherings_cancelled']}场。"
    )


def _checkpoints(figures: Figures) -> str:
    return (
        f"劝导点{figures['checkpoints']}个，今日检查车辆{figures['vehicles_checked_today']}辆、"
        f"人员{figures['people_checked_today']}人次，{figures.new('turned_back_today', '人次', '劝返')}，"
        f"体温{figures.new('checkpoint_fevers_today', '人次', '异常')}。"
    )


def _disinfection(figures: Figures) -> str:
    undone = figures["measures_undone"]
    return (
        f"今日{figures.new('disinfection_times_today', '次', '消杀')}，消杀面积{figures['disinfection_today']}平方米，"
        f"累计{figures['disinfection_area']}平方米；今日{figures.new('rubbish_today', '桶', '清运垃圾')}；"
        f"废弃口罩专用箱{figures['mask_bins']}个，今日{figures.new('mask_bins_emptied_today', '箱', '收运')}。"
        f"今日应做未做{undone}项。"
    )


def _publicity(figures: Figures) -> str:
    return (
        f"各类宣传今日{figures.new('publicity_times', '次', '开展')}；现有流动宣传车{figures['loudspeaker_vans']}台、"
        f"大喇叭{figures['loudspeakers']}个，广播今日{figures.new('broadcasts_today', '次', '播出')}；"
        f"累计发放公开信{figures['letters_sent']}封、海报{figures['posters']}张、横幅{figures['banners']}条，"
        f"新闻信息{figures['news_items']}条。"
    )


def _questions(figures: Figures) -> str:
    return (
        f"群众提问今日{figures.new('questions_today', '件', '答复')}，累计{figures['questions']}件；"
        f"谣言今日{figures.new('rumours_today', '件', '澄清')}，累计{figures['rumours']}件。"
    )


def _upward(figures: Figures) -> str:
    return (
        f"指令今日{figures.new('orders_today', '处', '下达')}，累计下达{figures['orders_received']}处，"
        f"逾期未反馈{figures['orders_unanswered']}处；突发情况今日{figures.new('incidents_today', '件', '上报')}，"
        f"累计上报{figures['incidents_reported']}件，处理中{figures['incidents_open']}件。"
    )


for _paragraph in (
    Paragraph("venues", "measures", _venues, topic="场所", order=40),
    Paragraph("gatherings", "measures", _gatherings, topic="场所", order=50),
    Paragraph("checkpoints", "measures", _checkpoints, topic="场所", order=60),
    Paragraph("disinfection", "measures", _disinfection, topic="消杀"),
    Paragraph("publicity", "measures", _publicity, topic="宣传", order=60),
    Paragraph("questions", "measures", _questions, topic="宣传", order=70),
    Paragraph("upward", "measures", _upward, topic="上传下达", order=40),
):
    register_paragraph(_paragraph)
