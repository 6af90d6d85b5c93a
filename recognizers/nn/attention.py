"""Self-attention over the frames of a clip (Vaswani et al., NeurIPS 2017), normalised before each part."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class SelfAttention(nn.Module):
    """Every frame asks all frames: `(N, T, D)` → `(N, T, D)`."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.asked = nn.Linear(width, 3 * width)
        self.told = nn.Linear(width, width)

    def forward(self, frames: Tensor) -> Tensor:
        parts = self.asked(frames).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        heard = F.scaled_dot_product_attention(query, key, value, dropout_p=self.dropout if self.training else 0.0)
        told: Tensor = self.told(heard.transpose(1, 2).flatten(2))
        return told


class AttentionBlock(nn.Module):
    """Attention, then a layer of its own for each frame; each is added to what it was given."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.norm_a = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads, dropout)
        self.norm_b = nn.LayerNorm(width)
        self.layer = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Dropout(dropout), nn.Linear(inner, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, frames: Tensor) -> Tensor:
        frames = frames + self.dropout(self.attention(self.norm_a(frames)))
        given: Tensor = frames + self.dropout(self.layer(self.norm_b(frames)))
        return given
