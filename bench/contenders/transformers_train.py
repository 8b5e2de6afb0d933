"""transformers' training steps: what its Trainer does in a step, without the Trainer's own overhead."""

import json
import time
from typing import Any

import torch
from transformers import AutoModelForTokenClassification, get_linear_schedule_with_warmup

from serve import Work, serve

NAMES = {"inputIds": "input_ids", "attentionMask": "attention_mask", "tokenTypeIds": "token_type_ids", "labels": "labels"}


def prepare(settings: dict[str, Any]) -> Work:
    variant = settings["variant"]
    torch.set_num_threads(settings["threads"])
    if variant == "onednn":
        # Sends float32 products to oneDNN, which still computes in float32 on a CPU without AMX.
        torch.backends.mkldnn.matmul.fp32_precision = "bf16"
    model = AutoModelForTokenClassification.from_pretrained(settings["folder"]).train()
    batches = read_batches(settings["batches"], model.config.model_type)
    optimizer = adamw(model)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, settings["totalSteps"])
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=variant == "bf16")
    # Widths differ from batch to batch: without `dynamic` each would be compiled anew.
    forward = torch.compile(model, dynamic=True) if variant == "compile" else model
    torch.manual_seed(42)

    def step(batch: dict[str, torch.Tensor]) -> float:
        with autocast:
            loss = forward(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        return loss.item()

    def work(request: dict[str, Any]) -> dict[str, Any]:
        loss = 0.0
        start = time.perf_counter()
        for i in request["steps"]:
            loss = step(batches[i])
        return {"seconds": time.perf_counter() - start, "loss": loss}

    return work


def read_batches(path: str, model_type: str) -> list[dict[str, torch.Tensor]]:
    """DistilBERT knows no token types."""
    known = [name for name in NAMES if name != "tokenTypeIds" or model_type == "bert"]
    with open(path) as file:
        listed = json.load(file)
    return [{NAMES[name]: torch.tensor(batch[name]).view(*batch["shape"]) for name in known} for batch in listed]


def adamw(model: torch.nn.Module) -> torch.optim.AdamW:
    """The Trainer's optimizer and its groups."""
    plain = {name for name, _ in model.named_parameters() if "bias" in name or "norm" in name.lower()}
    groups = [
        {"params": [p for n, p in model.named_parameters() if n not in plain], "weight_decay": 0.01},
        {"params": [p for n, p in model.named_parameters() if n in plain], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=5e-5, fused=True)


serve(prepare)
