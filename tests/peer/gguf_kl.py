"""How far the arithmetic on a GGUF file's own weights moves the next-token distribution, for Kelvin and for llama.cpp: mean
KL(exact || theirs) in nats a token over a text, with its standard error. Exact is Kelvin with the weights in float32.

Needs numpy and llama-cpp-python (PyPI; see ../shared/tools/peer_bench.py); without the latter only Kelvin is measured.

  python tests/peer/gguf_kl.py ../models/*.gguf         # of ../shared/tools/real_models.sh
"""
import argparse
import importlib.util
import json
import pathlib
import subprocess

import numpy as np
from kl import Peer, kelvin_logits, log_probabilities

TEXT = pathlib.Path(__file__).parents[2] / "engine" / "README.md"
F32 = 0  # ggml_type


def pieces_of(a, model):
    """Ids of the text in pieces, each behind the tokens that the model wants at the beginning of a text."""
    def ids_of(*flags):
        command = [a.kelvin / "kelvin-tokenize", "--model", model, "--text", *flags]
        text = pathlib.Path(a.text).read_bytes()
        return json.loads(subprocess.run(command, check=True, capture_output=True, input=text).stdout)["ids"]

    ids = ids_of("--no-special")
    whole = ids_of()
    begin = whole[:len(whole) - len(ids)]
    step = a.length - len(begin)
    return [begin + ids[i:i + step] for i in range(0, min(len(ids), a.tokens), step)]


def mean_line(x):
    return f"{x.mean():12.3e} +- {x.std() / np.sqrt(len(x)):.1e}"


class Divergence:
    def __init__(self):
        self.kl, self.same = [], []

    def add(self, exact, logits):
        for z, ours in zip(exact, logits):  # one by one, for float64 of a large vocabulary is much
            p, q = log_probabilities(z[None])[0], log_probabilities(ours[None])[0]
            self.kl.append(np.exp(p) @ (p - q))
            self.same.append(p.argmax() == q.argmax())

    def line(self):
        kl, same = np.array(self.kl), np.array(self.same)
        return f"{mean_line(kl)}{np.quantile(kl, 0.99):12.3e}{100 * same.mean():9.2f} %"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="FILE.gguf")
    parser.add_argument("--kelvin", type=pathlib.Path, default=pathlib.Path("build/bin"), help="where Kelvin's tools are")
    parser.add_argument("--text", default=TEXT, help="default: engine/README.md")
    parser.add_argument("--weights", default="", help="further formats of Kelvin, such as q8,q4")
    parser.add_argument("--length", type=int, default=256, help="tokens of a piece")
    parser.add_argument("--tokens", type=int, default=1024)
    a = parser.parse_args()
    logits = argparse.Namespace(kelvin=a.kelvin / "kelvin-logits")

    peers = {}
    if importlib.util.find_spec("llama_cpp"):
        import llama_cpp as lib
        quiet = lib.llama_log_callback(lambda level, text, data: None)
        lib.llama_log_set(quiet, None)
        lib.llama_backend_init()
        # Flash attention would bring a float32 cache to float16.
        exact_cache = {"type_k": F32, "type_v": F32, "flash_attn_type": 0}
        peers = {"llama.cpp": {}, "llama.cpp, f32 cache": exact_cache}
    else:
        print("SKIPPED llama.cpp: no module llama_cpp")

    for model in a.models:
        pieces = pieces_of(a, model)
        engines = {"kelvin": lambda ids: kelvin_logits(logits, ids, model)}
        for kind in filter(None, a.weights.split(",")):
            engines["kelvin " + kind] = lambda ids, kind=kind: kelvin_logits(logits, ids, model, "--weights", kind)
        for name, settings in peers.items():
            engines[name] = Peer(lib, model, a.length, **settings).logits
        found = {name: Divergence() for name in engines}
        for ids in pieces:
            exact = kelvin_logits(logits, ids, model, "--weights", "f32")
            for name, logits_of in engines.items():
                found[name].add(exact, logits_of(ids))
        print(f"{pathlib.Path(model).name}, {sum(map(len, pieces))} positions\n"
              f"{'':31}{'KL, nats':>12}{'':11}{'99 %':>12}{'same top':>11}")
        for name, divergence in found.items():
            print(f"{name:31}{divergence.line()}", flush=True)
        for name in peers:  # position by position, which is far more certain than the means are
            difference = np.array(found["kelvin"].kl) - np.array(found[name].kl)
            print(f"{'kelvin - ' + name:31}{mean_line(difference)}", flush=True)


if __name__ == "__main__":
    main()
