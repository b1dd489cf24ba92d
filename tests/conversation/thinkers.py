"""Models for turns that are tested: they think for as long as a test wants."""

import asyncio

from bot.conversation.brain import Answer, Brain, Heard
from bot.whatsapp.outgoing import Text


class Slow:
    """A brain that thinks until it is told to answer."""

    def __init__(self) -> None:
        self.thinking, self.go = asyncio.Event(), asyncio.Event()
        self.asked = 0

    async def answer(self, heard: Heard) -> Answer:
        self.asked += 1
        self.thinking.set()
        await self.go.wait()
        return Answer(say=Text(f"resposta {self.asked}"))


class Only:
    """One brain for everybody."""

    def __init__(self, brain: Brain) -> None:
        self._brain = brain

    async def for_turn(self, asker: object) -> tuple[Brain]:
        return (self._brain,)
