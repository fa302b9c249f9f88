"""Write a Llama-style Hugging Face folder as GGUF with a dummy vocabulary, so that llama.cpp can be given token ids.

Needs numpy and gguf (PyPI):  python ember_gguf.py ../../tools/ember ember-bf16.gguf
"""
import json
import pathlib
import struct
import sys

import gguf
import numpy as np

OUTER = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
         "lm_head.weight": "output.weight"}
INNER = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
         "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
         "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def bf16_tensors(path):
    """Name -> array of bfloat16 bits, of a safetensors file that holds nothing else."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    for name, entry in json.loads(data[8:8 + length]).items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "BF16":
            raise SystemExit(f"{path}: {name} is {entry['dtype']}, BF16 expected")
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        yield name, np.frombuffer(data[begin:end], dtype=np.uint16).reshape(entry["shape"])


def gguf_name(name):
    if name in OUTER:
        return OUTER[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{INNER[rest.removesuffix('.weight')]}.weight"


def pairs_side_by_side(x, heads):
    """Hugging Face rotates the halves of a head, GGUF neighbours."""
    rows, cols = x.shape
    halves = x.reshape(heads, 2, rows // heads // 2, cols)
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows, cols))


def main():
    folder, out = pathlib.Path(sys.argv[1]), sys.argv[2]
    c = json.loads((folder / "config.json").read_text())
    heads, kv_heads = c["num_attention_heads"], c["num_key_value_heads"]
    w = gguf.GGUFWriter(out, "llama")
    w.add_block_count(c["num_hidden_layers"])
    w.add_context_length(c["max_position_embeddings"])
    w.add_embedding_length(c["hidden_size"])
    w.add_feed_forward_length(c["intermediate_size"])
    w.add_head_count(heads)
    w.add_head_count_kv(kv_heads)
    w.add_key_length(c["head_dim"])
    w.add_value_length(c["head_dim"])
    w.add_rope_dimension_count(c["head_dim"])
    w.add_rope_freq_base(c["rope_theta"])
    w.add_layer_norm_rms_eps(c["rms_norm_eps"])
    w.add_vocab_size(c["vocab_size"])
    w.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("llama-bpe")
    w.add_token_list([f"<{i}>".encode() for i in range(c["vocab_size"])])
    w.add_token_types([1] * c["vocab_size"])
    w.add_token_merges(["< 0"])
    w.add_bos_token_id(1)
    w.add_eos_token_id(2)
    for name, x in bf16_tensors(folder / "model.safetensors"):
        for projection, n in (("q_proj", heads), ("k_proj", kv_heads)):
            if projection in name:
                x = pairs_side_by_side(x, n)
        if x.ndim == 1:
            w.add_tensor(gguf_name(name), (x.astype(np.uint32) << 16).view(np.float32))
        else:
            w.add_tensor(gguf_name(name), x.view(np.uint8).reshape(x.shape[0], -1),
                         raw_dtype=gguf.GGMLQuantizationType.BF16)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


if __name__ == "__main__":
    main()
