"""The expected logits, by a forward pass in float64: float64.py MODELS [smollm2|gemma3]

Writes *.columns, *.logits.f32, *.sums.f64 and, where float64 agrees with each token of it, *.greedy into ../data/real_models,
for the ids in *.ids (the first 200 tokens of text.txt). Weights are what the gguf package dequantises. Needs numpy and gguf.
"""
import pathlib
import subprocess
import sys

import gguf
import numpy as np
from gguf.quants import dequantize

data = pathlib.Path(__file__).resolve().parents[1] / "data" / "real_models"
files = {"smollm2": "SmolLM2-135M-Instruct.Q4_1.gguf", "gemma3": "gemma-3-270m-q4_k_m.gguf"}


class Model:
    """Llama and Gemma 3 as GGUF files hold them; contexts within Gemma's window of 512."""

    def __init__(self, path):
        self.reader = gguf.GGUFReader(path)
        self.tensors = {tensor.name: tensor for tensor in self.reader.tensors}
        field = lambda key: self.reader.fields[key].contents()
        self.family = field("general.architecture")
        of = lambda key, other=None: field(f"{self.family}.{key}") if f"{self.family}.{key}" in self.reader.fields else other
        self.layers, self.width = of("block_count"), of("embedding_length")
        self.heads, self.kv_heads = of("attention.head_count"), of("attention.head_count_kv")
        self.head_size = of("attention.key_length", self.width // self.heads)
        self.epsilon, self.base = float(of("attention.layer_norm_rms_epsilon")), float(of("rope.freq_base"))
        self.embedding = self.weight("token_embd.weight")  # the head, too

    def weight(self, name):
        tensor = self.tensors[name]
        return dequantize(tensor.data, tensor.tensor_type).reshape(tensor.shape[::-1]).astype(np.float32)

    def layer(self, index, name):
        return self.weight(f"blk.{index}.{name}.weight").astype(np.float64)

    def norm(self, x, w):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.epsilon) * w

    def rotate(self, x, base):
        size = x.shape[-1]
        angle = np.arange(len(x))[:, None] * base ** (-np.arange(0, size, 2) / size)
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        if self.family == "llama":  # pairs are neighbours in its GGUF files
            a, b = x[..., 0::2], x[..., 1::2]
            return np.stack([a * cos - b * sin, a * sin + b * cos], -1).reshape(x.shape)
        a, b = x[..., : size // 2], x[..., size // 2 :]
        return np.concatenate([a * cos - b * sin, a * sin + b * cos], -1)

    def logits(self, ids):
        """(tokens, vocabulary)"""
        n, gemma = len(ids), self.family == "gemma3"
        x = self.embedding[ids].astype(np.float64) * (np.sqrt(self.width) if gemma else 1)
        mask = np.triu(np.full((n, n), -np.inf), 1)
        for i in range(self.layers):
            y = self.norm(x, self.layer(i, "attn_norm"))
            q, k, v = ((y @ self.layer(i, f"attn_{part}").T).reshape(n, -1, self.head_size) for part in "qkv")
            base = self.base
            if gemma:
                q, k = self.norm(q, self.layer(i, "attn_q_norm")), self.norm(k, self.layer(i, "attn_k_norm"))
                base = self.base if i % 6 == 5 else 1e4
            q, k = self.rotate(q, base), self.rotate(k, base)
            k, v = (np.repeat(part, self.heads // self.kv_heads, 1) for part in (k, v))
            score = np.einsum("thd,shd->hts", q, k) / np.sqrt(self.head_size) + mask
            score = np.exp(score - score.max(-1, keepdims=True))
            y = np.einsum("hts,shd->thd", score / score.sum(-1, keepdims=True), v).reshape(n, -1) @ self.layer(i, "attn_output").T
            x = x + (self.norm(y, self.layer(i, "post_attention_norm")) if gemma else y)
            y = self.norm(x, self.layer(i, "ffn_norm"))
            gate, up = y @ self.layer(i, "ffn_gate").T, y @ self.layer(i, "ffn_up").T
            if gemma:
                gate = 0.5 * gate * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate**3)))
            else:
                gate = gate / (1 + np.exp(-gate))
            y = (gate * up) @ self.layer(i, "ffn_down").T
            x = x + (self.norm(y, self.layer(i, "post_ffw_norm")) if gemma else y)
        x = self.norm(x, self.weight("output_norm.weight").astype(np.float64))
        rows = range(0, len(self.embedding), 32768)
        return np.concatenate([x @ self.embedding[row : row + 32768].astype(np.float64).T for row in rows], -1)


def greedy(model, path, ids, kelvin):
    """24 tokens by Kelvin, kept if float64 would choose each of them."""
    import json
    flags = ["--ids", ",".join(map(str, ids[:40])), "--temp", "0", "-n", "24", "--weights", "f32", "--ignore-eos", "--json"]
    answer = subprocess.run([kelvin, "--model", path, *flags], capture_output=True, check=True).stdout.decode()
    drawn = json.loads(answer.splitlines()[0])["ids"]
    chosen = model.logits(ids[:40] + drawn[:-1])[39:].argmax(-1).tolist()
    if chosen != drawn:
        sys.exit(f"float64 chooses {chosen}, Kelvin drew {drawn}")
    return drawn


def main():
    models, name = sys.argv[1:3]
    path = pathlib.Path(models) / files[name]
    model = Model(path)
    ids = np.loadtxt(data / f"{name}.ids", dtype=int).tolist()
    z = model.logits(ids)
    columns = [min(i * z.shape[1] // 64 + 7 * i % 61, z.shape[1] - 1) for i in range(64)]
    top = z.max(-1)
    log_z = np.log(np.exp(z - top[:, None]).sum(-1)) + top
    following = np.append(z[np.arange(len(ids) - 1), ids[1:]] - log_z[:-1], 0)
    np.savetxt(data / f"{name}.columns", [columns], fmt="%d")
    z[:, columns].astype("<f4").tofile(data / f"{name}.logits.f32")
    np.stack([log_z, z.sum(-1), following], 1).astype("<f8").tofile(data / f"{name}.sums.f64")
    if len(sys.argv) > 3:  # Kelvin's kelvin-generate
        np.savetxt(data / f"{name}.greedy", [greedy(model, path, ids, sys.argv[3])], fmt="%d")


main()
