"""Compare logits of folders, of the same models as GGUF, and of llama.cpp on those GGUF files.

Needs numpy, gguf and llama-cpp-python (PyPI):  python gguf_check.py BIN FOLDER...
BIN is where kelvin-logits is. Per folder and type: the largest difference between Kelvin's logits of folder and GGUF, between
Kelvin and llama.cpp on the GGUF file, and the largest logit. F32 and BF16 must be equal bit for bit to the folder's.
"""
import pathlib
import subprocess
import sys
import tempfile

import gguf
import llama_cpp
import numpy as np
from folder_gguf import write_gguf


def kelvin(tools, model, ids, raw):
    subprocess.run([tools / "kelvin-logits", "--model", model, "--ids", ",".join(map(str, ids)), "--raw", raw, "--weights",
                    "f32"], check=True, stdout=subprocess.DEVNULL)
    return np.fromfile(raw, "<f4").reshape(len(ids), -1)


def peer(model, ids):
    llama = llama_cpp.Llama(str(model), n_ctx=len(ids), n_batch=len(ids), logits_all=True, verbose=False, n_threads=1,
                            type_k=0, type_v=0)  # the KV cache in float32
    llama.eval(ids)
    return np.array(llama.scores[:len(ids)])


def main():
    tools = pathlib.Path(sys.argv[1])
    print(f"{'folder':34} {'type':5} {'to folder':>10} {'to llama.cpp':>12} {'largest':>8}")
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        for folder in sys.argv[2:]:
            name = pathlib.Path(folder).resolve().name
            try:
                vocabulary = kelvin(tools, folder, [3], place / "raw").shape[1]
            except subprocess.CalledProcessError:
                print(f"{name:34} not loaded as a folder")
                continue
            ids = [int(i) for i in np.random.default_rng(5).integers(0, vocabulary, 40)]
            exact = kelvin(tools, folder, ids, place / "raw")
            for kind in ("F32", "BF16", "F16", "Q8_0"):
                out = place / f"{kind}.gguf"
                try:
                    write_gguf(folder, out, kind)
                except (KeyError, gguf.quants.QuantError) as problem:
                    print(f"{name:34} {kind:5} not written: {problem}")
                    continue
                own = kelvin(tools, out, ids, place / "raw")
                try:
                    other = f"{np.abs(own - peer(out, ids)).max():12.2g}"
                except (ValueError, RuntimeError) as problem:
                    other = "     refused"
                print(f"{name:34} {kind:5} {np.abs(own - exact).max():10.2g} {other} {np.abs(exact).max():8.3g}", flush=True)


if __name__ == "__main__":
    main()
