"""LoRA adapters for two models of tests/data/goldens, written by peft, and the logits of the last position of merged
models in float32. Run in this folder: python3 make.py (torch, transformers 5.24.0, peft 0.21.2)."""

import pathlib
import shutil

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent
MODELS = HERE.parent / "goldens" / "models"
IDS = [5, 9, 17, 33, 60, 101, 7, 88]


def write(name, base, dtype=torch.float32, **config):
    torch.manual_seed(len(name))
    model = AutoModelForCausalLM.from_pretrained(MODELS / base, dtype=torch.float32)
    adapted = get_peft_model(model, LoraConfig(init_lora_weights=False, task_type="CAUSAL_LM", **config))
    for key, value in adapted.named_parameters():
        if ("bias" in key or "modules_to_save" in key) and value.requires_grad:
            value.data += 0.05 * torch.randn_like(value)
        if "lora_" in key:
            value.data = (0.2 * torch.randn_like(value)).to(dtype).float()
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    if dtype != torch.float32:
        for key, value in adapted.named_parameters():
            if "lora_" in key:
                value.data = value.data.to(dtype)
    adapted.save_pretrained(folder, save_embedding_layers=False)
    for key, value in adapted.named_parameters():
        value.data = value.data.float()
    (folder / "README.md").unlink(missing_ok=True)
    merged = adapted.merge_and_unload()
    with torch.no_grad():
        logits = merged(torch.tensor([IDS])).logits[0, -1].numpy()
        plain = AutoModelForCausalLM.from_pretrained(MODELS / base, dtype=torch.float32)(torch.tensor([IDS])).logits[0, -1].detach().numpy()
    logits.astype("<f4").tofile(folder / "logits.bin")
    print(name, base, sorted(p.name for p in folder.iterdir()), "changes logits by", abs(logits - plain).max())
    (folder / "base.txt").write_text(base + "\n")
    text = (folder / "adapter_config.json").read_text().replace(str(MODELS / base), base)
    (folder / "adapter_config.json").write_text(text)


gqa, biased = "llama-gqa-llama3-bf16", "llama-mqa-linear-bias-f16"
write("plain", gqa, r=3, lora_alpha=7, target_modules=["q_proj", "down_proj"])
write("patterns-bf16", gqa, torch.bfloat16, r=2, lora_alpha=3, use_rslora=True, target_modules="all-linear",
      rank_pattern={"k_proj": 1, r"layers\.1\..*up_proj": 3}, alpha_pattern={"v_proj": 5, "model.layers.0.mlp.gate_proj": 9.5})
write("embedding", biased, r=2, lora_alpha=4, target_modules=["embed_tokens", "lm_head"])
write("whole-f16", biased, torch.float16, r=1, lora_alpha=2, target_modules=["o_proj", "v_proj"], bias="lora_only")
write("saved", biased, r=1, lora_alpha=2, target_modules=["k_proj"], modules_to_save=["norm"], bias="all")
