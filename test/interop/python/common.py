"""What the interop scripts share: JSON in, JSON out, tiny models, batches, bits."""

import json
import struct
import sys
from contextlib import redirect_stdout
from typing import Any, Callable

import torch
from transformers import (
    BertConfig,
    BertForTokenClassification,
    DistilBertConfig,
    DistilBertForTokenClassification,
    PreTrainedModel,
)

Batch = dict[str, torch.Tensor]


def serve(answer: Callable[[dict[str, Any]], Any]) -> None:
    """Answers the one request on standard input; what libraries print goes to standard error."""
    request = json.load(sys.stdin)
    with redirect_stdout(sys.stderr):
        result = answer(request)
    json.dump(result, sys.stdout)


def tiny_model(kind: str, labels: list[str], vocab_size: int, **changes: Any) -> PreTrainedModel:
    """4 layers, 4 heads, 64 wide, dropout 0.1: small, yet every operation of the real sizes is there."""
    names = dict(id2label=dict(enumerate(labels)), label2id={name: i for i, name in enumerate(labels)})
    if kind == "bert":
        sizes: dict[str, Any] = dict(
            hidden_size=64, num_hidden_layers=4, num_attention_heads=4, intermediate_size=160, max_position_embeddings=64
        )
        return BertForTokenClassification(BertConfig(vocab_size=vocab_size, **{**sizes, **changes}, **names))
    sizes = dict(dim=64, n_layers=4, n_heads=4, hidden_dim=160, max_position_embeddings=64)
    return DistilBertForTokenClassification(DistilBertConfig(vocab_size=vocab_size, **{**sizes, **changes}, **names))


def randomize(model: PreTrainedModel, seed: int) -> None:
    """Moves biases and LayerNorm weights off their initial 0 and 1, which would hide faults."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)


def tensors_of(batch: dict[str, Any], kind: str) -> Batch:
    """A batch of the request: row-major lists with a shape. DistilBERT knows no token types."""
    rows, width = batch["shape"]
    names = {"inputIds": "input_ids", "attentionMask": "attention_mask", "tokenTypeIds": "token_type_ids", "labels": "labels"}
    if kind == "distilbert":
        del names["tokenTypeIds"]
    return {theirs: torch.tensor(batch[ours]).view(rows, width) for ours, theirs in names.items() if ours in batch}


def adamw(model: PreTrainedModel, lr: float, weight_decay: float) -> torch.optim.AdamW:
    """The optimizer that transformers' Trainer makes by default."""
    plain = {name for name, _ in model.named_parameters() if "bias" in name or "norm" in name.lower()}
    groups = [
        {"params": [p for n, p in model.named_parameters() if n not in plain], "weight_decay": weight_decay},
        {"params": [p for n, p in model.named_parameters() if n in plain], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.999), eps=1e-8, fused=True)


def bits(value: torch.Tensor) -> str:
    """A float32 scalar as the hexadecimal of its bits."""
    return struct.pack(">f", value.item()).hex()


def rng_state() -> str:
    return bytes(torch.get_rng_state().tolist()).hex()
