# SPDX-License-Identifier: MIT
"""Limits of inference: queue, times, bodies in memory, and bodies that are no requests."""

import asyncio
import gc
import json
import socket
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from fairreg.server.inference.body_reader import BODY_BYTES, BodyReader
from fairreg.server.inference.datatypes import from_json
from fairreg.server.inference.engine_queue import MOST_WAITING, EngineQueue
from fairreg.server.inference.faults import Guarded, InferenceFault
from fairreg.server.inference.held_bytes import HeldBytes, PiecewiseResponse
from fairreg.server.inference.request_body import read_request
from fairreg.server.middleware import limits
from fairreg.server.middleware.limits import RequestLimits
from fairreg.settings import Settings
from support.examples import examples
from support.served_graphs import write
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")


class Client:
    """A client that sends pieces of a body, and leaves when it is told to."""

    def __init__(self, *pieces, **headers):
        self.pieces, self.gone = list(pieces), asyncio.Event()
        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self.request = Request({"type": "http", "method": "POST", "headers": named}, self.receive)

    async def receive(self):
        if not self.pieces:
            await self.gone.wait()
            return {"type": "http.disconnect"}
        body = self.pieces.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self.pieces)}


@pytest.mark.parametrize(
    ("shape", "data"),
    [((0, 2), b"[[]]"), ((0, 2), b"[]"), ((2, 0), b"[[], []]"), ((1, 0, 3), b"[ [ ] ]"), ((0,), b"[]")],
)
@pytest.mark.parametrize("datatype", ["FP32", "INT64", "BYTES", "BOOL"])
def test_nested_lists_without_values_are_an_array_without_values(shape, data, datatype):
    assert from_json("x", datatype, shape, data).shape == shape


@pytest.mark.parametrize(
    ("shape", "data"),
    [((0, 2), b"[[1]]"), ((1, 2), b"[[]]"), ((0,), b"[[]]"), ((0, 2), b"[[]"), ((0, 2), b"[[],]")],
)
def test_lists_that_are_no_array_of_the_shape_stay_refused(shape, data):
    with pytest.raises(InferenceFault):
        from_json("x", "FP32", shape, data)


def test_a_full_queue_refuses_with_a_time_to_come_back():
    async def trial():
        queue, release, began = EngineQueue(waiting=1), threading.Event(), threading.Event()
        clients = [Client() for _ in range(3)]

        def work():
            began.set()
            return release.wait(60)

        running = asyncio.create_task(queue.run(work, clients[0].request))
        await asyncio.to_thread(began.wait, 60)
        waiting = asyncio.create_task(queue.run(lambda: "second", clients[1].request))
        await asyncio.sleep(0)
        with pytest.raises(InferenceFault) as caught:
            await queue.run(lambda: "third", clients[2].request)
        release.set()
        assert (await running, await waiting) == (True, "second")
        await asyncio.sleep(0.01)
        assert await queue.run(lambda: "fourth", clients[2].request) == "fourth"
        return caught.value

    fault = asyncio.run(trial())
    assert (fault.status, fault.headers) == (503, {"Retry-After": "5"})


def test_what_nobody_waits_for_is_not_begun():
    async def trial():
        queue, release = EngineQueue(waiting=2), threading.Event()
        first, leaver = Client(), Client()
        begun = []
        running = asyncio.create_task(queue.run(lambda: release.wait(60), first.request))
        waiting = asyncio.create_task(queue.run(lambda: begun.append("leaver"), leaver.request))
        await asyncio.sleep(0)
        leaver.gone.set()
        with pytest.raises(ClientDisconnect):
            await waiting
        release.set()
        await running
        await queue.run(lambda: None, first.request)
        return begun

    assert asyncio.run(trial()) == []


def test_the_body_of_who_leaves_does_not_stay_in_the_queue():
    class Body:
        """An object that can be watched."""

    async def trial():
        queue, release, leaver = EngineQueue(), threading.Event(), Client()
        running = asyncio.create_task(queue.run(lambda: release.wait(60), Client().request))
        body = Body()
        watched = weakref.ref(body)
        waiting = asyncio.create_task(queue.run(partial(id, body), leaver.request))
        del body
        await asyncio.sleep(0)
        leaver.gone.set()
        await asyncio.wait({waiting})
        assert isinstance(waiting.exception(), ClientDisconnect)
        del waiting
        gc.collect()
        left = watched()
        release.set()
        await running
        return left

    assert asyncio.run(trial()) is None


def test_a_call_that_takes_too_long_is_given_up():
    async def trial():
        queue, release = EngineQueue(seconds=0.01), threading.Event()
        with pytest.raises(InferenceFault, match=r"gave no answer within 0\.01 seconds") as caught:
            await queue.run(lambda: release.wait(60), Client().request)
        release.set()
        return caught.value.status

    assert asyncio.run(trial()) == 503


