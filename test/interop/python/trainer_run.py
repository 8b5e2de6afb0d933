"""Fine-tunes a folder's model with transformers' own Trainer and answers its log; the parameters go into a file."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    EvalPrediction,
    PreTrainedTokenizerBase,
    Trainer,
    TrainingArguments,
    set_seed,
)

from common import rng_state, serve

Encoded = dict[str, list[int]]


def encode(tokenizer: PreTrainedTokenizerBase, sentence: dict[str, list[str]], labels: list[str]) -> Encoded:
    """The first piece of a word carries its label."""
    encoded = tokenizer(sentence["tokens"], is_split_into_words=True, truncation=True)
    words = encoded.word_ids()
    encoded["labels"] = [
        -100 if word is None or word == words[i - 1] else labels.index(sentence["nerTags"][word])
        for i, word in enumerate(words)
    ]
    return dict(encoded)


def metrics_for(labels: list[str]) -> Any:
    def compute(prediction: EvalPrediction) -> dict[str, float]:
        rows = list(zip(np.argmax(prediction.predictions, axis=2), prediction.label_ids))
        predicted = [[labels[p] for p, l in zip(*row) if l != -100] for row in rows]
        gold = [[labels[l] for _, l in zip(*row) if l != -100] for row in rows]
        scores = {"precision": precision_score, "recall": recall_score, "f1": f1_score, "accuracy": accuracy_score}
        return {name: float(score(gold, predicted)) for name, score in scores.items()}

    return compute


def token_weighted_loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: torch.Tensor) -> torch.Tensor:
    """The mean over all label tokens of an update; BERT's own loss leaves `num_items_in_batch` unused."""
    flat = torch.nn.functional.cross_entropy(outputs.logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return flat / num_items_in_batch


def train(request: dict[str, Any]) -> dict[str, Any]:
    torch.set_num_threads(request["threads"])
    labels = request["labels"]
    tokenizer = AutoTokenizer.from_pretrained(request["start"])
    set_seed(request["arguments"]["seed"])  # a classifier that the folder lacks is drawn here
    names = dict(id2label=dict(enumerate(labels)), label2id={name: i for i, name in enumerate(labels)})
    model = AutoModelForTokenClassification.from_pretrained(request["start"], **names)
    accumulation = request["accumulation"]
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=f"{request['folder']}/theirs",
            use_cpu=True,
            report_to="none",
            disable_tqdm=True,
            **request["arguments"],
        ),
        train_dataset=[encode(tokenizer, sentence, labels) for sentence in request["train"]],
        eval_dataset=[encode(tokenizer, sentence, labels) for sentence in request["validation"]],
        data_collator=DataCollatorForTokenClassification(tokenizer),
        processing_class=tokenizer,
        compute_metrics=metrics_for(labels),
        compute_loss_func=token_weighted_loss if accumulation == "token" else None,
    )
    if accumulation == "mean":
        trainer.model_accepts_loss_kwargs = False  # as for a model of transformers 4
    trainer.train()
    parameters = {name: parameter.detach().contiguous() for name, parameter in model.named_parameters()}
    save_file(parameters, f"{request['folder']}/end.safetensors")
    state = trainer.state
    best = {"best_global_step": state.best_global_step, "best_metric": state.best_metric}
    return {
        "log": state.log_history,
        "rngState": rng_state(),
        "best": {**best, "best_model_checkpoint": Path(state.best_model_checkpoint or "").name},
        "checkpoints": sorted(path.name for path in Path(trainer.args.output_dir).glob("checkpoint-*")),
    }


serve(train)
