# SPDX-License-Identifier: MIT
"""Layers that Keras computes and nobody else here: against plain definitions in float64.

Sources: keras/src/layers (docstrings of each layer); TensorFlow, "Neural network ops: padding"; Vaswani et
al., arXiv:1706.03762 (attention); Wu and He, arXiv:1803.08494 (groups); Zhang and Sennrich, arXiv:1910.07467.
"""

from itertools import product

import numpy as np
import pytest

from fairreg.errors import ModelError
from fairreg.runners import keras as runner
from support import keras_files

pytestmark = pytest.mark.skipif(not runner.available(), reason="needs the keras extra")


@pytest.fixture(scope="module")
def keras():
    return runner.engine()


def weights_of(layer):
    return [item.value.detach().cpu().numpy().astype(float) for item in layer.weights]


def softmax(scores):
    found = np.exp(scores - scores.max(-1, keepdims=True))
    return found / found.sum(-1, keepdims=True)


def windows(x, sizes, strides, dilation, padding, fill):
    """Places of a window with what it covers, of (rows, lengths..., channels)."""
    extents = [(size - 1) * step + 1 for size, step in zip(sizes, dilation, strict=True)]
    if padding == "same":
        totals = [
            max((-(-length // stride) - 1) * stride + extent - length, 0)
            for length, extent, stride in zip(x.shape[1:-1], extents, strides, strict=True)
        ]
        sides = [(total // 2, total - total // 2) for total in totals]
        x = np.pad(x, [(0, 0), *sides, (0, 0)], constant_values=fill)
    counts = [
        (length - extent) // stride + 1
        for length, extent, stride in zip(x.shape[1:-1], extents, strides, strict=True)
    ]
    for place in np.ndindex(*counts):
        cut = [
            slice(at * stride, at * stride + extent, step)
            for at, stride, extent, step in zip(place, strides, extents, dilation, strict=True)
        ]
        yield place, counts, x[(slice(None), *cut)]


def pooled(x, sizes, strides, padding, reduce):
    found = None
    for place, counts, seen in windows(x, sizes, strides, (1,) * len(sizes), padding, np.nan):
        found = np.zeros((len(x), *counts, x.shape[-1])) if found is None else found
        found[(slice(None), *place)] = reduce(seen, axis=tuple(range(1, seen.ndim - 1)))
    return found


def convolved(x, kernel, bias, strides, dilation, padding):
    found, rank = None, kernel.ndim - 2
    for place, counts, seen in windows(x, kernel.shape[:rank], strides, dilation, padding, 0):
        found = np.zeros((len(x), *counts, kernel.shape[-1])) if found is None else found
        axes = (list(range(1, rank + 2)), list(range(rank + 1)))
        found[(slice(None), *place)] = np.tensordot(seen, kernel, axes=axes)
    return found + bias


def transposed(x, kernel, bias, stride, dilation, padding, more):
    """Each number spreads the kernel, of shape (window..., outputs, inputs); `more` is output_padding."""
    lengths, starts = [], []
    for length, size in zip(x.shape[1:-1], kernel.shape, strict=False):
        extent = (size - 1) * dilation + 1
        if more is None:
            out = length * stride + (max(extent - stride, 0) if padding == "valid" else 0)
        else:
            out = (length - 1) * stride + extent - 2 * (extent // 2 if padding == "same" else 0) + more
        lengths.append(out)
        starts.append(max((length - 1) * stride + extent - out, 0) // 2 if padding == "same" else 0)
    found = np.zeros((len(x), *lengths, kernel.shape[-2]))
    for place in np.ndindex(*x.shape[1:-1]):
        for part in np.ndindex(*kernel.shape[:-2]):
            to = [p * stride + q * dilation - s for p, q, s in zip(place, part, starts, strict=True)]
            if all(0 <= at < length for at, length in zip(to, lengths, strict=True)):
                found[(slice(None), *to)] += x[(slice(None), *place)] @ kernel[part].T
    return found + bias


def grouped(x, groups, axis, gamma, beta):
    moved = np.moveaxis(x, axis, -1)
    parts = moved.reshape(len(x), -1, groups, moved.shape[-1] // groups)
    scaled = parts - parts.mean((1, 3), keepdims=True)
    scaled = scaled / np.sqrt(parts.var((1, 3), keepdims=True) + 1e-3)
    return np.moveaxis(scaled.reshape(moved.shape) * gamma + beta, -1, axis)


def heads(inputs, weights, size):
    """MultiHeadAttention of (rows, places, features)."""
    query, value = inputs[0], inputs[1]
    key = inputs[2] if len(inputs) > 2 else value
    q, k, v = (
        np.einsum("btd,dnh->btnh", x, weights[2 * at]) + weights[2 * at + 1]
        for at, x in enumerate((query, key, value))
    )
    scores = softmax(np.einsum("btnh,bsnh->bnts", q, k) / np.sqrt(size))
    return np.einsum("bnts,bsnh,nhd->btd", scores, v, weights[6]) + weights[7]


def summed(inputs, scale, outer=1):
    """Additive attention."""
    pairs = np.tanh(outer * (inputs[0][:, :, None] + inputs[-1][:, None]))
    return softmax((scale * pairs).sum(-1)) @ inputs[1]


def dotted(one, other, axes, normalize):
    if normalize:
        one = one / np.sqrt((one**2).sum(axes[0], keepdims=True))
        other = other / np.sqrt((other**2).sum(axes[1], keepdims=True))
    rows = [np.tensordot(a, b, axes=(axes[0] - 1, axes[1] - 1)) for a, b in zip(one, other, strict=True)]
    return np.stack([row if row.ndim else row[None] for row in rows])


def channels_last(function):
    """A function of values with their channels last, for one with its channels first."""

    def apply(inputs, weights):
        return np.moveaxis(function([np.moveaxis(x, 1, -1) for x in inputs], weights), -1, 1)

    return apply


def with_windows(k):
    """Layers with windows, in both orders of the axes."""
    for order in ("channels_last", "channels_first"):
        last = order == "channels_last"

        def case(lengths, channels, make, define, last=last):
            shape = (*lengths, channels) if last else (channels, *lengths)
            return shape, make, define if last else channels_last(define)

        common = {"data_format": order}
        for padding, strides, sizes in (
            ("valid", (1, 2, 3), (2, 3, 1)),
            ("same", (2, 2, 1), (2, 3, 3)),
        ):
            yield (
                f"max {order} {padding}",
                *case((5, 6, 4), 2,
                      lambda p=padding, s=strides, z=sizes, c=common: k.MaxPooling3D(z, s, p, **c),
                      lambda xs, w, p=padding, s=strides, z=sizes: pooled(xs[0], z, s, p, np.nanmax)),
            )  # fmt: skip
            yield (
                f"convolution {order} {padding}",
                *case((5, 6, 4), 2, lambda p=padding, s=strides, z=sizes, c=common: k.Conv3D(3, z, s, p, **c),
                      lambda xs, w, p=padding, s=strides: convolved(xs[0], *w, s, (1, 1, 1), p)),
            )  # fmt: skip
        yield (
            f"average {order}",
            *case((5, 6, 4), 2, lambda c=common: k.AveragePooling3D((3, 1, 3), 1, "same", **c),
                  lambda xs, w: pooled(xs[0], (3, 1, 3), (1, 1, 1), "same", np.nanmean)),
        )  # fmt: skip
        yield (
            f"dilated {order}",
            *case((5, 4, 4), 2, lambda c=common: k.Conv3D(3, 2, dilation_rate=(2, 1, 1), padding="same", **c),
                  lambda xs, w: convolved(xs[0], *w, (1, 1, 1), (2, 1, 1), "same")),
        )  # fmt: skip
        for padding, stride, size, dilation, more in (
            ("valid", 2, 3, 1, None), ("same", 2, 3, 1, None), ("same", 3, 2, 1, None),
            ("valid", 1, 3, 2, None),
            ("same", 2, 3, 1, 1), ("same", 3, 4, 1, 0), ("valid", 2, 2, 1, 1),
        ):  # fmt: skip
            stated = {
                "strides": stride,
                "padding": padding,
                "dilation_rate": dilation,
                "output_padding": more,
            }
            for rank in (1, 2, 3) if more is None else (1,):
                kind = getattr(k, f"Conv{rank}DTranspose")
                yield (
                    f"transposed {rank} {order} {stated}",
                    *case((3, 2, 3)[:rank], 2,
                          lambda kind=kind, z=size, a=stated, c=common: kind(2, z, **a, **c),
                          lambda xs, w, s=stride, d=dilation, p=padding, m=more:
                          transposed(xs[0], *w, s, d, p, m)),
                )  # fmt: skip


def without_windows(k):
    """Layers as (name, shapes of the inputs, maker, definition of inputs and weights)."""
    for axis, groups in ((-1, 2), (-1, -1), (1, 3), (1, 1), (2, 2), (-2, 4)):
        size = (6, 4, 4)[axis - 1] if axis > 0 else (6, 4, 4)[axis]
        count = size if groups == -1 else groups
        yield (
            f"groups {axis} {groups}", (6, 4, 4), lambda a=axis, g=groups: k.GroupNormalization(g, axis=a),
            lambda xs, w, a=axis, g=count: grouped(xs[0], g, a, *w),
        )  # fmt: skip
    for axis in (-1, 1, [1, 2], [-2, -1]):
        axes = tuple(axis) if isinstance(axis, list) else axis
        yield (
            f"unit {axis}", (4, 4), lambda a=axis: k.UnitNormalization(axis=a),
            lambda xs, w, a=axes: xs[0] / np.sqrt((xs[0] ** 2).sum(a, keepdims=True)),
        )  # fmt: skip
        yield (
            f"softmax {axis}", (4, 4), lambda a=axis: k.Softmax(axis=a),
            lambda xs, w, a=axes: np.exp(xs[0]) / np.exp(xs[0]).sum(a, keepdims=True),
        )  # fmt: skip
    yield (
        "root mean square", (4, 4), lambda: k.RMSNormalization(epsilon=0.1),
        lambda xs, w: xs[0] / np.sqrt((xs[0] ** 2).mean(-1, keepdims=True) + 0.1) * w[0],
    )  # fmt: skip
    for axis, invert in product((-1, 1), (False, True)):
        yield (
            f"statistics {axis} {invert}", (4, 4), lambda a=axis, i=invert: k.Normalization(axis=a, invert=i),
            lambda xs, w, a=axis, i=invert: centred(xs[0], w[0], w[1], a, i),
        )  # fmt: skip
    yield (
        "given statistics",
        (4,),
        lambda: k.Normalization(mean=2.0, variance=4.0),
        lambda xs, w: (xs[0] - 2) / 2,
    )
    for count in (2, 3):
        shapes = [(5, 4), (6, 4), (6, 4)][:count]
        yield (
            f"attention {count}", shapes, lambda: k.Attention(use_scale=True),
            lambda xs, w: softmax(xs[0] @ np.swapaxes(xs[-1], 1, 2) * w[0]) @ xs[1],
        )  # fmt: skip
        yield (
            f"concat {count}", shapes, lambda: k.Attention(use_scale=True, score_mode="concat"),
            lambda xs, w: summed(xs, w[1], w[0]),
        )  # fmt: skip
        yield f"additive {count}", shapes, k.AdditiveAttention, lambda xs, w: summed(xs, w[0])
        yield (
            f"heads {count}", shapes, lambda: k.MultiHeadAttention(2, 3, value_dim=5, output_shape=7),
            lambda xs, w: heads(xs, w, 3),
        )  # fmt: skip
    for one, other, axes in (
        ((4,), (4,), (1, 1)), ((5, 4), (3, 4), (2, 2)), ((5, 4), (4, 3), (2, 1)), ((5, 4), (4,), (2, 1)),
        ((2, 5, 4), (4, 3), (3, 1)), ((5, 4), (5, 4), (1, 1)),
    ):  # fmt: skip
        for normal in (False, True):
            yield (
                f"dot {one} {other} {axes} {normal}", [one, other],
                lambda a=axes, n=normal: k.Dot(axes=a, normalize=n),
                lambda xs, w, a=axes, n=normal: dotted(*xs, a, n),
            )  # fmt: skip
    for equation, shape, out, axes in (
        ("ab,bc->ac", (4,), 6, "c"), ("abc,cde->abde", (5, 4), (None, 2, 3), "de"),
        ("...x,xy->...y", (5, 4), 6, None), ("abc,bd->adc", (5, 4), (6, 4), "dc"),
    ):  # fmt: skip
        yield (
            f"sum {equation}", shape, lambda e=equation, o=out, a=axes: k.EinsumDense(e, o, bias_axes=a),
            lambda xs, w, e=equation: np.einsum(e, xs[0], w[0]) + (w[1] if len(w) > 1 else 0),
        )  # fmt: skip
    for kept in (False, True):
        for name, reduce in (("GlobalMaxPooling3D", np.max), ("GlobalAveragePooling3D", np.mean)):
            yield (
                f"{name} {kept}", (3, 4, 2, 2), lambda n=name, c=kept: getattr(k, n)(keepdims=c),
                lambda xs, w, r=reduce, c=kept: r(xs[0], axis=(1, 2, 3), keepdims=c),
            )  # fmt: skip
    sides = ((0, 1), (2, 3), (1, 0))
    yield (
        "padding", (3, 4, 2, 2), lambda: k.ZeroPadding3D(sides),
        lambda xs, w: np.pad(xs[0], [(0, 0), *sides, (0, 0)]),
    )  # fmt: skip
    yield "cropping", (3, 6, 2, 2), lambda: k.Cropping3D(sides), lambda xs, w: xs[0][:, :2, 2:3, 1:]
    yield (
        "repeating", (3, 2, 2, 2), lambda: k.UpSampling3D((2, 1, 3)),
        lambda xs, w: xs[0].repeat(2, 1).repeat(3, 3),
    )  # fmt: skip
    yield (
        "bilinear", (4, 5, 2), lambda: k.UpSampling2D((2, 3), interpolation="bilinear"),
        lambda xs, w: between(between(xs[0], 1, 2), 2, 3),
    )  # fmt: skip
    yield (
        "vectors", (4, 3), lambda: k.Rescaling([1.0, 2.0, 3.0], offset=[0.0, 1.0, 2.0]),
        lambda xs, w: xs[0] * [1, 2, 3] + [0, 1, 2],
    )  # fmt: skip
    yield "different ranks", [(3,), (4, 3)], k.Add, lambda xs, w: xs[0][:, None] + xs[1]


def centred(x, mean, variance, axis, invert):
    shape = [1] * x.ndim
    shape[axis] = -1
    mean, scale = mean.reshape(shape), np.sqrt(variance).reshape(shape)
    return mean + x * scale if invert else (x - mean) / scale


def between(x, axis, factor):
    """Linear interpolation; the centres of places are half a place from their edges."""
    length = x.shape[axis]
    at = np.clip((np.arange(length * factor) + 0.5) / factor - 0.5, 0, length - 1)
    low = np.minimum(at.astype(int), length - 2)
    shape = [1] * x.ndim
    shape[axis] = -1
    part = (at - low).reshape(shape)
    return np.take(x, low, axis) * (1 - part) + np.take(x, low + 1, axis) * part


@pytest.mark.sliced(2)
@pytest.mark.parametrize("cases", [with_windows, without_windows])
def test_every_further_layer_agrees_with_its_definition(keras, tmp_path, cases):
    random, worst = np.random.default_rng(0), {}
    for name, shapes, make, define in cases(keras.layers):
        shapes = shapes if isinstance(shapes, list) else [shapes]  # noqa: PLW2901
        given = [keras.Input(shape, name=f"x{at}") for at, shape in enumerate(shapes)]
        layer = make()
        whole = layer(*given) if "heads" in name else layer(given if len(given) > 1 else given[0])
        model = keras_files.randomised(keras.Model(given, whole))
        arrays = {f"x{at}": random.normal(size=(3, *shape)).astype("f4") for at, shape in enumerate(shapes)}
        weights = weights_of(layer)
        expected = define([array.astype(float) for array in arrays.values()], weights)
        loaded = runner.load(keras_files.saved(model, tmp_path / "m.keras"))
        (found,) = loaded.run(arrays).values()
        assert found.shape == expected.shape, name
        worst[name] = float(np.max(np.abs(found - expected) / np.maximum(np.abs(expected), 1)))
    assert {name: value for name, value in worst.items() if not value < 1e-5} == {}


def masked(kind, weights, x, mask, *, backwards, zeros):
    """SimpleRNN and GRU that leave out the steps outside the mask, with the outputs of all steps."""
    if backwards:
        x, mask = x[:, ::-1], mask[:, ::-1]
    state = shown = np.zeros((len(x), weights[1].shape[0]))
    found = []
    for step in range(x.shape[1]):
        if kind == "SimpleRNN":
            made = np.tanh(x[:, step] @ weights[0] + state @ weights[1] + weights[2])
        else:
            a, b = x[:, step] @ weights[0] + weights[2][0], state @ weights[1] + weights[2][1]
            (az, ar, ah), (bz, br, bh) = np.split(a, 3, -1), np.split(b, 3, -1)
            z, r = 1 / (1 + np.exp(-az - bz)), 1 / (1 + np.exp(-ar - br))
            made = z * state + (1 - z) * np.tanh(ah + r * bh)
        inside = mask[:, step, None]
        state = np.where(inside, made, state)
        shown = np.where(inside, made, 0 if zeros else shown)
        found.append(shown if not zeros else np.where(inside, made, 0))
    return np.stack(found, 1), state


@pytest.mark.sliced(3)
@pytest.mark.parametrize("kind", ["SimpleRNN", "GRU"])
@pytest.mark.parametrize(("sequences", "both"), [(False, False), (False, True), (True, False), (True, True)])
def test_masked_steps_are_left_out(keras, tmp_path, kind, sequences, both):
    k = keras.layers
    inner = getattr(k, kind)(4, return_sequences=sequences)
    layers = [k.Masking(0.0), k.Dropout(0.2), k.Bidirectional(inner) if both else inner]
    model = keras_files.randomised(keras.Sequential([keras.Input((6, 3), name="x"), *layers]))
    x = np.random.default_rng(1).normal(size=(4, 6, 3)).astype("f4")
    x[0, 3:] = x[1, :2] = x[2, 2] = x[3] = x[2, 4, 0] = 0
    mask = (x != 0).any(-1)
    weights = weights_of(layers[-1])
    parts = []
    for turned in (False, True)[: 1 + both]:
        seen = weights[3:] if turned else weights[:3]
        every, last = masked(kind, seen, x, mask, backwards=turned, zeros=both and sequences)
        parts.append((every[:, ::-1] if turned else every) if sequences else last)
    (found,) = runner.load(keras_files.saved(model, tmp_path / "m.keras")).run({"x": x}).values()
    np.testing.assert_allclose(found, np.concatenate(parts, -1), atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "make", "words"),
    [
        (
            (5, 5),
            lambda k: k.RMSNormalization(axis=1),
            r"\(RMSNormalization\) normalises along the axis '\[1\]'",
        ),
        (
            (5, 4, 4, 2),
            lambda k: k.AveragePooling3D(2, padding="same"),
            r"\(AveragePooling3D\) averages over",
        ),
        ((4, 4, 2), lambda k: k.UpSampling2D(2, interpolation="bicubic"), "'interpolation' = 'bicubic'"),
        ((4, 2), lambda k: k.LSTM(2, return_state=True), "'return_state' = 'True'"),
        ((4, 2), lambda k: k.Bidirectional(k.LSTM(2), merge_mode=None), "'merge_mode' = 'None'"),
        ((4, 2), lambda k: k.MultiHeadAttention(1, 2, sliding_window=2), "'sliding_window' = '2'"),
        ((4, 2), lambda k: k.Dense(2, activation="sparsemax"), "'sparsemax'"),
        ((4, 2), lambda k: k.Dense(2, dtype="float16"), "'dtype'"),
    ],
)
def test_what_was_not_compared_is_refused_by_name(keras, tmp_path, shape, make, words):
    given = keras.Input(shape, name="x")
    layer = make(keras.layers)
    made = layer(given, given) if isinstance(layer, keras.layers.MultiHeadAttention) else layer(given)
    path = keras_files.saved(keras.Model(given, made), tmp_path / "m.keras")
    with pytest.raises(ModelError, match=words):
        runner.load(path)


def test_a_mask_goes_into_no_layer_that_was_not_compared_with_it(keras, tmp_path):
    k = keras.layers
    layers = [keras.Input((6, 3)), k.Masking(0.0), k.Dense(2), k.GlobalAveragePooling1D(name="mean")]
    path = keras_files.saved(keras.Sequential(layers), tmp_path / "m.keras")
    with pytest.raises(ModelError, match=r"'mean' \(GlobalAveragePooling1D\) takes a sequence with a mask"):
        runner.load(path)
