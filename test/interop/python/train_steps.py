"""Trains a tiny model by hand and answers the bits of everything: losses, gradient norms, parameters, random state."""

from typing import Any

import torch
from safetensors.torch import save_file

from common import adamw, bits, randomize, rng_state, serve, tensors_of, tiny_model


def train(request: dict[str, Any]) -> dict[str, Any]:
    torch.set_num_threads(request["threads"])
    torch.manual_seed(7)
    model = tiny_model(request["kind"], request["labels"], request["vocabSize"])
    randomize(model, 11)
    model.save_pretrained(f"{request['folder']}/start")
    model.train()
    optimizer = adamw(model, lr=0.0, weight_decay=request["weightDecay"])
    batches = [tensors_of(batch, request["kind"]) for batch in request["batches"]]
    torch.manual_seed(42)
    losses, norms = [], []
    for step, lr in enumerate(request["learningRates"]):
        for group in optimizer.param_groups:
            group["lr"] = lr
        loss = model(**batches[step % len(batches)]).loss
        loss.backward()
        norms.append(bits(torch.nn.utils.clip_grad_norm_(model.parameters(), request["maxGradNorm"])))
        optimizer.step()
        optimizer.zero_grad()
        losses.append(bits(loss))
    parameters = {name: parameter.detach().contiguous() for name, parameter in model.named_parameters()}
    save_file(parameters, f"{request['folder']}/end.safetensors")
    return {"losses": losses, "norms": norms, "names": list(parameters), "rngState": rng_state()}


serve(train)
