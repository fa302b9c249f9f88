"""Tiny models with random odd configurations of all families: Kelvin's logits of the folder and of the same model as
GGUF beside those of transformers.

Needs torch, transformers 5, numpy and gguf (PyPI), else it says SKIPPED and ends well:
    python random_models.py BIN [--seed 1] [--each 2] [FAMILY...]
BIN is where kelvin-logits is. Each line: what was drawn, the difference to transformers (float32, largest of all logits and
relative to the largest logit), and whether GGUF in F32 and in BF16 gives the bits of the folder. Where GGUF leaves out what
was drawn, it says so. Ends with 1 if a difference is above 1e-3 of the largest logit or bits differ.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    from folder_gguf import write_gguf
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils import logging
except ImportError as missing:
    print(f"SKIPPED: {missing} (pip install torch transformers numpy gguf)")
    sys.exit(0)


class Draw:
    """Random choices for one configuration; `lost` is what of them GGUF has no word for."""

    def __init__(self, seed):
        self.random, self.lost = random.Random(seed), ""

    def pick(self, *values):
        return self.random.choice(values)

    def size(self, low, high):
        return self.random.randint(low, high)

    def lose(self, what):
        self.lost = what


def sizes(d, own_head_dim=True):
    heads, head_dim = d.pick(1, 2, 3, 4, 6, 8), d.pick(2, 4, 6, 8, 10, 12, 18, 26)
    c = {"vocab_size": d.size(33, 150), "num_attention_heads": heads, "hidden_size": heads * head_dim,
         "num_key_value_heads": d.pick(*[n for n in range(1, heads + 1) if heads % n == 0]),
         "intermediate_size": d.size(5, 90), "num_hidden_layers": d.size(1, 6), "max_position_embeddings": d.pick(64, 100, 512),
         "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "rope_theta": d.pick(10000.0, 523.25, 1e6, 77777.7),
         "tie_word_embeddings": d.pick(True, False), "torch_dtype": "bfloat16"}
    if own_head_dim:
        c |= {"head_dim": head_dim, "hidden_size": heads * d.size(3, 15)}
    return c


def rms(d):
    return {"rms_norm_eps": d.pick(1e-6, 1e-5, 3e-3)}


def rope(d, c, kinds=("none", "linear", "yarn", "llama3", "dynamic")):
    kind = d.pick("none", *kinds)
    if kind == "none":
        return {}
    scaling = {"rope_type": kind, "factor": d.pick(2.0, 3.7, 8.0)}
    if kind == "yarn":
        scaling["original_max_position_embeddings"] = d.pick(16, 33)
        scaling |= d.pick({}, {"beta_fast": 20.0, "beta_slow": 2.0}, {"attention_factor": 1.25})
        if c["rope_theta"] <= 1000:
            c["rope_theta"] = 1000.5
    if kind == "llama3":
        scaling |= {"original_max_position_embeddings": 24, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
        d.lose("llama3's parameters")
    if kind == "dynamic":
        d.lose("dynamic RoPE")
        if c.get("head_dim", c["hidden_size"] // c["num_attention_heads"]) < 4:
            return {}
    return {"rope_scaling": scaling}


def experts(d, count_key):
    count = d.pick(2, 3, 8)
    return {count_key: count, "num_experts_per_tok": d.size(1, count), "moe_intermediate_size": d.size(3, 40)}


def layer_types(d, c):
    return [d.pick("full_attention", "sliding_attention") for _ in range(c["num_hidden_layers"])]


def llama(d):
    c = sizes(d) | rms(d)
    c |= rope(d, c) | {"attention_bias": d.pick(True, False), "mlp_bias": d.pick(True, False)}
    if d.pick(0, 0, 1):
        c["hidden_act"] = d.pick("gelu", "gelu_new")
        d.lose("the activation")
    return c


def mistral(d):
    c = sizes(d) | rms(d)
    return c | rope(d, c, ("linear", "yarn")) | {"sliding_window": d.pick(None, 3, 17)}


def qwen(d):
    c = sizes(d) | rms(d)
    if d.pick(0, 0, 1):
        c |= {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": d.size(0, 3)}
        d.lose("the window")
    return c | rope(d, c, ("linear", "yarn"))


def phi3(d):
    c = sizes(d, False) | rms(d) | {"sliding_window": d.pick(None, 7), "partial_rotary_factor": d.pick(1.0, 0.5, 0.75)}
    width = c["hidden_size"] // c["num_attention_heads"]
    pairs = int(width * c["partial_rotary_factor"]) // 2
    if pairs < 1 or int(width * c["partial_rotary_factor"]) % 2:
        c["partial_rotary_factor"], pairs = 1.0, width // 2
    c["original_max_position_embeddings"] = c["max_position_embeddings"]
    if d.pick(0, 1):
        c["original_max_position_embeddings"] = 32
        c["rope_scaling"] = {"type": "longrope", "short_factor": [d.pick(1.0, 1.05, 1.3) for _ in range(pairs)],
                             "long_factor": [d.pick(1.5, 2.25, 9.7) for _ in range(pairs)]}
    return c


def gemma(d):
    return sizes(d) | rms(d) | {"hidden_act": "gelu_pytorch_tanh", "tie_word_embeddings": True}


def gemma2(d):
    c = gemma(d)
    return c | {"query_pre_attn_scalar": c["head_dim"], "sliding_window": d.pick(3, 11), "attn_logit_softcapping": 7.5,
                "final_logit_softcapping": d.pick(3.25, 30.0)}


def gemma3(d):
    c = gemma(d)
    return c | rope(d, c, ("linear",)) | {"query_pre_attn_scalar": c["head_dim"], "sliding_window": d.pick(3, 11),
                                          "sliding_window_pattern": 6, "rope_local_base_freq": d.pick(10000.0, 99.5)}


def olmo3(d):
    c = sizes(d, False) | rms(d) | {"rope_theta": 500000.0, "sliding_window": d.pick(2, 9)}
    return c | {"layer_types": layer_types(d, c), "attention_bias": False}


def granite(d):
    return sizes(d, False) | rms(d) | {"attention_multiplier": d.pick(0.2, 0.0625), "embedding_multiplier": d.pick(1.0, 5.5),
                                       "residual_multiplier": d.pick(0.22, 1.0), "logits_scaling": d.pick(1.0, 3.0),
                                       "attention_bias": d.pick(True, False)}


def smollm3(d):
    return sizes(d, False) | rms(d) | {"no_rope_layer_interval": 4}


def stablelm(d):
    c = sizes(d, False) | {"layer_norm_eps": d.pick(1e-5, 1e-3), "use_qkv_bias": d.pick(True, False),
                           "use_parallel_residual": d.pick(True, False), "qk_layernorm": d.pick(True, False)}
    width = c["hidden_size"] // c["num_attention_heads"]
    return c | {"partial_rotary_factor": d.pick(1.0, *[part for part in (0.25, 0.5) if width * part % 2 == 0])}


def cohere(d):
    return sizes(d, False) | {"layer_norm_eps": d.pick(1e-5, 1e-3), "logit_scale": d.pick(0.0625, 0.7),
                              "use_qk_norm": d.pick(True, False), "tie_word_embeddings": True}


def cohere2(d):
    return sizes(d, False) | {"layer_norm_eps": d.pick(1e-5, 1e-3), "logit_scale": d.pick(0.0625, 0.7),
                              "sliding_window": d.pick(3, 10), "sliding_window_pattern": 4, "tie_word_embeddings": True}


def starcoder2(d):
    c = sizes(d, False) | {"norm_epsilon": d.pick(1e-5, 1e-3), "use_bias": d.pick(True, False), "sliding_window": None}
    if d.pick(0, 0, 1):
        c["sliding_window"] = 6
        d.lose("the window")
    return c


def mixtral(d):
    c = sizes(d) | rms(d) | experts(d, "num_local_experts") | {"sliding_window": None}
    del c["moe_intermediate_size"]
    return c


def qwen2_moe(d):
    c = sizes(d, False) | rms(d) | experts(d, "num_experts") | {"shared_expert_intermediate_size": d.size(3, 30),
                                                              "norm_topk_prob": False, "decoder_sparse_step": d.pick(1, 2)}
    return c | {"mlp_only_layers": [0] if d.pick(0, 1) and c["num_hidden_layers"] > 1 and c["decoder_sparse_step"] == 1 else []}


def qwen3_moe(d):
    c = sizes(d) | rms(d) | experts(d, "num_experts") | {"norm_topk_prob": True, "decoder_sparse_step": 1}
    return c | {"mlp_only_layers": [0] if d.pick(0, 1) and c["num_hidden_layers"] > 1 else []}


def deepseek(d):
    c = sizes(d, False) | rms(d)
    groups, of_group = d.pick((1, 6), (2, 4), (4, 3))
    kept = d.size(1, groups)
    c |= {"hidden_size": c["num_attention_heads"] * 2 * d.size(2, 8), "num_key_value_heads": c["num_attention_heads"],
          "q_lora_rank": d.pick(None, 7, 16), "kv_lora_rank": 2 * d.size(2, 10), "qk_nope_head_dim": 2 * d.size(2, 7),
          "qk_rope_head_dim": d.pick(2, 4, 8), "n_routed_experts": groups * of_group, "n_group": groups, "topk_group": kept,
          "num_experts_per_tok": d.size(1, kept * min(of_group, 2)), "moe_intermediate_size": d.size(3, 20),
          "n_shared_experts": d.pick(1, 2), "first_k_dense_replace": d.size(0, 2), "routed_scaling_factor": d.pick(1.0, 2.5)}
    c["v_head_dim"] = d.size(3, c["qk_nope_head_dim"] + c["qk_rope_head_dim"])
    if d.pick(0, 1) and c["rope_theta"] > 1000:
        scale = d.pick(1.0, 0.707)
        c["rope_scaling"] = {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32, "mscale": scale,
                             "mscale_all_dim": scale, "beta_fast": 32, "beta_slow": 1}
    return c


def deepseek2(d):
    c = deepseek(d)
    return c | {"topk_method": "group_limited_greedy" if c["n_group"] > 1 else "greedy", "norm_topk_prob": False}


def deepseek3(d):
    return deepseek(d) | {"norm_topk_prob": d.pick(True, False)}


FAMILIES = {
    "llama": ("LlamaForCausalLM", llama), "mistral": ("MistralForCausalLM", mistral), "qwen2": ("Qwen2ForCausalLM", qwen),
    "qwen3": ("Qwen3ForCausalLM", qwen), "phi3": ("Phi3ForCausalLM", phi3), "smollm3": ("SmolLM3ForCausalLM", smollm3),
    "olmo2": ("Olmo2ForCausalLM", lambda d: sizes(d, False) | rms(d)), "olmo3": ("Olmo3ForCausalLM", olmo3),
    "granite": ("GraniteForCausalLM", granite), "gemma": ("GemmaForCausalLM", gemma), "gemma2": ("Gemma2ForCausalLM", gemma2),
    "gemma3_text": ("Gemma3ForCausalLM", gemma3), "stablelm": ("StableLmForCausalLM", stablelm),
    "cohere": ("CohereForCausalLM", cohere), "cohere2": ("Cohere2ForCausalLM", cohere2),
    "starcoder2": ("Starcoder2ForCausalLM", starcoder2), "mixtral": ("MixtralForCausalLM", mixtral),
    "qwen2_moe": ("Qwen2MoeForCausalLM", qwen2_moe), "qwen3_moe": ("Qwen3MoeForCausalLM", qwen3_moe),
    "deepseek_v2": ("DeepseekV2ForCausalLM", deepseek2), "deepseek_v3": ("DeepseekV3ForCausalLM", deepseek3),
}


def randomise(model, generator):
    for name, tensor in sorted([*model.named_parameters(), *model.named_buffers()]):
        if "inv_freq" in name or tensor.dim() == 0:
            continue
        values = torch.randn(tensor.shape, generator=generator)
        if name.endswith("correction_bias"):
            values *= 0.2
        elif tensor.dim() == 1 or "layernorm.norms" in name or name.endswith(("q_norm.weight", "k_norm.weight")):
            values = 0.3 * values + (0 if name.endswith("bias") else 1)
        else:
            values *= (1.0 if "embed" in name else 1.4) / tensor.shape[-1] ** 0.5
        tensor.data.copy_(values)


def write_tokenizer(folder, size):
    """Kelvin's tools want one; none of its tokens is asked for."""
    vocabulary = {token: i for i, token in enumerate(["t", "0", "t0", *(f"<{i}>" for i in range(3, size))])}
    tokenizer = {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
                 "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": vocabulary, "merges": ["t 0"]}}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def make_folder(folder, config, seed):
    folder.mkdir()
    write_tokenizer(folder, config["vocab_size"])
    text = json.dumps(config, indent=1) + "\n"
    (folder / "config.json").write_text(text)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    randomise(model, torch.Generator().manual_seed(seed))
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "config.json").write_text(text)  # as folders on the hub spell it


