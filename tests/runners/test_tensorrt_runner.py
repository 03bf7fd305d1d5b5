# SPDX-License-Identifier: MIT
"""The TensorRT runner on a GPU in host memory: copies, memory, errors, and what is released when."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from fairreg.errors import ModelError
from fairreg.runners import _cuda, devices, tensorrt
from fairreg.runners.batching import Batching
from support.gpu import HostGpu, HostTensorRT
from support.graphs import model

RELEASED = ["context gone", "engine gone", "Free", "Free", "StreamDestroy"]


@pytest.fixture
def gpu(monkeypatch):
    found = HostGpu()
    install(monkeypatch, found)
    return found


def install(monkeypatch, gpu):
    """Make `gpu` the one that fairreg finds."""
    monkeypatch.setattr(_cuda, "_runtime", lambda: gpu)
    monkeypatch.setattr(tensorrt, "_engine", lambda: HostTensorRT(gpu))


def runner(**options):
    return tensorrt.TensorRTRunner(b"plan", batching=Batching(4, "stated"), precision="float32", **options)


def rows(count, first=0):
    return np.arange(first, first + 3 * count, dtype=np.float32).reshape(count, 3)


def test_outputs_are_those_of_the_plan_for_batches_of_any_size(gpu):
    with runner() as loaded:
        for count in (1, 4, 2, 7, 0):
            given = rows(count)
            np.testing.assert_array_equal(loaded.run({"x": given})["y"], 2 * given)
    assert (loaded.device, loaded.batch_size) == ("cuda:0", 4)


def test_an_output_is_not_changed_by_the_next_run(gpu):
    with runner() as loaded:
        first = loaded.run({"x": rows(2)})["y"]
        loaded.run({"x": rows(2, first=50)})
    np.testing.assert_array_equal(first, 2 * rows(2))


def test_close_releases_everything_once_in_the_order_that_the_engine_wants(gpu):
    loaded = runner()
    loaded.run({"x": rows(3)})
    gpu.events.clear()
    loaded.close()
    loaded.close()
    assert gpu.events == RELEASED
    assert (gpu.memory, gpu.pinned) == ({}, {})


def test_a_closed_runner_says_so(gpu):
    loaded = runner()
    loaded.close()
    with pytest.raises(ModelError, match="closed"):
        loaded.run({"x": rows(1)})


def test_the_last_reference_releases_everything(gpu):
    loaded = runner()
    loaded.run({"x": rows(3)})
    gpu.events.clear()
    del loaded
    assert gpu.events == RELEASED


def test_a_forked_process_does_not_release_what_is_not_its_own(gpu, monkeypatch):
    loaded = runner()
    gpu.events.clear()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    loaded.close()
    assert gpu.events == []


def test_the_memory_grows_and_is_not_kept_twice(gpu):
    with runner() as loaded:
        for count in (1, 3, 2, 4):
            loaded.run({"x": rows(count)})
        assert sorted(map(len, gpu.memory.values())) == [48, 48]


def test_too_little_memory_is_said_in_the_words_of_cuda(monkeypatch):
    install(monkeypatch, HostGpu(limit=8))
    with runner() as loaded, pytest.raises(ModelError, match="cudaMalloc failed on the GPU: out of memory"):
        loaded.run({"x": rows(1)})


def test_the_engines_own_reason_is_said(gpu, monkeypatch):
    monkeypatch.setattr(tensorrt, "_engine", lambda: HostTensorRT(gpu, most=2))
    with runner() as loaded, pytest.raises(ModelError, match="the profile ends before"):
        loaded.run({"x": rows(3)})


def test_a_damaged_plan_is_said_and_leaves_nothing_behind(gpu):
    with pytest.raises(ModelError, match="cannot load its own plan: the plan is damaged"):
        tensorrt.TensorRTRunner(b"rubbish", batching=Batching(4, "stated"), precision="float32")
    assert gpu.events == ["StreamCreate", "StreamDestroy"]


def test_a_damaged_plan_in_the_cache_is_built_again(gpu, monkeypatch, tmp_path):
    monkeypatch.setattr(tensorrt, "available", lambda: True)
    monkeypatch.setattr(devices, "_counted", lambda: (2, ""))
    monkeypatch.setattr(tensorrt, "build", lambda *_, **__: b"plan")
    doubled = model("y = Add(x, x)", "float[n,3] x").SerializeToString()
    for _ in range(2):
        with tensorrt.load(doubled, engines=tmp_path, device="cuda:1") as loaded:
            np.testing.assert_array_equal(loaded.run({"x": rows(2)})["y"], 2 * rows(2))
            assert loaded.device == "cuda:1"
        (kept,) = tmp_path.iterdir()
        assert kept.read_bytes() == b"plan"
        kept.write_bytes(b"rubbish")


def test_every_thread_computes_on_the_gpu_of_the_runner_and_waits_for_the_others(gpu):
    found = {}
    with runner(device=devices.Device("cuda", 3)) as loaded:
        gpu.device = 0

        def compute(number):
            found[number] = loaded.run({"x": rows(2, first=number)})["y"]

        threads = [Thread(target=compute, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert gpu.device == 3
    for number, outputs in found.items():
        np.testing.assert_array_equal(outputs, 2 * rows(2, first=number))


def test_at_the_end_of_the_interpreter_everything_is_released_without_a_word():
    program = """
import atexit
from support.gpu import HostGpu, HostTensorRT
from fairreg.runners import _cuda, tensorrt
gpu = HostGpu()
_cuda._runtime, tensorrt._engine = lambda: gpu, lambda: HostTensorRT(gpu)
atexit.register(lambda: print(gpu.events[-5:], len(gpu.memory)))  # runs after what was registered later
from fairreg.runners.batching import Batching
kept = tensorrt.TensorRTRunner(b"plan", batching=Batching(4, "stated"), precision="float32")
import numpy as np
kept.run({"x": np.ones((2, 3), "f4")})
"""
    paths = [str(Path(__file__).parents[1]), *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        check=True,
    )
    assert (done.stdout.strip(), done.stderr) == (f"{RELEASED} 0", "")


def test_rows_of_a_graph_that_sees_them_together_are_not_cut(gpu, monkeypatch):
    monkeypatch.setattr(tensorrt, "available", lambda: True)
    monkeypatch.setattr(devices, "_counted", lambda: (1, ""))
    built = []
    monkeypatch.setattr(tensorrt, "build", lambda *_, batch_size, **__: built.append(batch_size) or b"plan")
    for body, size in (("y = Softmax<axis=0>(x)", None), ("y = Add(x, x)", 128)):
        with tensorrt.load(model(body, "float[n,3] x").SerializeToString()) as loaded:
            assert loaded.batch_size == size
    assert built == [128, 128]