def test_errors_of_a_call_are_those_of_its_request():
    async def trial():
        def fails():
            raise ValueError("of the call")

        with pytest.raises(ValueError, match="of the call"):
            await EngineQueue().run(fails, Client().request)

    asyncio.run(trial())


def test_bodies_count_together_until_they_are_answered():
    async def trial():
        reader = BodyReader(HeldBytes(most=10))
        async with reader.read(Client(b"12345", b"678").request) as body:
            assert body == b"12345678"
            for late in (Client(b"abc").request, Client(b"", content_length="3").request):
                with pytest.raises(InferenceFault) as caught:
                    async with reader.read(late):
                        pass
                assert caught.value.status == 503
            async with reader.read(Client(b"ab").request) as other:
                assert other == b"ab"
        async with reader.read(Client(b"0123456789").request) as body:
            assert len(body) == 10

    asyncio.run(trial())


def test_a_body_that_grows_beyond_its_limit_is_not_read_further():
    async def trial():
        piece = bytes(1024 * 1024)
        client = Client(*[piece] * 80, inference_header_content_length="2")
        with pytest.raises(InferenceFault) as caught:
            async with BodyReader(HeldBytes()).read(client.request):
                pass
        assert caught.value.status == 413
        assert len(client.pieces) == 80 - BODY_BYTES // len(piece) - 1

    asyncio.run(trial())


def test_a_body_that_does_not_come_is_given_up():
    async def trial():
        client = Client(b"{", b"}")

        async def slow():
            message = await client.receive()
            await asyncio.sleep(0 if message["more_body"] else 60)
            return message

        async def app(scope, receive, send):
            async def read(request):
                async with BodyReader(HeldBytes()).read(request):
                    pass

            await Guarded(read, "POST")(scope, receive, send)

        sent = []

        async def send(message):
            sent.append(message)

        scope = {**client.request.scope, "path": "/v2/models/m/infer", "query_string": b""}
        limited = RequestLimits(app, bodies={}, seconds={}, body_seconds=0.01)
        await limited(scope, slow, send)
        assert sent[0]["status"] == 408
        assert json.loads(sent[1]["body"]) == {"error": "The body did not arrive in time."}

    asyncio.run(trial())


@pytest.mark.parametrize(("seconds", "taken"), [(3.9, 20), (7.0, 5)])
def test_a_body_may_take_as_long_as_its_bytes_at_the_least_rate(seconds, taken):
    """Pieces of 1 MiB, `seconds` apart; the clock of the loop is the test's."""

    async def trial():
        loop = asyncio.get_running_loop()
        now, pieces = loop.time(), [bytes(2**20)] * 20
        passed, got = [now], []
        loop.time = lambda: passed[0]

        async def receive():
            passed[0] += seconds
            for _ in range(5):  # turns of the loop, in which it sees what is over
                await asyncio.sleep(0)
            return {"type": "http.request", "body": pieces.pop(), "more_body": bool(pieces)}

        async def app(scope, receive, send):
            with suppress(HTTPException):
                while pieces:
                    got.append(await receive())
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def send(_message):
            pass

        scope = {**Client().request.scope, "path": "/v2/", "query_string": b""}
        guarded = limits.RequestLimits(app, bodies={"/v2/": 2**27}, seconds={"/v2/": 1000.0})
        await guarded(scope, receive, send)
        return len(got)

    assert asyncio.run(trial()) == taken


# Answers


def answered(size, held=None):
    made = PiecewiseResponse(b"{}", [memoryview(bytes(size))], {}, "application/octet-stream")
    return made if held is None else held.until_sent(made)


def test_answers_count_until_they_are_sent_or_their_client_is_gone():
    async def trial():
        held, read = HeldBytes(most=1000), asyncio.Event()

        async def slow(_message):
            await read.wait()

        async def gone(_message):
            raise ConnectionResetError

        first = asyncio.create_task(answered(600, held)({}, None, slow))
        await asyncio.sleep(0)
        with pytest.raises(InferenceFault) as caught:
            answered(600, held)
        with pytest.raises(InferenceFault) as refused:
            async with BodyReader(held).read(Client(b"x" * 600).request):
                pass
        read.set()
        await first
        with pytest.raises(ConnectionResetError):
            await answered(600, held)({}, None, gone)
        leaving = asyncio.create_task(answered(600, held)({}, None, lambda _message: asyncio.sleep(60)))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait({leaving})
        held.require(1000)
        return caught.value, refused.value

    for fault in asyncio.run(trial()):
        assert (fault.status, fault.headers["Retry-After"]) == (503, "5")