def reference(folder, ids):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager",
                                                 experts_implementation="eager").eval()
    with torch.no_grad():
        return model(torch.tensor([ids]), use_cache=False).logits[0].numpy()


def kelvin(tools, model, ids, raw):
    run = subprocess.run([tools / "kelvin-logits", "--model", model, "--ids", ",".join(map(str, ids)), "--raw", raw,
                          "--weights", "f32"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if run.returncode:
        raise ValueError(run.stderr.strip().splitlines()[-1])
    return np.fromfile(raw, "<f4").reshape(len(ids), -1)


def check(tools, place, family, seed):
    """One line of the table, and whether all in it is well."""
    architecture, draw = FAMILIES[family]
    d = Draw(f"{family} {seed}")
    config = {"architectures": [architecture], "model_type": family} | draw(d)
    folder = place / f"{family}-{seed}"
    make_folder(folder, config, seed)
    length = min(config["max_position_embeddings"], 40)
    ids = [int(i) for i in np.random.default_rng(seed).integers(3, config["vocab_size"], length)]
    exact, own = reference(folder, ids), kelvin(tools, folder, ids, place / "raw")
    # Up to the trained length Kelvin turns by the short factors, the one forward of transformers by the long ones throughout.
    trained = config.get("original_max_position_embeddings", length)
    first = trained if trained < length else 0
    error, largest = np.abs(own - exact)[first:].max(), np.abs(exact).max()
    line, well = f"{error:8.1e} of {largest:7.2g}", error <= 1e-3 * max(largest, 1)
    if d.lost:
        return f"{line}  GGUF leaves out {d.lost}", well
    for kind, combined in [("F32", False), ("BF16", False)] + ([("BF16", True)] if "deepseek" in family else []):
        out = place / "model.gguf"
        write_gguf(folder, out, kind, combined=combined)
        same = np.array_equal(kelvin(tools, out, ids, place / "raw"), own)
        line, well = line + f"  {kind} {'the same' if same else 'OTHER BITS'}", well and same
    return line, well


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tools", type=pathlib.Path)
    parser.add_argument("families", nargs="*", choices=[[], *FAMILIES])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=2)
    given = parser.parse_args()
    failures = 0
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as place:
        for family in given.families or FAMILIES:
            for seed in range(given.seed, given.seed + given.each):
                try:
                    line, well = check(given.tools, pathlib.Path(place), family, seed)
                except Exception as problem:  # one model must not end the table
                    line, well = f"{type(problem).__name__}: {problem}", False
                failures += not well
                print(f"{'    ' if well else 'BAD '}{family:12} {seed:5}  {line}", flush=True)
    print(f"{failures} bad" if failures else "all well")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
