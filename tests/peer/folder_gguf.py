"""Write a Hugging Face folder as GGUF the way llama.cpp's converter does, for comparisons.

Needs numpy and gguf (PyPI):  python folder_gguf.py FOLDER OUT.gguf [F32|F16|BF16|Q8_0|Q4_0] [--combined]
Types other than F32 are for matrices. --combined keeps DeepSeek's kv_b_proj in one, as files before April 2025 do.
A byte-level tokenizer.json is taken over; --pre names how it cuts text (default llama-bpe). Without one the
vocabulary is a dummy, so that llama.cpp can be given token ids.
"""
import argparse
import json
import pathlib
import struct

import gguf
import numpy as np
from gguf.quants import quantize

COMMON = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
          "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
          "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
          "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
SANDWICH = {"post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
            "post_feedforward_layernorm": "post_ffw_norm"}
QWEN_EXPERTS = {"mlp.gate": "ffn_gate_inp", "mlp.experts.gate_proj": "ffn_gate_exps",
                "mlp.experts.up_proj": "ffn_up_exps", "mlp.experts.down_proj": "ffn_down_exps",
                "mlp.shared_expert_gate": "ffn_gate_inp_shexp", "mlp.shared_expert.gate_proj": "ffn_gate_shexp",
                "mlp.shared_expert.up_proj": "ffn_up_shexp", "mlp.shared_expert.down_proj": "ffn_down_shexp"}
MIXTRAL = {"block_sparse_moe.gate": "ffn_gate_inp", "block_sparse_moe.experts.w1": "ffn_gate_exps",
           "block_sparse_moe.experts.w3": "ffn_up_exps", "block_sparse_moe.experts.w2": "ffn_down_exps"}

DEEPSEEK = {"self_attn.q_a_proj": "attn_q_a", "self_attn.q_a_layernorm": "attn_q_a_norm", "self_attn.q_b_proj": "attn_q_b",
            "self_attn.kv_a_proj_with_mqa": "attn_kv_a_mqa", "self_attn.kv_a_layernorm": "attn_kv_a_norm",
            "self_attn.kv_b_proj": "attn_kv_b", "mlp.gate": "ffn_gate_inp", "mlp.experts.gate_proj": "ffn_gate_exps",
            "mlp.experts.up_proj": "ffn_up_exps", "mlp.experts.down_proj": "ffn_down_exps",
            "mlp.shared_experts.gate_proj": "ffn_gate_shexp", "mlp.shared_experts.up_proj": "ffn_up_shexp",
            "mlp.shared_experts.down_proj": "ffn_down_shexp"}

# architecture: name in GGUF, rows of q and k in pairs, 1 added to norms, own modules
FAMILIES = {
    "LlamaForCausalLM": ("llama", True, False, {}), "MistralForCausalLM": ("llama", True, False, {}),
    "InternLM3ForCausalLM": ("llama", True, False, {}), "Olmo3ForCausalLM": ("olmo2", False, False, SANDWICH),
    "DeepseekV2ForCausalLM": ("deepseek2", False, False, DEEPSEEK),
    "DeepseekV3ForCausalLM": ("deepseek2", False, False, DEEPSEEK), "MixtralForCausalLM": ("llama", True, False, MIXTRAL),
    "Qwen2ForCausalLM": ("qwen2", False, False, {}), "Qwen3ForCausalLM": ("qwen3", False, False, {}),
    "Qwen2MoeForCausalLM": ("qwen2moe", False, False, QWEN_EXPERTS),
    "Qwen3MoeForCausalLM": ("qwen3moe", False, False, QWEN_EXPERTS),
    "Phi3ForCausalLM": ("phi3", False, False, {"self_attn.qkv_proj": "attn_qkv", "mlp.gate_up_proj": "ffn_up"}),
    "GemmaForCausalLM": ("gemma", False, True, {}), "Gemma2ForCausalLM": ("gemma2", False, True, SANDWICH),
    "Gemma3ForCausalLM": ("gemma3", False, True, SANDWICH), "Olmo2ForCausalLM": ("olmo2", False, False, SANDWICH),
    "GraniteForCausalLM": ("granite", True, False, {}), "SmolLM3ForCausalLM": ("smollm3", True, False, {}),
    "StableLmForCausalLM": ("stablelm", False, False, {}), "CohereForCausalLM": ("command-r", False, False, {}),
    "Cohere2ForCausalLM": ("cohere2", False, False, {}),
    "Starcoder2ForCausalLM": ("starcoder2", False, False, {"mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"}),
}


