# SPDX-License-Identifier: MIT
"""The Particle Transformer in PyTorch, with PyTorch's own attention.

Features of pairs are computed in float64: E^2 - p^2 of a light pair is lost in the rounding of float32.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from numpy.typing import NDArray

from fairreg.models.common.torch_weights import batch_norm, torch_weights
from fairreg.models.particle_transformer.architecture import ParticleTransformerArchitecture
from fairreg.models.particle_transformer.definition import EPSILON, FASTEST, FLOOR

__all__ = ["TorchNetwork", "network", "pair_features"]


def network(
    tensors: Mapping[str, NDArray[Any]], device: str = "cpu", kind: "type[TorchNetwork] | None" = None
) -> Callable[..., Any]:
    """Return a function of features, vectors and mask that computes probabilities (N, classes), in float32.

    `kind` has the layers.     Raises ModelError for tensors of another network.
    """
    import torch

    kind = kind or TorchNetwork
    sizes = kind.ARCHITECTURE.from_tensors(tensors)
    weights = torch_weights(tensors, device)
    built = kind(sizes, weights)
    return lambda *inputs: torch.softmax(built.logits(*inputs), dim=1)


def pair_features(vectors: Any) -> Any:
    """ln kT, ln z, ln Delta and ln m2 of all pairs, (N, P, P, 4), of vectors (N, 4, P); float64."""
    import torch

    vectors = vectors.double()
    across, along, deep, energy = vectors.unbind(1)
    momentum = torch.hypot(across, along)
    rapidity = 0.5 * torch.log(1 + 2 * deep / (energy - deep).clamp(min=FASTEST))
    angle = torch.atan2(along, across)
    turned = torch.remainder(_differences(angle) + torch.pi, 2 * torch.pi) - torch.pi
    delta = torch.hypot(_differences(rapidity), turned)
    least = torch.minimum(momentum.unsqueeze(2), momentum.unsqueeze(1))
    both = (momentum.unsqueeze(2) + momentum.unsqueeze(1)).clamp(min=FLOOR)
    total = vectors.unsqueeze(3) + vectors.unsqueeze(2)
    mass = total[:, 3].square() - total[:, :3].square().sum(1)
    return torch.stack((least * delta, least / both, delta, mass), dim=3).clamp(min=FLOOR).log()


def _differences(values: Any) -> Any:
    return values.unsqueeze(2) - values.unsqueeze(1)


class TorchNetwork:
    """The layers as functions; particles are rows (P, N, channels), as PyTorch's attention takes them."""

    ARCHITECTURE: ClassVar[type[ParticleTransformerArchitecture]] = ParticleTransformerArchitecture

    def __init__(self, sizes: ParticleTransformerArchitecture, weights: Mapping[str, Any]) -> None:
        self._sizes, self._weights = sizes, weights

    def logits(self, features: Any, vectors: Any, mask: Any) -> Any:
        """Class scores before the softmax."""
        import torch

        if not len(features):  # torch's attention cannot divide nothing into heads
            return features.new_zeros((0, self._sizes.classes))

        padding = mask[:, 0] == 0
        features, vectors = (item.masked_fill(padding.unsqueeze(1), 0) for item in (features, vectors))
        rows = batch_norm(self._weights, "embed.input_bn", features).permute(2, 0, 1)
        for index in range(len(self._sizes.embedding)):
            rows = self._layer_norm(f"embed.embed.{3 * index}", rows)
            rows = self._gelu(self._linear(f"embed.embed.{3 * index + 1}", rows))
        pairs = pair_features(vectors).float().permute(0, 3, 1, 2)
        rows = self._through_blocks(rows, pairs, padding[:, None, None, :])
        token = self._weights["cls_token"].expand(1, len(features), -1)
        seen = torch.nn.functional.pad(padding, (1, 0))
        for index in range(self._sizes.class_blocks):
            name = f"cls_blocks.{index}"
            keys = self._layer_norm(f"{name}.pre_attn_norm", torch.cat((token, rows)))
            token = self._rest(name, token, self._attention(name, token, keys, None, seen))
        return self._classify(self._layer_norm("norm", token)[0])

    def _through_blocks(self, rows: Any, pairs: Any, padding: Any) -> Any:
        """Particles after the blocks that change them; `pairs` are their features (N, 4, P, P)."""
        pairs = batch_norm(self._weights, "pair_embed.embed.0", pairs)
        pairs = self._pair_layers("pair_embed.embed", 1, len(self._sizes.pair_embedding), pairs)
        return self._particle_blocks("blocks", rows, pairs, padding)

    def _pair_layers(self, name: str, first: int, count: int, pairs: Any) -> Any:
        """Pairs (N, channels, P, P) after `count` layers, of which the first is at `first`."""
        from torch.nn.functional import conv2d

        for place in range(first, first + 3 * count, 3):
            weight, bias = (self._weights[f"{name}.{place}.{part}"] for part in ("weight", "bias"))
            pairs = conv2d(pairs, weight.unsqueeze(3), bias)
            pairs = self._gelu(batch_norm(self._weights, f"{name}.{place + 1}", pairs))
        return pairs

    def _particle_blocks(self, room: str, rows: Any, pairs: Any, padding: Any) -> Any:
        """Particles after the blocks under `room`; `pairs` (N, heads, P, P) are added to the logits."""
        import torch

        bias = pairs.masked_fill(padding, -torch.inf).flatten(0, 1)
        for index in range(self._sizes.blocks):
            name = f"{room}.{index}"
            normed = self._layer_norm(f"{name}.pre_attn_norm", rows)
            rows = self._rest(name, rows, self._attention(name, normed, normed, bias, None))
        return rows

    def _attention(self, name: str, queries: Any, keys: Any, bias: Any, padding: Any) -> Any:
        from torch.nn.functional import multi_head_attention_forward

        found, _ = multi_head_attention_forward(
            queries,
            keys,
            keys,
            self._sizes.width,
            self._sizes.heads,
            self._weights[f"{name}.attn.in_proj_weight"],
            self._weights[f"{name}.attn.in_proj_bias"],
            None,
            None,
            False,  # noqa: FBT003  the function's own order: no zero attention
            0.0,
            self._weights[f"{name}.attn.out_proj.weight"],
            self._weights[f"{name}.attn.out_proj.bias"],
            training=False,
            key_padding_mask=padding,
            need_weights=False,
            attn_mask=bias,
        )
        return found

    def _rest(self, name: str, residual: Any, found: Any) -> Any:
        """The block after its attention; heads end up interleaved."""
        heads = self._weights[f"{name}.c_attn"].unsqueeze(1)
        split = found.reshape(*found.shape[:2], len(heads), -1) * heads
        scaled = split.transpose(2, 3).reshape(found.shape)
        joined = self._layer_norm(f"{name}.post_attn_norm", scaled) + residual
        found = self._gelu(self._linear(f"{name}.fc1", self._layer_norm(f"{name}.pre_fc_norm", joined)))
        found = self._linear(f"{name}.fc2", self._layer_norm(f"{name}.post_fc_norm", found))
        return found + self._weights[f"{name}.w_resid"] * joined

    def _classify(self, value: Any) -> Any:
        for index in range(len(self._sizes.hidden)):
            value = self._linear(f"fc.{index}.0", value).relu()
        return self._linear(f"fc.{len(self._sizes.hidden)}", value)

    def _gelu(self, value: Any) -> Any:
        from torch.nn.functional import gelu

        return gelu(value)

    def _linear(self, name: str, value: Any) -> Any:
        return value @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _layer_norm(self, name: str, value: Any) -> Any:
        from torch.nn.functional import layer_norm

        weight, bias = (self._weights[f"{name}.{part}"] for part in ("weight", "bias"))
        return layer_norm(value, weight.shape, weight, bias, EPSILON)
