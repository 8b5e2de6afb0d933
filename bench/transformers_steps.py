"""transformers' side of the race: what its Trainer does in a step, without the Trainer's own overhead."""

import contextlib
import json
import sys
import time

import torch
from transformers import AutoModelForTokenClassification, get_linear_schedule_with_warmup

NAMES = {"inputIds": "input_ids", "attentionMask": "attention_mask", "tokenTypeIds": "token_type_ids", "labels": "labels"}


def main() -> None:
    settings = json.loads(sys.argv[1])
    torch.set_num_threads(settings["threads"])
    if "--tuned" in sys.argv:
        # Sends float32 products to oneDNN, which still computes in float32 on a CPU without AMX.
        torch.backends.mkldnn.matmul.fp32_precision = "bf16"
    with contextlib.redirect_stdout(sys.stderr):
        model = AutoModelForTokenClassification.from_pretrained(settings["folder"]).train()
    with open(f"{settings['folder']}/batches.json") as file:
        listed = json.load(file)
    known = [name for name in NAMES if name != "tokenTypeIds" or model.config.model_type == "bert"]
    batches = [{NAMES[name]: torch.tensor(batch[name]).view(*batch["shape"]) for name in known} for batch in listed]

    plain = {name for name, _ in model.named_parameters() if "bias" in name or "norm" in name.lower()}
    groups = [
        {"params": [p for n, p in model.named_parameters() if n not in plain], "weight_decay": 0.01},
        {"params": [p for n, p in model.named_parameters() if n in plain], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=5e-5, fused=True)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, settings["totalSteps"])
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=settings["bf16"])
    torch.manual_seed(42)

    def step(batch: dict[str, torch.Tensor]) -> float:
        with autocast:
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        return loss.item()

    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        first, count = map(int, line.split())
        loss = 0.0
        start = time.perf_counter()
        for batch in batches[first : first + count]:
            loss = step(batch)
        print(json.dumps({"seconds": time.perf_counter() - start, "loss": loss}), flush=True)


main()
