"""The tool loop: a model reads, proposes once, learns from its mistakes, and comes to an end."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bot.conversation.brain import BrainFailed, ToolResult
from bot.conversation.llm.loop import Call, Ended, Loop, Message, Said, ToolsMisused
from bot.whatsapp.outgoing import Image

from ..fakes.groq_rules import broken_rule
from .desk import QUESTION, SLOTS, Desk

Mind = Callable[[Sequence[Message], bool], Said]


class Model:
    """A model that says its lines one after the other, and checks that every request could be sent."""

    def __init__(self, *lines: Said | Exception | Mind) -> None:
        self.lines = list(lines)
        self.requests: list[list[Message]] = []
        self.may_call: list[bool] = []

    async def ask(self, messages: Sequence[Message], may_call: bool) -> Said:
        request = json.loads(json.dumps(list(messages)))  # what is not JSON could not be sent
        assert broken_rule({"messages": request}) is None
        self.requests.append(request)
        self.may_call.append(may_call)
        line = self.lines.pop(0) if len(self.lines) > 1 else self.lines[0]
        if isinstance(line, Exception):
            raise line
        return line if isinstance(line, Said) else line(messages, may_call)

    @property
    def told(self) -> dict[str, Any]:
        """The last tool result the model got."""
        last = self.requests[-1][-1]
        assert last["role"] == "tool"
        content: dict[str, Any] = json.loads(last["content"])
        return content


def call(name: str, arguments: Any = None, identity: str = "") -> Call:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    return Call(identity or f"fc_{name}_{abs(hash(text))}", name, text)


def calls(name: str, arguments: Any = None) -> Said:
    return Said(calls=(call(name, arguments),), reasoning="Preciso olhar.")


ANSWER = Said("Tenho 15h e 16h. Qual você prefere?")
HELLO = [{"role": "system", "content": "Você é a Odys."}, {"role": "user", "content": '{"mensagem":"oi"}'}]


async def run(model: Model, desk: Desk | None = None, *, steps: int = 6) -> Ended:
    return await Loop(model.ask, desk or Desk(), HELLO, steps=steps).run()


async def test_reads_until_it_has_an_answer() -> None:
    desk, model = Desk(), Model(calls("list_free_slots", {"when": "quinta"}), ANSWER)
    ended = await run(model, desk)
    assert ended.text == ANSWER.text
    assert set(ended.tokens) == set(SLOTS)
    assert desk.calls == [("list_free_slots", {"when": "quinta"})]
    assert model.told["slots"][0]["label"] == "quinta, 26/11, às 15h"


async def test_reasoning_goes_back_with_the_call_it_led_to() -> None:
    model = Model(calls("my_appointments"), ANSWER)
    await run(model)
    assert model.requests[1][2]["reasoning"] == "Preciso olhar."
    assert "content" not in model.requests[1][2]


async def test_a_picture_for_the_person_ends_the_loop_and_is_not_shown_to_the_model() -> None:
    picture = Image("iVBORw0KGgo=", "*Faturamento: este mês*")

    async def drawn() -> ToolResult:
        return ToolResult({"ok": True, "period": "este mês"}, tokens={"t1": {}}, say=picture)

    model = Model(calls("my_appointments"), ANSWER)
    ended = await run(model, Desk(results={"my_appointments": drawn}))
    assert (ended.say, ended.text, ended.proposal) == (picture, "", None)
    assert len(model.requests) == 1


async def test_a_proposal_ends_the_loop_and_drops_what_came_with_it() -> None:
    desk = Desk()
    flood = Said(
        "Agendado!",
        (call("list_free_slots"), call("book_appointment", {"slot": "a1b2"}), call("cancel_appointment", {})),
    )
    model = Model(flood)
    ended = await run(model, desk)
    assert ended.proposal
    assert ended.proposal.question == QUESTION
    assert ended.text == ""
    assert set(ended.tokens) == set(SLOTS)
    assert desk.called == ["list_free_slots", "book_appointment"]
    assert len(model.requests) == 1


async def test_the_last_step_may_not_call() -> None:
    model = Model(*(calls("list_free_slots", {"when": str(n)}) for n in range(5)), ANSWER)
    ended = await run(model)
    assert ended.text
    assert model.may_call == [True] * 5 + [False]


async def test_a_model_that_never_ends_is_given_up() -> None:
    desk, model = Desk(), Model(lambda messages, _: calls("list_free_slots", {"when": str(len(messages))}))
    with pytest.raises(BrainFailed):
        await run(model, desk)
    assert len(model.requests) == 6
    assert len(desk.calls) == 5


async def test_the_same_call_again_is_not_run_again() -> None:
    desk = Desk()
    model = Model(
        calls("list_free_slots", '{"when": "quinta", "service": "corte"}'),
        calls("list_free_slots", '{"service":"corte","when":"quinta"}'),
        ANSWER,
    )
    await run(model, desk)
    assert len(desk.calls) == 1
    assert model.told["error"] == "already_called"


async def test_an_unknown_tool_is_answered_with_those_there_are() -> None:
    model = Model(calls("drop_table", {"table": "appointments"}), ANSWER)
    await run(model)
    assert model.told["error"] == "unknown_tool"
    assert "list_free_slots" in model.told["tools"]


@pytest.mark.parametrize("name", ["", "наме", "x" * 300, "a.b/c", "\ud800"])
async def test_a_name_that_is_none_can_still_be_answered(name: str) -> None:
    model = Model(Said(calls=(Call("fc_1", name, "{}"),)), ANSWER)
    await run(model)
    assert model.told["error"] == "unknown_tool"


@pytest.mark.parametrize(
    "arguments",
    ['{"when": ', "[1, 2]", '"quinta"', "7", '{"when": NaN}', "{}" * 3000, "[" * 3000, "when=quinta"],
)
async def test_broken_arguments_are_explained(arguments: str) -> None:
    desk, model = Desk(), Model(calls("list_free_slots", arguments), ANSWER)
    await run(model, desk)
    assert model.told["error"] == "invalid_arguments"
    assert desk.calls == []


async def test_what_nobody_could_read_is_not_sent_back_as_arguments() -> None:
    """A service that reads the conversation again would refuse all of it for that."""
    twice = json.dumps(json.dumps({"when": "quinta"}))
    for arguments in ('{"when": ', twice, '{"when": "quinta"} pronto', '{"when": "' + "x" * 5000):
        model = Model(calls("list_free_slots", arguments), ANSWER)
        await run(model)
        assert model.requests[1][2]["tool_calls"][0]["function"]["arguments"] == "{}"


@pytest.mark.parametrize("arguments", ["", "null", "{}", "  {}\n", "\x00"])
async def test_no_arguments_are_an_empty_object(arguments: str) -> None:
    desk = Desk()
    await run(Model(calls("my_appointments", arguments), ANSWER), desk)
    assert desk.calls == [("my_appointments", {})]


async def test_half_a_character_never_reaches_a_tool() -> None:
    desk = Desk()
    await run(Model(calls("list_free_slots", '{"when": "quinta\\ud800\\u0000 \\u00e0s 15h"}'), ANSWER), desk)
    assert desk.calls == [("list_free_slots", {"when": "quinta às 15h"})]


async def test_calls_with_missing_or_shared_ids_get_their_own() -> None:
    desk = Desk()
    twins = (call("my_appointments", identity="fc"), call("list_free_slots", identity="fc"), Call("", "no_such", "{}"))
    model = Model(Said(calls=twins), ANSWER)
    await run(model, desk)
    assert desk.called == ["my_appointments", "list_free_slots"]
    assert [message["role"] for message in model.requests[1][2:]] == ["assistant", "tool", "tool", "tool"]


async def test_a_flood_of_calls_is_cut() -> None:
    desk = Desk()
    flood = Said(calls=tuple(call("list_free_slots", {"when": str(n)}) for n in range(50)))
    model = Model(flood, ANSWER)
    await run(model, desk)
    assert len(desk.calls) == 4
    assert model.told["error"] == "too_many_calls"


async def test_a_tool_that_breaks_is_data_without_the_exception() -> None:
    async def explode() -> ToolResult:
        raise RuntimeError("SELECT secret FROM clients")

    desk, model = Desk(results={"my_appointments": explode}), Model(calls("my_appointments"), ANSWER)
    ended = await run(model, desk)
    assert model.told == {"ok": False, "error": "internal", "hint": "A ferramenta falhou. Não tente de novo."}
    assert ended.seen == []


async def test_a_refusal_is_no_evidence() -> None:
    ended = await run(Model(calls("book_appointment", {"slot": "confirmed quinta 15h"}), ANSWER))
    assert ended.proposal is None
    assert ended.seen == []


FAILED_CALL = ToolsMisused('{"name": "list_free_slots", "arguments": {"day": "quinta"}}', "additionalProperties 'day'")
FAILED_TEXT = ToolsMisused("Claro, vou ver.", "Tool choice is required, but model did not call a tool")


async def test_a_call_the_service_refused_goes_back_as_a_failed_call() -> None:
    model = Model(FAILED_CALL, ANSWER)
    assert (await run(model)).text == ANSWER.text
    assert model.requests[1][2]["tool_calls"][0]["function"]["arguments"] == '{"day": "quinta"}'
    assert "additionalProperties 'day'" in model.told["hint"]


async def test_a_refused_call_with_its_arguments_in_a_text_goes_back_with_them_once() -> None:
    model = Model(ToolsMisused('{"name": "list_free_slots", "arguments": "{\\"day\\": 1}"}', "no"), ANSWER)
    await run(model)
    assert model.requests[1][2]["tool_calls"][0]["function"]["arguments"] == '{"day": 1}'


@pytest.mark.parametrize(
    "generation",
    [
        "Claro, vou ver.",
        "",
        '{"name": "no_such_tool", "arguments": {}}',
        '{"name": 7}',
        "<function=list_free_slots{}</function>",
        '{"name": "x", "arguments"',
        "[[[",
    ],
)
async def test_a_text_the_service_refused_goes_back_as_text(generation: str) -> None:
    model = Model(ToolsMisused(generation, "Failed to parse tool call arguments as JSON"), ANSWER)
    assert (await run(model)).text == ANSWER.text
    notice = model.requests[1][-1]
    assert notice["role"] == "user"
    assert "Failed to parse" in json.loads(notice["content"])["aviso"]


@pytest.mark.parametrize("mistake", [FAILED_CALL, FAILED_TEXT])
async def test_the_third_misuse_is_the_last(mistake: Exception) -> None:
    model = Model(mistake)
    with pytest.raises(BrainFailed):
        await run(model)
    assert len(model.requests) == 3


async def test_a_call_written_as_text_is_not_said_to_a_person() -> None:
    leaked = Said('```json\n{"name": "list_free_slots", "arguments": {"when": "quinta"}}\n```')
    model = Model(leaked, ANSWER)
    assert (await run(model)).text == ANSWER.text


async def test_text_in_brackets_is_still_text() -> None:
    assert (await run(Model(Said("[Ana] responde em breve.")))).text == "[Ana] responde em breve."


async def test_a_model_that_calls_where_it_may_not_is_given_up() -> None:
    with pytest.raises(BrainFailed):
        await run(Model(calls("my_appointments")), steps=1)


async def test_what_a_tool_says_cannot_break_the_next_request() -> None:
    async def hostile() -> ToolResult:
        return ToolResult({"ok": True, "name": "Ana\x00\ud83d<|start|>\u202e", "when": object(), "n": 10**30})

    desk, model = Desk(results={"my_appointments": hostile}), Model(calls("my_appointments"), ANSWER)
    assert (await run(model, desk)).text == ANSWER.text
    assert model.told["name"].startswith("Ana")


async def test_a_long_list_is_cut_and_still_json() -> None:
    async def everything() -> ToolResult:
        rows = [
            {"token": f"{n:04x}", "client": "Ana Paula Vieira", "label": "quinta, 26/11, às 15h"} for n in range(900)
        ]
        return ToolResult({"ok": True, "appointments": rows})

    desk, model = Desk(results={"my_appointments": everything}), Model(calls("my_appointments"), ANSWER)
    ended = await run(model, desk)
    assert model.told["cut"] is True
    assert 30 <= len(model.told["appointments"]) <= 64
    assert len(model.requests[-1][-1]["content"]) <= 8_000
    assert len(ended.seen[0]["appointments"]) == 900
