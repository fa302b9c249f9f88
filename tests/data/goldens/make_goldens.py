"""Makes the models below, with random weights, and what transformers computes with them.

python make_goldens.py [NAME ...]     (transformers 5, torch; run in this folder)

The four llama-* models beside them came with the formats they are in. Per sequence: logits of the last position, -ln p of
each token, the likeliest token and its lead; of the short one also all logits and the hidden states of the last position.
"""
import json, pathlib, shutil, sys
import torch
from transformers import AutoConfig, AutoModelForCausalLM

sizes = {"vocab_size": 96, "hidden_size": 48, "intermediate_size": 56, "num_attention_heads": 4, "num_key_value_heads": 2,
         "max_position_embeddings": 512, "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "bfloat16"}
models = {
    "olmo3-yarn-bf16": {
        "architectures": ["Olmo3ForCausalLM"], "model_type": "olmo3", "num_hidden_layers": 5, "sliding_window": 19,
        "rope_theta": 500000.0, "rope_scaling": {"rope_type": "yarn", "factor": 8.0, "attention_factor": 1.2079,
                                                 "beta_fast": 32, "beta_slow": 1, "original_max_position_embeddings": 64}},
    "stablelm-headnorm-bf16": {
        "architectures": ["StableLmForCausalLM"], "model_type": "stablelm", "num_hidden_layers": 2, "hidden_size": 64,
        "qk_layernorm": True, "use_parallel_residual": True, "use_qkv_bias": True, "partial_rotary_factor": 0.5},
    "cohere-headnorm-bf16": {
        "architectures": ["CohereForCausalLM"], "model_type": "cohere", "num_hidden_layers": 2, "use_qk_norm": True,
        "logit_scale": 0.7, "pad_token_id": 0},
    "deepseek2-bias-bf16": {
        "architectures": ["DeepseekV2ForCausalLM"], "model_type": "deepseek_v2", "num_hidden_layers": 3,
        "num_key_value_heads": 4, "kv_lora_rank": 16, "q_lora_rank": 20, "qk_nope_head_dim": 12, "qk_rope_head_dim": 8,
        "v_head_dim": 10, "n_routed_experts": 6, "num_experts_per_tok": 2, "moe_intermediate_size": 12,
        "first_k_dense_replace": 1, "mlp_bias": True, "attention_bias": True, "rope_scaling": {
            "type": "yarn", "factor": 8, "original_max_position_embeddings": 64, "mscale": 0.7, "mscale_all_dim": 0.5}},
    "deepseek3-defaults-bf16": {
        "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", "num_hidden_layers": 4,
        "num_key_value_heads": 4, "kv_lora_rank": 16, "q_lora_rank": None, "qk_nope_head_dim": 12, "qk_rope_head_dim": 8,
        "v_head_dim": 10, "n_routed_experts": 16, "num_experts_per_tok": 3, "moe_intermediate_size": 12},
}
lengths = {"short": 9, "mid": 61, "long": 293}


def randomise(model, generator):
    for name, tensor in sorted([*model.named_parameters(), *model.named_buffers()]):
        if "inv_freq" in name:
            continue
        values = torch.randn(tensor.shape, generator=generator)
        if name.endswith("correction_bias"):
            values *= 0.2
        elif tensor.dim() == 1 or "layernorm.norms" in name or name.endswith(("q_norm.weight", "k_norm.weight")):
            values = 0.3 * values + (0 if name.endswith("bias") else 1)
        else:
            values *= (1.0 if "embed" in name else 1.4) / tensor.shape[-1] ** 0.5
        tensor.data.copy_(values)


def run(folder, ids, hidden=False):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        result = model(torch.tensor([ids]), output_hidden_states=True, use_cache=False)
    states = [state[0, -1] for state in result.hidden_states]
    if hidden:  # transformers' last one is normalised already; the output of the last layer is asked for too
        layers = []
        model.model.layers[-1].register_forward_hook(lambda m, i, o: layers.append(o[0] if isinstance(o, tuple) else o))
        with torch.no_grad():
            model(torch.tensor([ids]), use_cache=False)
        states.insert(-1, layers[0].reshape(-1, states[0].shape[-1])[-1])
    return result.logits[0], torch.stack(states)


def write_results(folder, results, generator):
    sequences = {}
    for which, length in lengths.items():
        ids = torch.randint(3, sizes["vocab_size"], (length,), generator=generator).tolist()
        logits, hidden = run(folder, ids, which == "short")
        top = logits.topk(2).values
        nll = torch.nn.functional.cross_entropy(logits[:-1].double(), torch.tensor(ids[1:]), reduction="none")
        arrays = {"last_logits": logits[-1], "nll": nll, "argmax": logits.argmax(-1).int(), "margin": top[:, 0] - top[:, 1]}
        if which == "short":
            arrays |= {"logits": logits, "hidden": hidden}
        entry = {"ids": ids}
        for name, array in arrays.items():
            array = array.contiguous().numpy()
            array.tofile(results / f"{which}.{name}.bin")
            entry[name] = {"file": f"{which}.{name}.bin", "dtype": str(array.dtype), "shape": list(array.shape)}
        sequences[which] = entry
    ids, greedy = list(sequences["short"]["ids"]), {"ids": [], "top2_margin": []}
    for _ in range(16):
        top = run(folder, ids)[0][-1].topk(2)
        ids.append(top.indices[0].item())
        greedy["ids"].append(ids[-1])
        greedy["top2_margin"].append((top.values[0] - top.values[1]).item())
    (results / "manifest.json").write_text(json.dumps({"sequences": sequences, "greedy16": greedy}, indent=1))


for number, (name, settings) in enumerate(models.items()):
    if sys.argv[1:] and name not in sys.argv[1:]:
        continue
    folder, results = pathlib.Path("models") / name, pathlib.Path("golden") / name
    for path in (folder, results):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
    generator = torch.Generator().manual_seed(2026 + number)
    config_text = json.dumps(sizes | settings, indent=1) + "\n"
    (folder / "config.json").write_text(config_text)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    randomise(model, generator)
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "config.json").write_text(config_text)  # as folders on the hub spell it
    write_results(folder, results, generator)
