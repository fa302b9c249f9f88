"""How far quantised weights move the next-token distribution: mean KL(bf16 || quantised) in nats over held-out text, Kelvin's formats
beside llama.cpp's on the same weights.

Set up as ../shared/tools/peer_bench.py says, and `pip install tokenizers`. Then

  python ember_gguf.py ../../tools/ember ember-bf16.gguf
  python kl.py --kelvin ../../build/bin/kelvin-logits --model ../../tools/ember --gguf ember-bf16.gguf --text heldout.txt
"""
import argparse
import ctypes
import os
import pathlib
import subprocess
import tempfile

import numpy as np

PEER = {"Q4_0": 2, "Q8_0": 7, "Q4_K_M": 15, "Q5_K_M": 17, "Q6_K": 18}  # llama_ftype


def log_probabilities(logits):
    z = logits.astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def kelvin_logits(a, ids, model, *flags):
    with tempfile.TemporaryDirectory() as folder:
        raw = pathlib.Path(folder) / "logits"
        subprocess.run([a.kelvin, "--model", model, "--threads", "1", "--ids", ",".join(map(str, ids)), "--raw", str(raw), *flags],
                       check=True, capture_output=True)
        return np.fromfile(raw, dtype="<f4").reshape(len(ids), -1)


class Peer:
    """llama.cpp; `settings` are fields of its context's parameters."""

    def __init__(self, lib, path, n_ctx, **settings):
        self.lib = lib
        params = lib.llama_model_default_params()
        params.n_gpu_layers = 0
        self.model = lib.llama_model_load_from_file(path.encode(), params)
        context = lib.llama_context_default_params()
        context.n_ctx, context.n_batch, context.n_ubatch = n_ctx, n_ctx, n_ctx
        for name, value in settings.items():
            setattr(context, name, value)
        self.context = lib.llama_init_from_model(self.model, context)
        self.n_vocab = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(self.model))

    def logits(self, ids):
        self.lib.llama_memory_clear(self.lib.llama_get_memory(self.context), True)
        batch = self.lib.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.logits[i] = token, i, 1, 1
            batch.seq_id[i][0] = 0
        assert self.lib.llama_decode(self.context, batch) == 0
        rows = [np.ctypeslib.as_array(self.lib.llama_get_logits_ith(self.context, i), (self.n_vocab,)).copy()
                for i in range(len(ids))]
        self.lib.llama_batch_free(batch)
        return np.stack(rows)


def peer_file(lib, source, name):
    out = source.removesuffix(".gguf") + f"-{name}.gguf"
    if not os.path.exists(out):
        params = lib.llama_model_quantize_default_params()
        params.ftype = PEER[name]
        assert lib.llama_model_quantize(source.encode(), out.encode(), ctypes.byref(params)) == 0
    return out


def bits_per_weight(path):
    import gguf
    tensors = [t for t in gguf.GGUFReader(path).tensors if len(t.shape) == 2]
    return 8.0 * sum(t.n_bytes for t in tensors) / sum(t.n_elements for t in tensors)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kelvin", required=True, help="path of kelvin-logits")
    parser.add_argument("--model", required=True)
    parser.add_argument("--gguf", help="the same model as bf16 GGUF; without it only Kelvin is measured")
    parser.add_argument("--text", required=True, nargs="+", help="documents, with lines \"=====\" between them")
    parser.add_argument("--weights", default="q8,q4h,q4")
    parser.add_argument("--packed", nargs="+", default=[], help="folders kelvin-quantize made of the model")
    parser.add_argument("--peers", default="BF16,Q8_0,Q4_0,Q4_K_M")
    parser.add_argument("--length", type=int, default=512, help="tokens of a piece")
    parser.add_argument("--pieces", type=int, default=1000, help="most of every text")
    a = parser.parse_args()

    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(pathlib.Path(a.model) / "tokenizer.json"))
    pieces = []
    for path in a.text:
        # Documents the model has seen one by one; what stands between them it has never seen.
        documents = pathlib.Path(path).read_text().split("\n=====\n")
        of_text = []
        for document in documents:
            ids = tokenizer.encode(document).ids
            of_text += [ids[i:i + a.length] for i in range(0, len(ids), a.length)]
        pieces += of_text[:a.pieces]
    exact = [log_probabilities(kelvin_logits(a, ids, a.model, "--weights", "bf16")) for ids in pieces]

    def report(name, bits, logits_of):
        kl, same = [], []
        for ids, p in zip(pieces, exact):
            q = log_probabilities(logits_of(ids))
            kl.append((np.exp(p) * (p - q)).sum(axis=1))
            same.append(p.argmax(axis=1) == q.argmax(axis=1))
        kl, same = np.concatenate(kl), np.concatenate(same)
        error = kl.std() / np.sqrt(len(kl))
        print(f"{name:16}{bits:>8}{kl.mean():12.3e} +- {error:.1e}{np.quantile(kl, 0.99):12.3e}{100 * same.mean():9.2f} %",
              flush=True)

    print(f"{sum(map(len, pieces))} positions\n{'weights':16}{'bits':>8}{'KL, nats':>12}{'':11}{'99 %':>12}{'same top':>11}")
    for kind in filter(None, a.weights.split(",")):
        report("kelvin " + kind, "", lambda ids: kelvin_logits(a, ids, a.model, "--weights", kind))
    for folder in a.packed:
        report(pathlib.Path(folder).name, "", lambda ids: kelvin_logits(a, ids, folder))
    if not a.gguf:
        return
    import llama_cpp as lib
    quiet = lib.llama_log_callback(lambda level, text, data: None)
    lib.llama_log_set(quiet, None)
    lib.llama_backend_init()
    for name in a.peers.split(","):
        path = a.gguf if name == "BF16" else peer_file(lib, a.gguf, name)
        peer = Peer(lib, path, max(map(len, pieces)))
        report(name, f"{bits_per_weight(path):.3f}", peer.logits)


if __name__ == "__main__":
    main()
