"""Opens a model by its hub id, downloading it first where asked to: {"id", "download"} on standard input."""

import json
import os
import sys

request = json.load(sys.stdin)
# Read when the packages are imported.
os.environ["HF_HUB_OFFLINE"] = "0" if request["download"] else "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

from huggingface_hub import snapshot_download  # noqa: E402
from transformers import AutoConfig  # noqa: E402

folder = snapshot_download(request["id"])
config = AutoConfig.from_pretrained(request["id"])
links = {name: os.readlink(os.path.join(folder, name)) for name in os.listdir(folder)}
json.dump({"folder": folder, "modelType": config.model_type, "links": links}, sys.stdout)
