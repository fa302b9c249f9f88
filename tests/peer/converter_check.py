"""Folders of tiny random models with real tokenizers, and the GGUF files that llama.cpp's own convert_hf_to_gguf.py makes of
them: Kelvin's logits and token ids of both.

Needs torch, transformers 5, sentencepiece and gguf (PyPI), else it says SKIPPED and ends well:
    python converter_check.py BIN LLAMA.CPP TOKENIZERS [FAMILY...]
BIN is where kelvin-logits is, LLAMA.CPP a checkout (the source package of llama-cpp-python has one in vendor/), TOKENIZERS a
folder as ../shared/third_party/unpack.sh makes it. Ends with 1 if logits (--weights f32) differ by a bit (llama-3.1: by 1e-5),
or ids of one of 400 lines do.
"""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "real_models"))
from lines import lines

try:
    import numpy as np
    import torch
    import transformers
    from transformers.utils import logging
except ImportError as missing:
    print(f"SKIPPED: {missing} (pip install torch transformers sentencepiece gguf)")
    sys.exit(0)

SMALL = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
         "max_position_embeddings": 256, "head_dim": 16}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32, "decoder_sparse_step": 1, "mlp_only_layers": [],
           "norm_topk_prob": True}  # GGUF of qwen3moe knows no other
LLAMA3 = {"rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64}
# name: model class, tokenizer, more of its configuration
FAMILIES = {
    "llama-3.1": ("Llama", "llama31", {"rope_parameters": LLAMA3}), "smollm2": ("Llama", "smollm2", {}),
    "llama-2": ("Llama", "llama2", {}), "mistral-0.3": ("Mistral", "mistral_v03", {"sliding_window": None}),
    "qwen2.5": ("Qwen2", "qwen25", {}), "qwen3": ("Qwen3", "qwen3", {}), "qwen3moe": ("Qwen3Moe", "qwen3", EXPERTS),
    "qwen2moe": ("Qwen2Moe", "qwen25", EXPERTS | {"norm_topk_prob": False, "shared_expert_intermediate_size": 48}),
    "mixtral": ("Mixtral", "mistral_v03", {"num_local_experts": 4}),
    "olmo2": ("Olmo2", "gpt2", {}), "gemma3": ("Gemma3Text", "llama2", {"sliding_window": 16, "num_hidden_layers": 7, "query_pre_attn_scalar": 16}),
    "gemma2": ("Gemma2", "llama2", {"sliding_window": 16, "query_pre_attn_scalar": 16}), "phi3": ("Phi3", "llama2", {"pad_token_id": 0, "sliding_window": None}),
    "granite": ("Granite", "smollm2", {"logits_scaling": 4.0, "residual_multiplier": 0.5, "embedding_multiplier": 3.0}),
}

# GGUF of Gemma has no word for another query_pre_attn_scalar. The converter takes Gemma's texts to have no blank before them, whatever the tokenizer says; Gemma's own is not there.
OTHER_IDS = ("gemma2", "gemma3")


def make_folder(folder, architecture, tokenizer, more):
    shutil.copytree(tokenizer, folder)
    known = json.loads((folder / "tokenizer.json").read_text())
    size = max(known["model"]["vocab"].values() if isinstance(known["model"]["vocab"], dict) else
               range(len(known["model"]["vocab"])))
    size = max([size] + [token["id"] for token in known["added_tokens"]]) + 1
    config = getattr(transformers, f"{architecture}Config")(vocab_size=size, bos_token_id=1, eos_token_id=2, **{**SMALL, **more})
    torch.manual_seed(len(architecture) + size)
    model = getattr(transformers, f"{architecture.removesuffix('Text')}ForCausalLM")(config).float()
    for name, weight in model.named_parameters():
        torch.nn.init.normal_(weight, 1.0 if weight.dim() == 1 and "bias" not in name else 0.0, 0.1)
    model.save_pretrained(folder)
    return model, size


def main():
    logging.disable_progress_bar()
    tools, llama, tokenizers = (pathlib.Path(path).resolve() for path in sys.argv[1:4])
    asked = "".join(json.dumps({"text_b64": base64.b64encode(line.encode()).decode()}) + "\n" for line in list(lines())[:400])
    environment = os.environ | {"PYTHONPATH": str(llama / "gguf-py")}
    failed = 0

    def run(tool, model, *flags, given=""):
        done = subprocess.run([tools / tool, "--model", model, *flags], input=given.encode(), capture_output=True)
        if done.returncode:
            raise RuntimeError(done.stderr.decode().strip())
        return done.stdout

    def logits(model, ids, raw):
        run("kelvin-logits", model, "--ids", ",".join(map(str, ids)), "--raw", raw, "--weights", "f32")
        return np.fromfile(raw, "<f4")

    def ids_of(model):
        answers = run("kelvin-tokenize", model, given=asked).decode().splitlines()
        return [json.loads(answer)["ids"] for answer in answers if '"ids"' in answer]

    for name in sys.argv[4:] or FAMILIES:
        architecture, tokenizer, more = FAMILIES[name]
        with tempfile.TemporaryDirectory() as place:
            folder, file, raw = pathlib.Path(place) / "model", pathlib.Path(place) / "m.gguf", pathlib.Path(place) / "raw"
            model, size = make_folder(folder, architecture, tokenizers / tokenizer, more)
            done = subprocess.run([sys.executable, llama / "convert_hf_to_gguf.py", folder, "--outfile", file, "--outtype", "f32"],
                                  env=environment, capture_output=True)
            if done.returncode:
                print(f"{name:12} not converted: {done.stderr.decode().strip().splitlines()[-1]}", flush=True)
                continue
            ids = np.random.default_rng(7).integers(3, size, 40).tolist()
            try:
                with torch.no_grad():
                    expected = model(torch.tensor([ids])).logits[0].numpy().ravel()
                own, converted = logits(folder, ids, raw), logits(file, ids, raw)
                # The converter adds tokens until their number is what the file format wants.
                converted = converted.reshape(len(ids), -1)[:, :size].ravel()
                texts, others = ids_of(folder), ids_of(file)
                wrong = [i for i, (one, other) in enumerate(zip(texts, others)) if one != other and name not in OTHER_IDS]
                # Of Llama 3.1's frequencies the file holds the factors, rounded: that alone may move the last bits.
                bound = 1e-5 if "rope_parameters" in more else 0
                same = np.abs(own - converted).max() <= bound
                good = same and not wrong and len(texts) == len(others) == 400
                print(f"{name:12} {'ok  ' if good else 'FAIL'} folder to transformers {np.abs(own - expected).max():.2g} of "
                      f"{np.abs(expected).max():.3g}, GGUF to folder {np.abs(own - converted).max():.2g}, ids of {len(wrong)} of "
                      f"{len(texts)} lines differ {[texts[wrong[0]], others[wrong[0]]] if wrong else ''}", flush=True)
            except RuntimeError as error:
                good = False
                print(f"{name:12} FAIL {error}", flush=True)
            failed += not good
    sys.exit(failed > 0)


main()
