"""Write a Llama of a real model's shape as GGUF, its tensors in the types that llama.cpp's quantiser gives them, for
measurements of speed, memory and loading. The weights are noise: a pool of blocks that ggml quantised, over and over.

Needs numpy, gguf and llama-cpp-python (PyPI):

  python tests/peer/shape_gguf.py --out ../models [--shape llama-3.2-1b] [--types Q4_0,Q4_K_M]
"""
import argparse
import ctypes
import pathlib

import gguf
import numpy as np

SHAPES = {  # hidden, layers, heads, kv heads, head_dim, intermediate, vocabulary, tied, rope_theta
    "llama-3.2-1b": (2048, 16, 32, 8, 64, 8192, 128256, True, 500000.0),
    "llama-3.2-3b": (3072, 28, 24, 8, 128, 8192, 128256, True, 500000.0),
    "llama-3.1-8b": (4096, 32, 32, 8, 128, 14336, 128256, False, 500000.0),
    "tiny": (256, 2, 4, 1, 64, 512, 1024, True, 10000.0),
}
TYPES = "Q4_0,Q4_K_M,Q5_K_M,Q6_K,Q8_0,IQ4_XS"
POOL = 4093  # a prime, so that no two rows of a matrix are alike
TYPE = gguf.GGMLQuantizationType


def type_of(kind, role, layer, layers):
    """The quantiser's choice for a model with four or more heads a key head, without an importance matrix."""
    base = TYPE[kind.removesuffix("_M").removesuffix("_S")]
    if role == "head":
        return base if kind == "Q8_0" else TYPE.Q6_K
    eighth = layers // 8
    if kind in ("Q4_K_M", "Q5_K_M") and role in ("attn_v", "ffn_down"):
        more = layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2
        return TYPE.Q6_K if more else base
    if kind in ("IQ4_XS", "IQ4_NL") and (role == "attn_v" or role == "ffn_down" and layer < eighth):
        return TYPE.Q5_K
    return base


class Noise:
    """Matrices of any type from few blocks, for quantising takes minutes and reading them does not depend on their values."""

    def __init__(self, lib):
        self.quantize, self.random, self.pools = lib.ggml_quantize_chunk, np.random.default_rng(1), {}
        self.quantize.restype = ctypes.c_size_t
        self.quantize.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64,
                                  ctypes.c_int64, ctypes.c_void_p]

    def matrix(self, rows, cols, kind):
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        if kind not in self.pools:
            weights = self.random.standard_normal(POOL * elements, dtype=np.float32) * np.float32(0.025)
            pool = np.empty((POOL, size), np.uint8)
            assert self.quantize(kind, weights.ctypes.data, pool.ctypes.data, 0, POOL, elements, None) == pool.nbytes
            self.pools[kind] = pool
        start = self.random.integers(POOL)
        pool = np.roll(self.pools[kind], -start, axis=0)
        return np.resize(pool.reshape(-1), (rows, cols // elements * size))


def write(path, shape, kind, noise):
    d, layers, h, kv, hd, f, v, tied, theta = shape
    w = gguf.GGUFWriter(path, "llama")
    w.add_block_count(layers); w.add_context_length(8192); w.add_embedding_length(d); w.add_feed_forward_length(f)
    w.add_head_count(h); w.add_head_count_kv(kv); w.add_key_length(hd); w.add_value_length(hd)
    w.add_rope_dimension_count(hd); w.add_rope_freq_base(theta); w.add_layer_norm_rms_eps(1e-5); w.add_vocab_size(v)
    w.add_file_type(gguf.LlamaFileType["MOSTLY_" + kind])
    w.add_tokenizer_model("gpt2"); w.add_tokenizer_pre("llama-bpe")  # a dummy vocabulary: token ids are given
    w.add_token_list([f"<{i}>" for i in range(v)]); w.add_token_types([1] * v); w.add_token_merges(["< 0"])
    w.add_bos_token_id(1); w.add_eos_token_id(2)

    def matrix(name, rows, cols, role, layer=0):
        chosen = type_of(kind, role, layer, layers)
        w.add_tensor(name, noise.matrix(rows, cols, chosen), raw_dtype=chosen)

    norm = np.ones(d, np.float32)
    matrix("token_embd.weight", v, d, "head" if tied else "token_embd")
    for i in range(layers):
        w.add_tensor(f"blk.{i}.attn_norm.weight", norm)
        w.add_tensor(f"blk.{i}.ffn_norm.weight", norm)
        for role, rows, cols in (("attn_q", h * hd, d), ("attn_k", kv * hd, d), ("attn_v", kv * hd, d),
                                 ("attn_output", d, h * hd), ("ffn_gate", f, d), ("ffn_up", f, d), ("ffn_down", d, f)):
            matrix(f"blk.{i}.{role}.weight", rows, cols, role, i)
    w.add_tensor("output_norm.weight", norm)
    if not tied:
        matrix("output.weight", v, d, "head")
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder")
    parser.add_argument("--shape", choices=SHAPES, default="llama-3.2-1b")
    parser.add_argument("--types", default=TYPES)
    a = parser.parse_args()
    import llama_cpp
    noise = Noise(llama_cpp.llama_cpp._lib)
    a.out.mkdir(parents=True, exist_ok=True)
    for kind in a.types.split(","):
        path = a.out / f"{a.shape}-{kind}.gguf"
        if not path.exists():
            write(path.with_suffix(".part"), SHAPES[a.shape], kind, noise)
            path.with_suffix(".part").rename(path)
        print(f"{path} {path.stat().st_size / 1e6:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
