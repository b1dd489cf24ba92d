"""Speech: what a model wrote, made fit for WhatsApp; and what people wrote, made fit for a model."""

import re

# A screen of a phone: longer answers are not read, and each bubble is paid for.
ANSWER_LIMIT = 1000

# Controls, soft hyphen, zero-width and direction signs, private use, tags: they hide words from people and filters.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e007f]"
)
# Thoughts, and a model's own marks; after two of those stands who speaks and where.
_HIDDEN = re.compile(
    r"<think>.*?(?:</think>|\Z)|<\|(?:start|channel)\|>\w{0,20}|<\|[^<>|]{0,40}\|>", re.DOTALL | re.IGNORECASE
)
_LINKED = re.compile(r"!?\[([^\]\n]{0,200})\]\((?:[^()\s]|\([^()\s]*\))*\)")
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S*[^\s.,;!?]"
    r"|(?<![\w@.-])(?:[\w-]+\.)+(?:(?:com|net|org|io|app|br)\b(?:/\S*[^\s.,;!?])?|[a-z]{2,8}/\S*[^\s.,;!?])",
    re.IGNORECASE,
)
# Where a link stood; the sentence around it only makes sense with it, and goes too.
_LINK = "\ufffc"
_WITH_LINK = re.compile(rf"[^.!?\n]*{_LINK}[^.!?\n]*[.!?]*")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,80}>")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_BOLD = re.compile(r"(?:\*\*\*|\*\*|__)(?=\S)(.+?)(?<=\S)(?:\*\*\*|\*\*|__)")
# Ticks, thumbs, handshakes and party poppers say "done" in a chat, wherever they stand.
_TICK = (
    "(?:[\u2705\u2611\u2713\u2714\U0001f197\U0001f389\U0001f38a\U0001f44c\U0001f44d\U0001f44f\U0001f4af\U0001f5f8\U0001f64c"
    "\U0001f91d][\ufe0f\U0001f3fb-\U0001f3ff]*)"
)
_BULLET = re.compile(rf"^[ \t]*(?:[-+]|\*(?=[ \t])|{_TICK})[ \t]*(?=\S)", re.MULTILINE)
_TICKS = re.compile(rf"[ \t]*{_TICK}")
_RULE = re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$", re.MULTILINE)
_END = re.compile(r"[.!?\u2026][*_)\"']*(?=\s)|\n")


def printable(text: str) -> str:
    """Return `text` without control characters, lone surrogates and invisible signs; line breaks stay."""
    return _UNPRINTABLE.sub("", text)


def tame(text: str, limit: int) -> str:
    """Return what a person or a record says as data for a model: printable, without role markers, cut at `limit`."""
    text = _HIDDEN.sub(" ", printable(text[: limit * 2]))
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def clean(text: str, limit: int = ANSWER_LIMIT) -> str:
    """Return a model's answer with WhatsApp's formatting, without links and ticks, cut at `limit`; may be empty."""
    text = _HIDDEN.sub("", printable(text.replace("\r\n", "\n")[: limit * 8]))
    text = _WITH_LINK.sub("", _ADDRESS.sub(_LINK, _LINKED.sub(_LINK, text)))
    text = _TAG.sub("", _BREAK.sub("\n", text))
    text = _RULE.sub("", text.replace("`", ""))
    text = _TICKS.sub("", _BULLET.sub("• ", text))
    text = _HEADING.sub(lambda match: f"*{match[1].replace('*', '')}*", text)
    text = _BOLD.sub(r"*\1*", text)
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return _cut(re.sub(r"\n{3,}", "\n\n", text).strip(), limit)


def _cut(text: str, limit: int) -> str:
    """Cut at the end of a sentence or line where one is near enough, else at a word."""
    if len(text) <= limit:
        return text
    room = text[: limit - 1]
    ends = [match.end() for match in _END.finditer(room)]
    if ends and ends[-1] > limit // 2:
        return room[: ends[-1]].rstrip()
    return room.rsplit(" ", 1)[0].rstrip() + "…"
