"""Answering in the sender's own file: two columns filled or added, everything else as it came. Knows no model."""

from grassroots.ledgers.answering.plan import AnswerSheet, RowAnswer, answer_sheets
from grassroots.ledgers.answering.text import answer_text
from grassroots.ledgers.answering.workbook import answer_workbook, workbook_from_grids

__all__ = [
    "AnswerSheet",
    "RowAnswer",
    "answer_sheets",
    "answer_text",
    "answer_workbook",
    "workbook_from_grids",
]
