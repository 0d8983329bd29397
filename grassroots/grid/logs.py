"""Logging without personal data."""

import logging
import re
import unicodedata

# 15 to 18 digits of an ID number, 11 of a mobile phone: wherever they stand in a line of log.
_PERSONAL = re.compile(r"(?<!\d)(\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)")


def scrub(text: str) -> str:
    """Return `text` with ID numbers and mobile phones replaced by ***."""
    return _PERSONAL.sub("***", text)


_BETWEEN = re.compile(r"(?<=[\dXx])[\s\-－—_.·]+(?=[\dXx])")


def has_personal_number(text: str) -> bool:
    """Whether an ID number or a mobile phone stands in a text, whatever width it has and however it is spaced."""
    return any(
        _PERSONAL.search(each) for each in (text, _BETWEEN.sub("", unicodedata.normalize("NFKC", text)))
    )


class NoPersonalData(logging.Filter):
    """Scrubs the finished message, its arguments and its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = scrub(record.getMessage())
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = scrub(record.exc_text)
        return True
