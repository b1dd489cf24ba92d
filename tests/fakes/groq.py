"""A Groq server on loopback: it answers what it was told to answer, in the shapes of recorded traffic.

    async with groq() as fake:
        fake.script(calls("list_free_slots", {"when": "amanhã"}), says("Tenho 15h e 16h.").after(sees="26/11"))
        ...                                               # point GROQ_BASE_URL at fake.url

It is strict. A request that Groq would refuse, a request nobody expected, a step nobody took and an expectation
that was not met all fail the test when the block ends. So does a prompt with a phone, a document, a mail address or
one of `secrets` in it: every test that uses this server is a test of the veil. Where no script fits, set `improvise`.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from uuid import uuid4

from aiohttp import web

from bot.seed import CLIENTS, PROFESSIONAL

from .groq_rules import broken_rule, private

Json = dict[str, Any]

KEY = "gsk_a-key"
PRIMARY, FALLBACK, EARS = "openai/gpt-oss-120b", "openai/gpt-oss-20b", "whisper-large-v3-turbo"
# Of the demo's agenda: what was noted about people, and where they are reached.
SECRETS = frozenset(
    secret for somebody in (PROFESSIONAL, *CLIENTS) for secret in (somebody.note, somebody.phone) if secret
)
# What a voice note may be called, or the service refuses it.
AUDIO = {"flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"}


@dataclass(frozen=True)
class Asked:
    """A request as it came in; `body` is JSON, or the fields of a form."""

    path: str
    body: Json
    headers: Mapping[str, str]
    raw: str

    @property
    def last(self) -> Json:
        last: Json = self.body["messages"][-1]
        return last

    @property
    def offered(self) -> set[str]:
        return {tool["function"]["name"] for tool in self.body.get("tools", [])}


@dataclass(frozen=True)
class Step:
    """One answer, and what the request before it must look like."""

    label: str
    answer: Callable[["Groq", web.Request, Asked], Awaitable[web.StreamResponse]]
    offers: Collection[str] | None = None
    sees: str = ""
    never: Collection[str] = ()
    model: str = ""
    tool_choice: str = ""
    check: Callable[[Asked], object] | None = None

    def after(self, **expected: Any) -> "Step":
        """Expect of the request: exactly these tools `offers`, a last message that `sees` a text, a text `never`
        anywhere, the `model`, the `tool_choice`, or a `check` that returns False or raises."""
        return replace(self, **expected)

    def unmet(self, asked: Asked) -> str | None:
        """Return what the request should have been and was not."""
        wrong = [
            (self.offers is not None and asked.offered != set(self.offers or ()), f"offers {sorted(asked.offered)}"),
            (bool(self.sees) and self.sees not in json.dumps(asked.body["messages"][-1], ensure_ascii=False), "sees"),
            (any(text in asked.raw for text in self.never), f"never {self.never}"),
            (bool(self.model) and asked.body["model"] != self.model, f"model {asked.body['model']}"),
            (bool(self.tool_choice) and asked.body.get("tool_choice") != self.tool_choice, "tool_choice"),
            (self.check is not None and self.check(asked) is False, "check"),
        ]
        failed = [text for bad, text in wrong if bad]
        return f"{self.label}: {', '.join(failed)}; last message {asked.last}" if failed else None


# -- steps: what the service does


def says(text: str, *, reasoning: str = "We should answer.") -> Step:
    """Answer with a text."""
    return _completion(f"says {text[:30]!r}", {"content": text}, "stop", reasoning)


def calls(
    name: str, arguments: Json | str, *others: tuple[str, Json | str], reasoning: str = "We need a tool."
) -> Step:
    """Call a tool, or several at once; arguments given as text are sent as they are. There is no `content` key."""
    return _completion(
        f"calls {name}",
        {"tool_calls": [_call(*call) for call in [(name, arguments), *others]]},
        "tool_calls",
        reasoning,
    )


def runs_out(text: str = "", *, calling: str = "") -> Step:
    """Use up the tokens in the middle of a text, or of a call whose arguments happen to be JSON all the same."""
    message: Json = {"tool_calls": [_call(calling, {})]} if calling else {"content": text}
    return _completion(f"runs out {text or calling!r}", message, "length", "We could say a lot.")


def fails(status: int, code: str = "", *, message: str = "because the test says so", retry_after: str = "") -> Step:
    """Answer with an error of Groq's."""
    kind = "server_error" if status >= 500 else "tokens" if status == 429 else "invalid_request_error"
    error = {"message": message, "type": kind} | ({"code": code} if code else {})
    headers = {"retry-after": retry_after} if retry_after else {}
    return _plain(f"fails {status}", lambda: web.json_response({"error": error}, status=status, headers=headers))


def tool_use_failed(generation: Json | str, message: str = "") -> Step:
    """Refuse what the model generated: a call that does not fit its schema, or a text where a call was due."""
    text = generation if isinstance(generation, str) else json.dumps(generation, ensure_ascii=False)
    error = {
        "code": "tool_use_failed",
        "failed_generation": text,
        "message": message or "Tool call validation failed: parameters did not match schema",
        "type": "invalid_request_error",
    }
    return _plain("tool_use_failed", lambda: web.json_response({"error": error}, status=400))


