"""Reads an event folder with the real TensorBoard: scalars and texts by tag, as [step, value]."""

import json
import math
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

request = json.load(sys.stdin)
events = EventAccumulator(request["folder"], size_guidance={"scalars": 0, "tensors": 0})
events.Reload()
tags = events.Tags()


def number(value):
    return value if math.isfinite(value) else str(value)  # JSON has no NaN


print(
    json.dumps(
        {
            "scalars": {tag: [[e.step, number(e.value)] for e in events.Scalars(tag)] for tag in tags["scalars"]},
            "texts": {
                tag: [e.tensor_proto.string_val[0].decode() for e in events.Tensors(tag)]
                for tag in tags["tensors"]
            },
        }
    )
)
