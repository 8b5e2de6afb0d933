"""Writes FOLDER's model as transformers.js expects it: OUT/onnx/model.onnx, and model_int8.onnx of 8-bit weights."""

import sys
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModelForTokenClassification

OPSET = 17


def main(folder: str, out: str) -> None:
    # The exporter that follows a call knows no fused attention.
    model = AutoModelForTokenClassification.from_pretrained(folder, attn_implementation="eager").eval()
    names = ["input_ids", "attention_mask"] + (["token_type_ids"] if model.config.model_type == "bert" else [])
    ids = torch.ones(2, 8, dtype=torch.long)
    inputs = {name: torch.zeros_like(ids) if name == "token_type_ids" else ids for name in names}
    target = Path(out, "onnx")
    target.mkdir(parents=True)
    cells = {0: "rows", 1: "width"}
    torch.onnx.export(
        model,
        kwargs=inputs,
        f=str(target / "model.onnx"),
        input_names=names,
        output_names=["logits"],
        dynamic_axes={name: cells for name in [*names, "logits"]},
        opset_version=OPSET,
        dynamo=False,
    )
    quantize_dynamic(target / "model.onnx", target / "model_int8.onnx", weight_type=QuantType.QInt8)


main(*sys.argv[1:])