def html() -> Step:
    """Answer 200 with a page, as a proxy on the way does."""
    return _plain(
        "html", lambda: web.Response(text="<html><body>Just a moment…</body></html>", content_type="text/html")
    )


def broken_json(text: str = '{"id": "chatcmpl-1", "choices": [{"mess') -> Step:
    """Answer 200 with half of the JSON."""
    return _plain("broken_json", lambda: web.Response(text=text, content_type="application/json"))


def replies(body: object) -> Step:
    """Answer 200 with this JSON, whatever it is."""
    return _plain("replies", lambda: web.json_response(body))


def no_choices() -> Step:
    """Answer 200 without choices."""
    return replies({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": PRIMARY})


def hangs() -> Step:
    """Never answer."""

    async def answer(fake: "Groq", request: web.Request, asked: Asked) -> web.StreamResponse:
        await fake.closing.wait()
        return web.Response(status=503)

    return Step("hangs", answer)


def slowly(step: Step, seconds: float) -> Step:
    """Answer as `step` does, after the time a model takes to think."""

    async def answer(fake: "Groq", request: web.Request, asked: Asked) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await step.answer(fake, request, asked)

    return replace(step, answer=answer)


def resets() -> Step:
    """Cut the connection instead of answering."""

    async def answer(fake: "Groq", request: web.Request, asked: Asked) -> web.StreamResponse:
        if request.transport:
            request.transport.abort()
        return web.Response()

    return Step("resets", answer)


def half() -> Step:
    """Begin an answer and cut the connection in the middle of it."""

    async def answer(fake: "Groq", request: web.Request, asked: Asked) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "500"})
        await response.prepare(request)
        await response.write(b'{"id": "chatcmpl-1", ')
        if request.transport:
            request.transport.abort()
        return response

    return Step("half", answer)


def hears(text: str, **details: Any) -> Step:
    """Answer a transcription; `details` are fields of the first segment, e.g. `no_speech_prob`."""
    segment = {
        "id": 0,
        "seek": 0,
        "start": 0,
        "end": 2.4,
        "text": f" {text}",
        "tokens": [50365],
        "temperature": 0,
        "avg_logprob": -0.18,
        "compression_ratio": 1.1,
        "no_speech_prob": 0.01,
    }
    body = {
        "task": "transcribe",
        "language": "Portuguese",
        "duration": 2.4,
        "text": f" {text}",
        "segments": [segment | details],
        "x_groq": {"id": f"req_{uuid4().hex[:26]}"},
    }
    return replies(body)


def _call(name: str, arguments: Json | str) -> Json:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {"id": f"fc_{uuid4()}", "type": "function", "function": {"name": name, "arguments": text}}


def _plain(label: str, build: Callable[[], web.Response]) -> Step:
    async def answer(fake: "Groq", request: web.Request, asked: Asked) -> web.StreamResponse:
        return build()

    return Step(label, answer)


def _completion(label: str, message: Json, finish_reason: str, reasoning: str) -> Step:
    async def answer(fake: "Groq", request: web.Request, asked: Asked) -> web.StreamResponse:
        thought = {"reasoning": reasoning} if reasoning else {}
        return web.json_response(
            {
                "choices": [
                    {
                        "finish_reason": finish_reason,
                        "index": 0,
                        "logprobs": None,
                        "message": {**message, **thought, "role": "assistant"},
                    }
                ],
                "created": 1_795_266_000,
                "id": f"chatcmpl-{uuid4()}",
                "model": asked.body["model"],
                "object": "chat.completion",
                "service_tier": "on_demand",
                "system_fingerprint": "fp_699d877a58",
                "usage": fake.usage(asked, message),
                "usage_breakdown": None,
                "x_groq": {"id": f"req_{uuid4().hex[:26]}", "seed": 47864733},
            }
        )

    return Step(label, answer)


