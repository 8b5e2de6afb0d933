"""Writes checkpoints as they are found in the wild, each into a folder of its own under the request's folder.

whole       save_pretrained of a token classifier and its tokenizer
vocab-only  the same model; of the tokenizer only vocab.txt and tokenizer_config.json
bare        the encoder without its prefix, as a base model is published: no classifier, and BERT's pooler
pickled     the weights as torch.save writes them, pytorch_model.bin
pickled-shards  the same in two files and an index
old-names   prefixed, LayerNorm as gamma/beta, a position_ids buffer, a masked-language head beside the classifier
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import BertTokenizer, DistilBertTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from common import randomize, serve, tiny_model


def old_names(model: PreTrainedModel, kind: str) -> dict[str, torch.Tensor]:
    tensors = {}
    for name, value in model.state_dict().items():
        old = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        tensors[old] = value.contiguous()
    positions = model.config.max_position_embeddings
    tensors[f"{kind}.embeddings.position_ids"] = torch.arange(positions)[None]
    head = "cls.predictions.transform.dense" if kind == "bert" else "vocab_transform"
    width = model.config.hidden_size
    return tensors | {f"{head}.weight": torch.ones(width, width), f"{head}.bias": torch.ones(width)}


def save_pickled(model: PreTrainedModel, folder: Path, shards: int) -> None:
    """As transformers 4 wrote weights: one torch.save, or several and an index of what lies where."""
    model.config.save_pretrained(folder)
    tensors = model.state_dict()
    if shards == 1:
        torch.save(tensors, folder / "pytorch_model.bin")
        return
    names = list(tensors)
    files = {name: f"pytorch_model-{i % shards + 1:05}-of-{shards:05}.bin" for i, name in enumerate(names)}
    for file in set(files.values()):
        torch.save({name: tensors[name] for name in names if files[name] == file}, folder / file)
    index = {"metadata": {"total_size": sum(t.nbytes for t in tensors.values())}, "weight_map": files}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index), encoding="utf-8")


def make(request: dict[str, Any]) -> dict[str, Any]:
    kind, folder = request["kind"], Path(request["folder"])
    torch.manual_seed(7)
    # Wide weights make scores that no rounding can bring to a tie.
    model = tiny_model(kind, request["labels"], len(request["vocabulary"]), initializer_range=0.3)
    randomize(model, 11)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("".join(f"{token}\n" for token in request["vocabulary"]), encoding="utf-8")
    tokenizer_class = BertTokenizer if kind == "bert" else DistilBertTokenizer
    tokenizer: PreTrainedTokenizerBase = tokenizer_class(str(vocabulary), do_lower_case=request["lowercase"], model_max_length=64)

    for name in ("whole", "bare", "pickled", "pickled-shards", "old-names"):
        tokenizer.save_pretrained(folder / name)
    model.save_pretrained(folder / "whole")
    model.base_model.save_pretrained(folder / "bare")
    save_pickled(model, folder / "pickled", 1)
    save_pickled(model, folder / "pickled-shards", 2)
    model.config.save_pretrained(folder / "old-names")
    save_file(old_names(model, kind), folder / "old-names" / "model.safetensors", metadata={"format": "pt"})

    model.save_pretrained(folder / "vocab-only")
    tokenizer.save_pretrained(folder / "vocab-only")
    (folder / "vocab-only" / "tokenizer.json").unlink()
    (folder / "vocab-only" / "vocab.txt").write_bytes(vocabulary.read_bytes())
    return {"transformersClass": type(model).__name__}


serve(make)
