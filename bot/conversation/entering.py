"""`ENTRAR 482913`: a page waits for its person; who sent the code is asked before the page gets in.

The code may have been put into somebody's mouth by a link, so it alone opens nothing: only the tap under a question
that says what is about to happen does, or the plain yes right after it, which is read as that tap.
"""

import re
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from ..accounts import login
from ..accounts.codes import Hasher
from ..models.enums import Channel
from ..notify.render import chat
from ..settings import Settings
from ..whatsapp.outgoing import Choices, Option, Text
from . import buttons
from .brain import Answer
from .buttons import DENY, GRANT
from .scene import Scene

CODE: Final = re.compile(r"^\s*entrar\s+(\d{3})\s?(\d{3})\s*[.!]*\s*$", re.IGNORECASE | re.ASCII)


async def answer(session: AsyncSession, here: Scene, settings: Settings) -> Answer | None:
    """Answer a code or the tap under its question; anything else is passed on.

    On our own page a token speaks, not a telephone: there nobody lets another page in.
    """
    if here.conversation.channel is Channel.APP:
        return None
    if here.payload is not None:
        return await _decided(session, here, buttons.decode(here.payload))
    found = CODE.match(here.text)
    if found is None:
        return None
    hashed = Hasher.of(settings.secret_key.get_secret_value())
    row = await login.find_reverse(session, hashed, found[1] + found[2], now=here.now)
    if row is None:
        return Answer(say=Text(chat("login_code_unknown")))
    options = (Option(buttons.encode(GRANT, row.id), "Sim, sou eu"), Option(buttons.encode(DENY, row.id), "Não"))
    return Answer(say=Choices(chat("login_question"), options))


async def _decided(session: AsyncSession, here: Scene, tap: buttons.Tap) -> Answer | None:
    if tap.verb not in (GRANT, DENY) or tap.id is None:
        return None
    granted = tap.verb == GRANT
    done = await login.decide(session, tap.id, here.contact.id, granted=granted, now=here.now)
    if not done:
        return Answer(say=Text(chat("login_code_unknown")))
    return Answer(say=Text(chat("login_granted" if granted else "login_denied")))
