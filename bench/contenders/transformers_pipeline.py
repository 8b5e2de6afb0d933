"""transformers' pipeline, text in, entities out."""

import time
from typing import Any

import torch
from transformers import pipeline

from serve import Work, serve


def prepare(settings: dict[str, Any]) -> Work:
    torch.set_num_threads(settings["threads"])
    if settings["variant"] == "onednn":
        # Sends float32 products to oneDNN, which still computes in float32 on a CPU without AMX.
        torch.backends.mkldnn.matmul.fp32_precision = "bf16"
    dtype = torch.bfloat16 if settings["variant"] == "bf16" else torch.float32
    pipe = pipeline("ner", settings["folder"], device="cpu", dtype=dtype)

    def work(request: dict[str, Any]) -> dict[str, Any]:
        seconds = []
        for inputs in request["calls"]:
            start = time.perf_counter()
            pipe(inputs, batch_size=settings["batchSize"])
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}

    return work


serve(prepare)