def test_large_answers_are_sent_in_pieces_between_which_others_are_answered():
    async def trial():
        pieces, turns = [], []

        async def send(message):
            pieces.append(len(message.get("body", b"")))

        async def other():
            while True:
                turns.append(len(pieces))
                await asyncio.sleep(0)

        beside = asyncio.create_task(other())
        await answered(5_000_000)({}, None, send)
        beside.cancel()
        return pieces, turns

    pieces, turns = asyncio.run(trial())
    assert (sum(pieces), max(pieces) <= 2**18) == (5_000_002, True)
    assert len(turns) >= len(pieces) - 2


# Hostile bodies

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
DATATYPES = st.sampled_from(["FP32", "FP16", "BF16", "BOOL", "BYTES", "INT8", "UINT64", "FP64", "", "fp32"])
TENSORS = st.fixed_dictionaries(
    {"name": st.sampled_from(["x", "y", "\x00", "\u202e"]), "datatype": DATATYPES | JSON},
    optional={
        "shape": st.lists(st.integers(-1, 5) | st.just(2**62), max_size=4) | JSON,
        "data": st.lists(st.floats() | st.integers() | st.text(max_size=3), max_size=6) | JSON,
        "parameters": st.fixed_dictionaries({"binary_data_size": st.integers(0, 40)}) | JSON,
    },
)
REQUESTS = st.fixed_dictionaries(
    {"inputs": st.lists(TENSORS, max_size=3) | JSON},
    optional={"outputs": JSON | st.lists(TENSORS, max_size=2), "parameters": JSON, "id": JSON},
)


@st.composite
def bodies(draw):
    """A request that may be none, with what it states of the length of its JSON."""
    head = json.dumps(draw(REQUESTS | JSON)).encode()
    if draw(st.booleans()):
        cut = draw(st.integers(0, len(head)))
        head = head[:cut] + draw(st.binary(max_size=5)) + head[cut:]
    length = draw(st.none() | st.just(len(head)) | st.integers(0, len(head) + 5))
    return head + draw(st.binary(max_size=48)), length


def read_or_refused(body, length):
    try:
        return read_request(body, length)
    except InferenceFault as fault:
        return fault


@given(bodies())
@settings(max_examples=examples(300))
def test_any_body_is_read_or_refused(body):
    found = read_or_refused(*body)
    if isinstance(found, InferenceFault):
        assert found.status == 400
    else:
        assert all(isinstance(array, np.ndarray) for array in found.arrays.values())


@given(st.binary(max_size=64), st.sampled_from(["BYTES", "BF16", "BOOL", "FP16", "INT64"]), st.integers(0, 9))
@settings(max_examples=examples(200))
def test_binary_data_have_the_size_of_their_shape_or_are_refused(data, datatype, rows):
    item = {"name": "x", "datatype": datatype, "shape": [rows], "parameters": {"binary_data_size": len(data)}}
    head = json.dumps({"inputs": [item]}).encode()
    found = read_or_refused(head + data, len(head))
    if isinstance(found, InferenceFault):
        assert "'x'" in found.message
    else:
        array = found.arrays["x"]
        assert (array.shape, array.flags.aligned, array.flags.writeable) == ((rows,), True, True)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    home = tmp_path_factory.mktemp("limits", numbered=False)
    models = (str(write(home)["softmax"]),)
    with serving(Settings.from_environment({"FAIRREG_HOME": str(home / "home")}), models=models) as found:
        yield found


def test_no_body_is_a_fault_of_the_server(url):
    with requests.Session() as session:

        @given(bodies())
        @settings(max_examples=examples(60))
        def ask(body):
            content, length = body
            headers = {} if length is None else {"Inference-Header-Content-Length": str(length)}
            address = f"{url}/v2/models/softmax/infer"
            answer = session.post(address, content, headers=headers, timeout=60)
            assert answer.status_code in {200, 400}
            assert answer.status_code == 200 or list(answer.json()) == ["error"]

        ask()


def test_many_clients_get_their_own_answers(url):
    def ask(number):
        x = [[number, 0, 0, 0], [0, 0, 0, 0]]
        item = {"name": "x", "datatype": "FP32", "shape": [2, 4], "data": x}
        address = f"{url}/v2/models/softmax/infer"
        answer = requests.post(address, json={"inputs": [item], "id": str(number)}, timeout=60)
        assert answer.json()["id"] == str(number)
        return answer.json()["outputs"][0]["data"][0]

    count = MOST_WAITING
    with ThreadPoolExecutor(count) as pool:
        found = list(pool.map(ask, range(count)))
    np.testing.assert_allclose(found, [1 / (1 + np.exp(-number)) for number in range(count)], rtol=1e-6)


def test_a_client_that_leaves_within_its_body_does_no_harm(url):
    host, port = url.removeprefix("http://").split(":")
    head = (
        b"POST /v2/models/softmax/infer HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 100\r\n\r\n{"
        % int(port)
    )
    for _ in range(3):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head)
    assert requests.get(f"{url}/v2/health/ready", timeout=60).status_code == 200
