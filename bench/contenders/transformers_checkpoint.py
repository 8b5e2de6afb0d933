"""Seconds between a step of transformers' Trainer and the end of its checkpoint."""

import shutil
import time
from typing import Any

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer, Trainer, TrainerCallback, TrainingArguments

from serve import Work, serve


class Clock(TrainerCallback):
    start = seconds = 0.0

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.start = time.perf_counter()

    def on_save(self, *_: Any, **__: Any) -> None:
        self.seconds = time.perf_counter() - self.start


def prepare(settings: dict[str, Any]) -> Work:
    torch.set_num_threads(settings["threads"])
    tokenizer = AutoTokenizer.from_pretrained(settings["folder"])
    model = AutoModelForTokenClassification.from_pretrained(settings["folder"])
    ids = tokenizer("Angela Merkel visited Paris .")["input_ids"]
    rows = [{"input_ids": ids, "attention_mask": [1] * len(ids), "labels": [0] * len(ids)}] * 16

    def work(_: dict[str, Any]) -> dict[str, Any]:
        shutil.rmtree(settings["output"], ignore_errors=True)
        clock = Clock()
        Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=settings["output"],
                max_steps=1,
                save_steps=1,
                per_device_train_batch_size=16,
                report_to="none",
                disable_tqdm=True,
                use_cpu=True,
            ),
            train_dataset=rows,
            processing_class=tokenizer,
            callbacks=[clock],
        ).train()
        return {"seconds": clock.seconds}

    return work


serve(prepare)