@dataclass
class Groq:
    """The server: its script, what it was asked and what was wrong with that."""

    url: str = ""
    key: str = KEY
    models: Collection[str] = (PRIMARY, FALLBACK, EARS)
    # False answers whatever is asked, for benchmarks of clients that are not ours.
    strict: bool = True
    # What no prompt may hold, beside anything that looks like a phone or an address.
    secrets: Collection[str] = SECRETS
    # Takes over when the script is used up, for benchmarks and models with a will of their own.
    improvise: Callable[[Asked], Step] | None = None
    asked: list[Asked] = field(default_factory=list)
    heard: list[Asked] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    _chat: deque[Step] = field(default_factory=deque)
    _audio: deque[Step] = field(default_factory=deque)
    _prefixes: set[str] = field(default_factory=set)
    _runner: web.AppRunner | None = None

    def script(self, *steps: Step) -> None:
        """Answer the next chat completions so, in this order."""
        self._chat.extend(steps)

    def script_audio(self, *steps: Step) -> None:
        """Answer the next transcriptions so, in this order."""
        self._audio.extend(steps)

    def assert_complete(self) -> None:
        """Fail unless every step was taken and every request was as expected."""
        left = [step.label for step in (*self._chat, *self._audio)]
        assert not self.problems, "\n".join(self.problems)
        assert not left, f"steps nobody took: {left}"

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; `url` is the host root that the SDK wants."""
        app = web.Application(client_max_size=30 * 2**20, middlewares=[_with_recorded_headers])
        app.router.add_post("/openai/v1/chat/completions", self._completions)
        app.router.add_post("/openai/v1/audio/transcriptions", self._transcriptions)
        app.router.add_get("/openai/v1/models", self._models)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        self.closing.set()
        if self._runner:
            await self._runner.cleanup()

    def usage(self, asked: Asked, message: Json) -> Json:
        """Count tokens at four characters each; a prefix seen before counts as cached, as Groq's cache would."""
        prompt, completion = len(asked.raw) // 4, len(json.dumps(message)) // 4 + 22
        stable = json.dumps([asked.body.get("tools"), asked.body["messages"][0]])
        digest = sha256(stable.encode()).hexdigest()
        cached = {"prompt_tokens_details": {"cached_tokens": len(stable) // 4}} if digest in self._prefixes else {}
        self._prefixes.add(digest)
        return {
            "completion_time": 0.110362968,
            "completion_tokens": completion,
            "completion_tokens_details": {"reasoning_tokens": 22},
            "prompt_time": 0.014400533,
            "prompt_tokens": prompt,
            **cached,
            "queue_time": 0.005000903,
            "total_time": 0.124763501,
            "total_tokens": prompt + completion,
        }

    # -- handlers

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._refuse_key(request):
            return refusal
        raw = await request.text()
        asked = Asked(request.path, json.loads(raw), request.headers.copy(), raw)
        self.asked.append(asked)
        model = str(asked.body.get("model"))
        if model not in self.models:
            text = f"The model `{model}` does not exist or you do not have access to it."
            return _error(404, text, "model_not_found")
        if self.strict and (rule := broken_rule(asked.body)):
            self.problems.append(f"Groq would refuse: {rule}")
            return _error(400, rule)
        if self.strict and (found := private(asked.body, self.secrets)):
            self.problems.append(f"a prompt holds {found}")
            return _error(400, "private")
        if self._chat:
            step = self._chat.popleft()
        elif self.improvise:
            step = self.improvise(asked)
        else:
            self.problems.append(f"nobody expected this request: {asked.last}")
            return _error(400, "no step left in the script")
        if unmet := step.unmet(asked):
            self.problems.append(unmet)
        return await step.answer(self, request, asked)

    async def _transcriptions(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._refuse_key(request):
            return refusal
        form = await request.post()
        file = form.get("file")
        body: Json = {name: value for name, value in form.items() if isinstance(value, str)}
        if isinstance(file, web.FileField):
            body |= {"file": file.filename, "mime": file.content_type, "bytes": len(file.file.read())}
        asked = Asked(request.path, body, request.headers.copy(), json.dumps(body))
        self.heard.append(asked)
        if str(body.get("file")).rpartition(".")[2] not in AUDIO:
            return _error(400, f"file must be one of the following types: {sorted(AUDIO)}")
        if not self._audio:
            self.problems.append(f"nobody expected this transcription: {body}")
            return _error(400, "no step left in the script")
        return await self._audio.popleft().answer(self, request, asked)

    async def _models(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._refuse_key(request):
            return refusal
        data = [
            {
                "id": model,
                "object": "model",
                "created": 1_754_408_224,
                "owned_by": "OpenAI",
                "active": True,
                "context_window": 131_072,
                "public_apps": None,
                "max_completion_tokens": 65_536,
            }
            for model in self.models
        ]
        return web.json_response({"object": "list", "data": data})

    def _refuse_key(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {self.key}":
            return None
        return _error(401, "Invalid API Key", "invalid_api_key")


def _error(status: int, message: str, code: str = "") -> web.Response:
    error = {"message": message, "type": "invalid_request_error"} | ({"code": code} if code else {})
    return web.json_response({"error": error}, status=status)


@web.middleware
async def _with_recorded_headers(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers["x-request-id"] = f"req_{uuid4().hex[:26]}"
        response.headers["x-groq-region"] = "bra"
        response.headers["x-ratelimit-limit-requests"] = "1000"
        response.headers["x-ratelimit-limit-tokens"] = "8000"
        response.headers["x-ratelimit-remaining-requests"] = "998"
        response.headers["x-ratelimit-remaining-tokens"] = "7927"
        response.headers["x-ratelimit-reset-requests"] = "2m52.8s"
        response.headers["x-ratelimit-reset-tokens"] = "547ms"
    return response


@asynccontextmanager
async def groq(**options: Any) -> AsyncIterator[Groq]:
    """Run a server for the block; fail at its end unless the script was followed to the letter."""
    fake = Groq(**options)
    await fake.start()
    try:
        yield fake
    except BaseException as error:
        for problem in fake.problems:
            error.add_note(problem)
        raise
    finally:
        await fake.stop()
    fake.assert_complete()
