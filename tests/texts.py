"""What stands on a page, without what is random in it; what people type."""

from __future__ import annotations

import html
import re

from django.http import HttpResponse

_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_RANDOM = re.compile(
    rf'{_ID.pattern}|\?v=\w+|\b[0-9a-f]{{32,}}\b|(?<=name="csrfmiddlewaretoken" value=")\w+'
    r'|(?<="X-CSRFToken": ")\w+|(?<="x-csrftoken": ")\w+'
)


_CHINESE = "[\u4e00-\u9fff”“、。]"
_SIGN = re.compile(rf"(?<={_CHINESE})[:,;()!?]|(?<=\))[:,;]|[:,;()!?](?={_CHINESE})")
_WIDE = {ord(sign): ord(sign) + 0xFEE0 for sign in ":,;()!?"}


def typed_wide(text: str) -> str:
    """The text with the signs between Chinese characters as Chinese keyboards type them: 填表人： for 填表人:."""
    return _SIGN.sub(lambda found: found[0].translate(_WIDE), text)


class Text(str):
    """A page's text. To ask it for an id, whether it is there or is not, would tell nothing: `source_of` knows."""

    __slots__ = ()

    def __contains__(self, sought: object) -> bool:
        assert not _ID.search(str(sought)), f"ids are taken out of the text, ask source_of: {sought}"
        return super().__contains__(str(sought))


def source_of(response: HttpResponse) -> str:
    """The whole page unescaped. Short digits and letters turn up in it by chance: look for ids and addresses only."""
    return html.unescape(response.content.decode())


def text_of(response: HttpResponse) -> Text:
    """The page unescaped, without ids, tokens of forms and versions of files."""
    return Text(_RANDOM.sub("", source_of(response)))
