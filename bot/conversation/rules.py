"""The rules brain: the same protocol as a model's, without a model.

It answers when no key is set, when the service is down and when the month's turns are used up. It asks when it is
unsure, with a short list, and it never guesses a date or a person: every time it proposes comes out of a tool and
is echoed with weekday, day and hour before anybody says yes.
"""

from ..models.enums import Role
from .brain import Answer, Heard
from .client import dialog as dialog_client
from .dialogue.talk import Talk
from .professional import dialog as dialog_professional


class RulesBrain:
    """Answer turns by rules."""

    async def answer(self, heard: Heard) -> Answer:
        """Answer one turn; the memory of the dialogue is in the returned state."""
        talk = Talk.begin(heard)
        if heard.asker.role is Role.PROFESSIONAL:
            return await dialog_professional.answer(talk)
        return await dialog_client.answer(talk)
