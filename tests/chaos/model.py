"""A language model with moods: mostly away, and when it is there it is slow, broken and a liar by turns."""

import random
from dataclasses import dataclass, field

from ..fakes import groq
from ..fakes.groq import Asked, Groq, Step

_CLAIMS = (
    "Pronto! Agendei o seu corte para amanhã às 15h.",
    "Cancelado, como você pediu. Até mais!",
    "Seu horário está confirmado para quinta às 10h.",
)


@dataclass
class MoodyModel:
    """What stands behind the Groq server: it decides what each request gets."""

    dice: random.Random
    there: bool = False
    # How many of what it did; the rules answer whoever it does not.
    asked: int = 0
    server: Groq = field(default_factory=Groq)

    def __post_init__(self) -> None:
        self.server.improvise = self.answer

    def answer(self, asked: Asked) -> Step:
        """Draw what a request gets."""
        self.asked += 1
        if not self.there:
            return groq.fails(503)
        steps = [
            groq.says("Claro! Quer marcar, remarcar ou cancelar?"),
            groq.says(self.dice.choice(_CLAIMS)),
            groq.slowly(groq.says("Um momento, já vejo isso para você."), self.dice.uniform(1, 6)),
            groq.html(),
            groq.broken_json(),
            groq.no_choices(),
            groq.resets(),
            groq.half(),
            groq.fails(500),
            groq.fails(429, retry_after="2"),
        ]
        if asked.offered:
            name = self.dice.choice(sorted(asked.offered))
            steps += [groq.calls(name, {}), groq.calls(name, '{"when": "amanhã"'), groq.tool_use_failed(name)]
        return self.dice.choice(steps)