def tensors_of(folder):
    for path in sorted(folder.glob("*.safetensors")):
        data = path.read_bytes()
        length = struct.unpack("<Q", data[:8])[0]
        for name, entry in json.loads(data[8:8 + length]).items():
            if name == "__metadata__":
                continue
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            kind = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}[entry["dtype"]]
            x = np.frombuffer(data[begin:end], dtype=kind).reshape(entry["shape"])
            if entry["dtype"] == "BF16":
                x = (x.astype(np.uint32) << 16).view(np.float32)
            yield name, x.astype(np.float32)


def in_pairs(x, heads):
    """Hugging Face rotates the halves of a head, Llama's GGUF neighbours."""
    return x.reshape(heads, 2, x.shape[0] // heads // 2, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape)


def latent_parts(x, config):
    """kv_b_proj as later converters split it: keys transposed, values as they are, both by head."""
    heads, key, value = (config[name] for name in ("num_attention_heads", "qk_nope_head_dim", "v_head_dim"))
    both = x.reshape(heads, key + value, -1)
    return {"attn_k_b": np.ascontiguousarray(both[:, :key].swapaxes(1, 2)), "attn_v_b": both[:, key:]}


def gguf_tensors(folder, config, family, combined):
    _, paired, plus_one, own = family
    heads, experts = config["num_attention_heads"], {}
    kv_heads = config.get("num_key_value_heads") or heads
    for name, x in tensors_of(folder):
        if ".rotary_emb." in name:
            continue
        stem, suffix = name.rsplit(".", 1)
        if paired and stem.endswith(("q_proj", "k_proj")):
            x = in_pairs(x, heads if stem.endswith("q_proj") else kv_heads)
        if plus_one and stem.endswith("norm"):
            x = x + np.float32(1)
        outer = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}.get(stem)
        if outer:
            yield f"{outer}.{suffix}", x
            continue
        _, _, layer, module = stem.split(".", 3)
        if suffix == "e_score_correction_bias":
            yield f"blk.{layer}.exp_probs_b.bias", x
            continue
        if module == "self_attn.kv_b_proj" and not combined:
            for part, numbers in latent_parts(x, config).items():
                yield f"blk.{layer}.{part}.weight", numbers
            continue
        for many in (".experts.", ".norms."):
            if many in module:
                head, rest = module.split(many)
                number, _, leaf = rest.partition(".")
                experts.setdefault((layer, f"{head}{many}{leaf}".rstrip("."), suffix), {})[int(number)] = x
                break
        else:
            if stem.endswith("shared_expert_gate"):
                x = x.reshape(-1)
            yield f"blk.{layer}.{ {**COMMON, **own}[module]}.{suffix}", x
    for (layer, module, suffix), parts in experts.items():
        module = {"self_attn.q_layernorm.norms": "attn_q_norm", "self_attn.k_layernorm.norms": "attn_k_norm"}.get(
            module) or own[module]
        yield f"blk.{layer}.{module}.{suffix}", np.stack([parts[i] for i in range(len(parts))])


def llama3_divisors(theta, dim, rope):
    """As the converter computes them: the length is 8192 whatever rope_scaling says."""
    wavelengths = 2 * np.pi * theta ** (np.arange(0, dim, 2, dtype=np.float64) / dim)
    low, high, factor = rope["low_freq_factor"], rope["high_freq_factor"], rope["factor"]
    smooth = np.clip((rope["original_max_position_embeddings"] / wavelengths - low) / (high - low), 0, 1)
    return (1 / ((1 - smooth) / factor + smooth)).astype(np.float32)


