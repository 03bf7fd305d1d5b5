# SPDX-License-Identifier: MIT
"""A MIParT of ``torch.nn`` modules under their published names, with the authors' order of operations.

From example_MIParticleTransformer.py of USST-HEP/MIParT; it takes the features of pairs instead of vectors.
"""

import torch
from torch import nn

from fairreg.models.particle_transformer.architecture import PAIR_FEATURES


class MIParTModules(nn.Module):
    """Scores of jets (N, classes) from features (N, C, P), pairs (N, 4, P, P) and mask (N, 1, P)."""

    def __init__(self, sizes):
        super().__init__()
        width, heads, few = sizes.width, sizes.interaction_heads, sizes.heads
        self.embed = nn.Module()
        self.embed.input_bn = nn.BatchNorm1d(sizes.features)
        self.embed.embed = nn.Sequential(*_rows(sizes.features, sizes.embedding))
        self.pair_embed = nn.Module()
        first = _pair_layers(PAIR_FEATURES, sizes.pair_embedding[:-1])
        self.pair_embed.embed1 = nn.Sequential(nn.BatchNorm1d(PAIR_FEATURES), *first)
        self.pair_embed.embed2 = nn.Sequential(*_pair_layers(heads, (few,)))
        self.blocks, self.blocks2, self.cls_blocks = (
            nn.ModuleList(_Block(width, number, sizes.inner, make()) for _ in range(count))
            for count, number, make in (
                (sizes.interaction_blocks, heads, lambda: _Values(width)),
                (sizes.blocks, few, lambda: nn.MultiheadAttention(width, few)),
                (sizes.class_blocks, few, lambda: nn.MultiheadAttention(width, few)),
            )
        )
        self.norm = nn.LayerNorm(width)
        taken = (width, *sizes.hidden)
        hidden = [
            nn.Sequential(nn.Linear(*pair), nn.ReLU()) for pair in zip(taken, sizes.hidden, strict=False)
        ]
        self.fc = nn.Sequential(*hidden, nn.Linear(taken[-1], sizes.classes))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))

    def forward(self, features, pairs, mask):
        """Compute the scores."""
        count, _, slots = features.shape
        padding = mask[:, 0] == 0
        rows = self.embed.embed(self.embed.input_bn(features).permute(2, 0, 1))
        rows = rows.masked_fill(padding.T.unsqueeze(2), 0)
        many = self.pair_embed.embed1(pairs.flatten(2))
        bias = self.pair_embed.embed2(many).reshape(-1, slots, slots)
        shares = many.view(count, -1, slots, slots).masked_fill(padding[:, None, None], -torch.inf)
        shares = shares.softmax(dim=-1).flatten(0, 1)
        for block in self.blocks:
            rows = block.rest(block.attn(block.pre_attn_norm(rows), shares), rows)
        unseen = torch.zeros(padding.shape, dtype=rows.dtype).masked_fill(padding, -torch.inf)
        for block in self.blocks2:
            keys = block.pre_attn_norm(rows)
            found = block.attn(keys, keys, keys, key_padding_mask=unseen, attn_mask=bias)[0]
            rows = block.rest(found, rows)
        token = self.cls_token.expand(1, count, -1)
        unseen = nn.functional.pad(unseen, (1, 0))
        for block in self.cls_blocks:
            keys = block.pre_attn_norm(torch.cat((token, rows)))
            token = block.rest(block.attn(token, keys, keys, key_padding_mask=unseen)[0], token)
        return self.fc(self.norm(token)[0])


class _Values(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.vv = nn.Linear(width, width, bias=False)

    def forward(self, rows, shares):
        """Rows (P, N, C) that `shares` (N * heads, P, P) mix."""
        slots, count, width = rows.shape
        values = self.vv(rows.transpose(0, 1)).reshape(count, slots, len(shares) // count, -1)
        values = values.permute(0, 2, 1, 3).reshape(len(shares), slots, -1)
        return torch.bmm(shares, values).transpose(0, 1).reshape(slots, count, width)


class _Block(nn.Module):
    def __init__(self, width, heads, inner, attention):
        super().__init__()
        self.attn, self.heads = attention, heads
        self.pre_attn_norm, self.post_attn_norm, self.pre_fc_norm = (nn.LayerNorm(width) for _ in range(3))
        self.fc1, self.post_fc_norm, self.fc2 = (
            nn.Linear(width, inner),
            nn.LayerNorm(inner),
            nn.Linear(inner, width),
        )
        self.c_attn, self.w_resid = nn.Parameter(torch.ones(heads)), nn.Parameter(torch.ones(width))

    def rest(self, found, residual):
        """The block after its attention."""
        split = found.reshape(*found.shape[:2], self.heads, -1)
        scaled = torch.einsum("tbhd,h->tbdh", split, self.c_attn).reshape(found.shape)
        joined = self.post_attn_norm(scaled) + residual
        inner = nn.functional.gelu(self.fc1(self.pre_fc_norm(joined)))
        return self.fc2(self.post_fc_norm(inner)) + self.w_resid * joined


def _rows(taken, widths):
    for width in widths:
        yield from (nn.LayerNorm(taken), nn.Linear(taken, width), nn.GELU())
        taken = width


def _pair_layers(taken, widths):
    for width in widths:
        yield from (nn.Conv1d(taken, width, 1), nn.BatchNorm1d(width), nn.GELU())
        taken = width
