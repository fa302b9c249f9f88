"""Text parts of multimodal models as transformers makes and saves them, with random weights, against kelvin-logits:

    python3 tests/peer/multimodal_check.py build/bin/kelvin-logits

Needs torch and transformers. Prints the largest difference of any logit for each; exit status 1 above 2e-4."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import torch
import transformers

EMBER = pathlib.Path(__file__).parents[2] / "tools" / "ember"
IDS = [5, 9, 17, 33, 60, 101, 7, 88, 3]
TEXT = {"vocab_size": 2048, "hidden_size": 48, "intermediate_size": 56, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "max_position_embeddings": 256, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
SIGLIP = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 16, "patch_size": 8}
QWEN = {"depth": 1, "num_heads": 2, "patch_size": 4, "hidden_size": 16, "intermediate_size": 16, "out_hidden_size": 48}

# Class, class of the config, text part, vision part, further keys of the whole.
CASES = {
    "smolvlm": ("SmolVLMForConditionalGeneration", "SmolVLMConfig", {"model_type": "llama"}, SIGLIP, {"image_token_id": 99}),
    "smolvlm-tied": ("SmolVLMForConditionalGeneration", "SmolVLMConfig", {"model_type": "llama", "tie_word_embeddings": False}, SIGLIP,
                     {"image_token_id": 99, "tie_word_embeddings": True}),
    "idefics3": ("Idefics3ForConditionalGeneration", "Idefics3Config", {"model_type": "llama", "rms_norm_eps": 1e-3}, SIGLIP,
                 {"image_token_id": 99}),
    "idefics3-mistral": ("Idefics3ForConditionalGeneration", "Idefics3Config", {"model_type": "mistral", "sliding_window": 4}, SIGLIP,
                         {"image_token_id": 99}),
    "qwen2-vl": ("Qwen2VLForConditionalGeneration", "Qwen2VLConfig",
                 {"rope_parameters": {"rope_type": "default", "rope_theta": 5e4, "mrope_section": [2, 2, 2]}},
                 {"depth": 1, "embed_dim": 16, "num_heads": 2, "patch_size": 4, "hidden_size": 48}, {}),
    "qwen2-vl-tied-window": ("Qwen2VLForConditionalGeneration", "Qwen2VLConfig",
                             {"use_sliding_window": True, "sliding_window": 3, "max_window_layers": 1,
                              "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 2, 2]}},
                             {"depth": 1, "embed_dim": 16, "num_heads": 2, "patch_size": 4, "hidden_size": 48},
                             {"tie_word_embeddings": True}),
    "qwen2.5-vl": ("Qwen2_5_VLForConditionalGeneration", "Qwen2_5_VLConfig",
                   {"rope_parameters": {"rope_type": "default", "rope_theta": 3e5, "mrope_section": [2, 2, 2]}}, QWEN, {}),
    "qwen2.5-vl-yarn": ("Qwen2_5_VLForConditionalGeneration", "Qwen2_5_VLConfig",
                        {"rope_parameters": {"rope_type": "yarn", "rope_theta": 3e5, "factor": 2.0, "original_max_position_embeddings": 8,
                                             "mrope_section": [2, 2, 2]}}, QWEN, {}),
    "qwen3-vl": ("Qwen3VLForConditionalGeneration", "Qwen3VLConfig",
                 {"head_dim": 16, "rope_parameters": {"rope_type": "default", "rope_theta": 7e5, "mrope_section": [4, 2, 2]}},
                 {**QWEN, "deepstack_visual_indexes": [0], "num_position_embeddings": 16}, {"tie_word_embeddings": True}),
    "internvl": ("InternVLForConditionalGeneration", "InternVLConfig", {"model_type": "qwen2"},
                 {**SIGLIP, "image_size": [16, 16], "patch_size": [8, 8]}, {"tie_word_embeddings": False}),
    "internvl-qwen3-tied": ("InternVLForConditionalGeneration", "InternVLConfig", {"model_type": "qwen3", "head_dim": 16},
                            {**SIGLIP, "image_size": [16, 16], "patch_size": [8, 8]}, {}),
    "gemma3": ("Gemma3ForConditionalGeneration", "Gemma3Config",
               {"head_dim": 16, "sliding_window": 4, "query_pre_attn_scalar": 20}, {**SIGLIP, "model_type": "siglip_vision_model"}, {}),
    "llava": ("LlavaForConditionalGeneration", "LlavaConfig", {"model_type": "llama"}, {**SIGLIP, "model_type": "clip_vision_model"}, {}),
    "mistral3": ("Mistral3ForConditionalGeneration", "Mistral3Config", {"model_type": "mistral", "head_dim": 16},
                 {**SIGLIP, "model_type": "pixtral"}, {"tie_word_embeddings": False}),
}


def flat(config, names):
    """As hub folders of Qwen2-VL are: keys of the text among those of the whole, tensors without language_model."""
    text = config.pop("text_config")
    rope = text.pop("rope_parameters", None)
    config.update({key: value for key, value in text.items() if key not in ("model_type", "dtype")})
    if rope:
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = {**rope, "type": "mrope" if rope.pop("rope_type") == "default" else "yarn"}
    return config, {key: key.replace("model.language_model.", "model.").replace("model.visual.", "visual.") for key in names}


def run(tool, name, folder):
    model_class, config_class, text, vision, whole = CASES[name.removesuffix(" flat")]
    torch.manual_seed(len(name))
    config = getattr(transformers, config_class)(text_config={**TEXT, **text}, vision_config=vision, **whole)
    model = getattr(transformers, model_class)(config).float().eval()
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * 0.3
    with torch.no_grad():
        expected = model(input_ids=torch.tensor([IDS])).logits[0].numpy()
    model.save_pretrained(folder)
    if name.endswith(" flat"):
        from safetensors.torch import load_file, save_file
        tensors = load_file(folder / "model.safetensors")
        settings, names = flat(json.loads((folder / "config.json").read_text()), tensors)
        save_file({names[key]: value for key, value in tensors.items()}, folder / "model.safetensors")
        (folder / "config.json").write_text(json.dumps(settings))
    shutil.copy(EMBER / "tokenizer.json", folder)  # which the tool asks for, though ids need none
    ids = ",".join(map(str, IDS))
    done = subprocess.run([tool, "--model", folder, "--ids", ids, "--npy", folder / "out.npy"], capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr.strip()
    return float(np.abs(np.load(folder / "out.npy") - expected).max())


def main():
    names = list(CASES) + [name + " flat" for name in CASES if name.startswith("qwen2")]
    bad = 0
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            found = run(sys.argv[1], name, pathlib.Path(folder))
        bad += not (isinstance(found, float) and found <= 2e-4)
        print(f"{name:24} {found if isinstance(found, str) else format(found, '.1e')}", flush=True)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