def write_latent(w, c, arch, combined):
    integer = lambda name, value: w.add_uint32(f"{arch}.{name}", int(value))
    rotated, rank = c["qk_rope_head_dim"], c["kv_lora_rank"]
    widths = {"key_length": c["qk_nope_head_dim"] + rotated, "value_length": c["v_head_dim"]}
    if combined:
        for name, width in widths.items():
            integer(f"attention.{name}", width)
    else:
        integer("attention.key_length", rank + rotated)
        integer("attention.value_length", rank)
        for name, width in widths.items():
            integer(f"attention.{name}_mla", width)
    integer("attention.kv_lora_rank", rank)
    if c.get("q_lora_rank", 1536) is not None:
        integer("attention.q_lora_rank", c.get("q_lora_rank", 1536))
    third = c["architectures"] == ["DeepseekV3ForCausalLM"]  # what its config class adds where the folder is silent
    integer("leading_dense_block_count", c.get("first_k_dense_replace", 3 if third else 0))
    integer("expert_count", c["n_routed_experts"])
    integer("expert_used_count", c["num_experts_per_tok"])
    integer("expert_shared_count", c.get("n_shared_experts", 1 if third else 2))
    w.add_float32(f"{arch}.expert_weights_scale", c.get("routed_scaling_factor", 2.5 if third else 1.0))
    if c.get("norm_topk_prob", third):
        w.add_bool(f"{arch}.expert_weights_norm", True)
    if third:
        integer("expert_gating_func", 2)
    groups, kept = (c.get(name, value if third else None) for name, value in (("n_group", 8), ("topk_group", 4)))
    if groups is not None:
        integer("expert_group_count", groups)
        integer("expert_group_used_count", kept)
    if (all_dims := (c.get("rope_scaling") or {}).get("mscale_all_dim")) is not None:
        w.add_float32(f"{arch}.rope.scaling.yarn_log_multiplier", 0.1 * all_dims)


def write_settings(w, c, arch, combined=False):
    key = lambda name: f"{arch}.{name}"
    integer = lambda name, value: w.add_uint32(key(name), int(value))
    number = lambda name, value: w.add_float32(key(name), float(value))
    heads = c["num_attention_heads"]
    head_dim = c.get("head_dim") or c["hidden_size"] // heads
    rope = c.get("rope_scaling") or {}
    rotated = int(head_dim * c.get("partial_rotary_factor", 1.0))
    length = c["max_position_embeddings"]
    theta = c.get("rope_theta", 5e5 if c["architectures"] == ["Olmo3ForCausalLM"] else 10000.0)
    integer("block_count", c["num_hidden_layers"])
    integer("context_length", length)
    integer("embedding_length", c["hidden_size"])
    integer("feed_forward_length", c["intermediate_size"])
    integer("attention.head_count", heads)
    latent = arch == "deepseek2"
    integer("attention.head_count_kv", 1 if latent and not combined else c.get("num_key_value_heads") or heads)
    if latent:
        rotated = c["qk_rope_head_dim"]
        write_latent(w, c, arch, combined)
    else:
        integer("attention.key_length", head_dim)
        integer("attention.value_length", head_dim)
    integer("rope.dimension_count", rotated)
    number("rope.freq_base", theta)
    if "rope_local_base_freq" in c:
        number("rope.freq_base_swa", c["rope_local_base_freq"])
    number("attention.layer_norm_rms_epsilon", c.get("rms_norm_eps", 1e-6))
    number("attention.layer_norm_epsilon", c.get("layer_norm_eps", c.get("norm_epsilon", 1e-5)))
    integer("vocab_size", c["vocab_size"])
    for name, of in (("attention.scale", "attention_multiplier"), ("embedding_scale", "embedding_multiplier"),
                     ("residual_scale", "residual_multiplier"), ("logit_scale", "logits_scaling"),
                     ("logit_scale", "logit_scale"), ("attn_logit_softcapping", "attn_logit_softcapping"),
                     ("final_logit_softcapping", "final_logit_softcapping")):
        if c.get(of) is not None:
            number(name, c[of])
    windowed = c.get("sliding_window") and (arch in ("gemma2", "gemma3", "phi3", "cohere2")
                                            or c["architectures"][0] in ("Olmo3ForCausalLM", "MistralForCausalLM"))
    if windowed:
        integer("attention.sliding_window", c["sliding_window"])
    if windowed and arch == "olmo2":
        kinds = c.get("layer_types") or [("full" if i % 4 == 3 else "sliding") + "_attention"
                                         for i in range(c["num_hidden_layers"])]
        w.add_array(key("attention.sliding_window_pattern"), [kind == "sliding_attention" for kind in kinds])
    if not windowed and arch == "phi3":
        integer("attention.sliding_window", 0)
    experts = c.get("num_local_experts") or c.get("num_experts")
    if experts and not latent:
        integer("expert_count", experts)
        integer("expert_used_count", c["num_experts_per_tok"])
    if "moe_intermediate_size" in c:
        integer("expert_feed_forward_length", c["moe_intermediate_size"])
    if "shared_expert_intermediate_size" in c:
        integer("expert_shared_feed_forward_length", c["shared_expert_intermediate_size"])
    if "use_parallel_residual" in c:
        w.add_bool(key("use_parallel_residual"), c["use_parallel_residual"])
    kind = rope.get("rope_type", rope.get("type"))
    if kind in ("linear", "yarn"):
        w.add_string(key("rope.scaling.type"), kind)
        number("rope.scaling.factor", rope["factor"])
        integer("rope.scaling.original_context_length", rope.get("original_max_position_embeddings", length))
        for name, of in (("yarn_beta_fast", "beta_fast"), ("yarn_beta_slow", "beta_slow"),
                         ("yarn_attn_factor", "attention_factor")):
            if rope.get(of) is not None:
                number(f"rope.scaling.{name}", rope[of])
    if kind == "llama3":
        w.add_tensor("rope_freqs.weight", llama3_divisors(theta, head_dim, rope))
    if "original_max_position_embeddings" in c:
        integer("rope.scaling.original_context_length", c["original_max_position_embeddings"])
    if kind in ("longrope", "su"):
        scale = length / c["original_max_position_embeddings"]
        number("rope.scaling.attn_factor", np.sqrt(1 + np.log(scale) / np.log(c["original_max_position_embeddings"])))
        for name in ("long", "short"):
            w.add_tensor(f"rope_factors_{name}.weight", np.array(rope[f"{name}_factor"], np.float32))


def write_tokenizer(w, folder, config, pre):
    path = folder / "tokenizer.json"
    tokens, types = [f"<{i}>" for i in range(config["vocab_size"])], [1] * config["vocab_size"]
    merges, bos = ["< 0"], 1
    if path.exists():
        tokenizer = json.loads(path.read_text())
        for token, i in tokenizer["model"]["vocab"].items():
            tokens[i] = token
        for added in tokenizer["added_tokens"]:
            tokens[added["id"]], types[added["id"]] = added["content"], 3 if added["special"] else 4
        merges = [m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]]
        bos = config["bos_token_id"]
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre(pre)
    w.add_token_list([token.encode() for token in tokens])
    w.add_token_types(types)
    w.add_token_merges(merges)
    w.add_bos_token_id(bos)
    eos = config.get("eos_token_id", 2)
    w.add_eos_token_id(eos[0] if isinstance(eos, list) else eos)
    template = folder / "chat_template.jinja"
    if template.exists():
        w.add_chat_template(template.read_text())


def write_gguf(folder, out, kind="F32", pre="llama-bpe", combined=False):
    folder = pathlib.Path(folder)
    config = json.loads((folder / "config.json").read_text())
    family = FAMILIES[config["architectures"][0]]
    w = gguf.GGUFWriter(str(out), family[0])
    write_settings(w, config, family[0], combined)
    write_tokenizer(w, folder, config, pre)
    names = set()
    for name, x in gguf_tensors(folder, config, family, combined):
        names.add(name)
        t = gguf.GGMLQuantizationType[kind if x.ndim > 1 and "_norm" not in name else "F32"]
        w.add_tensor(name, x if t == 0 else quantize(x, t), raw_dtype=t)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("out")
    parser.add_argument("kind", nargs="?", default="F32")
    parser.add_argument("--pre", default="llama-bpe")
    parser.add_argument("--combined", action="store_true")
    given = parser.parse_args()
    write_gguf(given.folder, given.out, given.kind, given.pre, given.combined)
