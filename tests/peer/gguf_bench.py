"""Kelvin and llama.cpp side by side on the same GGUF files of any type, in turns: tokens a second and the ratios, and for Kelvin
memory, loading and the first token.

Needs numpy and llama-cpp-python (PyPI, see ../shared/tools/peer_bench.py); without the latter only Kelvin is measured.

  python tests/peer/shape_gguf.py --out ../models        # Llama-3.2-1B's shape in six types, 6 GB
  python tests/peer/gguf_bench.py ../models/llama-3.2-1b-*.gguf

llama.cpp has the best settings for each work, found anew in each run: with and without repacked weights, flash attention on and off.
A ratio is the median of those of each turn. `cpu` is the ratio of processor time, which other programs disturb less: use
it with --threads 1 on a busy machine, for a thread that waits for another one takes time as well.
"""
import argparse
import importlib.util
import itertools
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

WORKS = ("prefill", "decode")
SETTINGS = [{"repack": r, "flash": f} for r, f in itertools.product((True, False), (True, False))]


def peer_run(path, a, settings):
    """In a process of its own: llama.cpp does what kelvin-bench does. Prints one JSON object."""
    import llama_cpp as lib
    quiet = lib.llama_log_callback(lambda level, text, data: None)
    lib.llama_log_set(quiet, None)
    start = time.perf_counter()
    lib.llama_backend_init()
    params = lib.llama_model_default_params()
    params.n_gpu_layers, params.use_extra_bufts = 0, settings["repack"]
    model = lib.llama_model_load_from_file(path.encode(), params)
    c = lib.llama_context_default_params()
    c.n_ctx, c.n_batch, c.n_ubatch = a.prefill + a.decode + 8, a.prefill, min(a.prefill, 512)
    c.n_threads = c.n_threads_batch = a.threads
    c.flash_attn_type = int(settings["flash"])
    context = lib.llama_init_from_model(model, c)
    load = time.perf_counter() - start
    vocabulary = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model))

    def timed(batches):
        wall, cpu = time.perf_counter(), time.process_time()
        for ids in batches:
            tokens = (lib.llama_token * len(ids))(*ids)
            assert lib.llama_decode(context, lib.llama_batch_get_one(tokens, len(ids))) == 0
            lib.llama_synchronize(context)
        tokens = sum(map(len, batches))
        return tokens / (time.perf_counter() - wall), tokens / (time.process_time() - cpu)

    ids = [(7919 * i + 11) % vocabulary for i in range(a.prefill + a.decode)]
    timed([ids[:a.prefill]])  # first use of memory
    best = [(0, 0), (0, 0)]
    for _ in range(a.best_of):
        lib.llama_memory_clear(lib.llama_get_memory(context), True)
        prefill, decode = timed([ids[:a.prefill]]), timed([[i] for i in ids[a.prefill:]])
        best = [tuple(map(max, best[0], prefill)), tuple(map(max, best[1], decode))]
    print(json.dumps({"prefill": best[0], "decode": best[1], "load_s": load,
                      "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def peer(path, a, settings):
    command = [sys.executable, __file__, "--peer-run", json.dumps(settings), path, "--threads", str(a.threads),
               "--prefill", str(a.prefill), "--decode", str(a.decode), "--best-of", str(a.best_of)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def best_settings(path, a):
    """What is fastest for a prompt need not be so for single tokens."""
    found = [(peer(path, a, settings), settings) for settings in SETTINGS]
    return {work: max(found, key=lambda run: run[0][work][0])[1] for work in WORKS}


def kelvin(path, a):
    line = subprocess.run([a.kelvin / "kelvin-bench", "--model", path, "--threads", str(a.threads), "--prefill", str(a.prefill),
                           "--decode", str(a.decode), "--repeat", str(a.best_of), "--json"],
                          check=True, capture_output=True, text=True).stdout
    return json.loads(line)


def first_token(path, a):
    """Seconds from the start of the process to the logits behind one token, the file being in the page cache."""
    start = time.perf_counter()
    command = [a.kelvin / "kelvin-logits", "--model", path, "--threads", str(a.threads), "--ids", "1", "--top", "1"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def kelvin_cpu(path, a):
    """Tokens a second of processor time, from what a further repetition takes."""
    def cpu_seconds(prefill, decode, repeat):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        kelvin(path, argparse.Namespace(**{**vars(a), "prefill": prefill, "decode": decode, "best_of": repeat}))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    prefill = cpu_seconds(a.prefill, 1, 2) - cpu_seconds(a.prefill, 1, 1)
    decode = cpu_seconds(1, a.decode, 2) - cpu_seconds(1, a.decode, 1)
    return a.prefill / prefill, a.decode / decode


def compare(path, a, with_peer):
    """One file; a dictionary with the figures of the table."""
    size = os.path.getsize(path)
    pathlib.Path(path).read_bytes()  # into the page cache
    settings = best_settings(path, a) if with_peer else None
    turns = []
    for _ in range(a.turns):
        k = kelvin(path, a)
        turn = {"kelvin": (k["prefill_tok_s"], k["decode_tok_s"]), "load_s": k["load_s"],
                "memory": k["peak_rss_mib"] * 2**20 / size, "first_token_s": first_token(path, a)}
        if with_peer:
            p = {work: peer(path, a, chosen) for work, chosen in settings.items()}
            peers = [p[work][work] for work in WORKS]
            turn |= {"peer": [wall for wall, _ in peers], "peer_load_s": p["decode"]["load_s"],
                     "peer_memory": p["decode"]["peak_mib"] * 2**20 / size}
            turn["ratio"] = [ours / theirs for ours, theirs in zip(turn["kelvin"], turn["peer"])]
            if a.cpu:
                turn["cpu_ratio"] = [ours / cpu for ours, (_, cpu) in zip(kelvin_cpu(path, a), peers)]
        turns.append(turn)

    def median(key, at=None):
        return statistics.median(t[key] if at is None else t[key][at] for t in turns) if key in turns[0] else None

    figures = {"file": pathlib.Path(path).name, "bytes": size, "turns": turns, "peer_settings": settings}
    for at, work in enumerate(WORKS):
        for key in ("kelvin", "peer", "ratio", "cpu_ratio"):
            figures[f"{work}_{key}"] = median(key, at)
    for key in ("memory", "peer_memory", "load_s", "peer_load_s", "first_token_s"):
        figures[key] = median(key)
    figures["load_gb_s"] = size / 1e9 / figures["load_s"]
    return figures


COLUMNS = (("prefill_peer", "llama.cpp", 1), ("prefill_kelvin", "kelvin", 1), ("prefill_ratio", "ratio", 2),
           ("prefill_cpu_ratio", "cpu", 2), ("decode_peer", "llama.cpp", 2), ("decode_kelvin", "kelvin", 2),
           ("decode_ratio", "ratio", 2), ("decode_cpu_ratio", "cpu", 2), ("memory", "memory", 2), ("load_gb_s", "GB/s", 2),
           ("first_token_s", "first", 2))


def row_of(name, cells):
    return f"{name:30}" + "".join(f"{cell:>10}" for cell in cells)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="FILE.gguf")
    parser.add_argument("--kelvin", type=pathlib.Path, default=pathlib.Path("build/bin"), help="where Kelvin's tools are")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prefill", type=int, default=512)
    parser.add_argument("--decode", type=int, default=32)
    parser.add_argument("--best-of", type=int, default=1, help="repetitions within a turn, the best counts")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--cpu", action="store_true", help="also the ratio of processor time")
    parser.add_argument("--json", help="a file for JSON lines with every turn")
    parser.add_argument("--peer-run", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.peer_run:
        peer_run(a.models[0], a, json.loads(a.peer_run))
        return
    with_peer = importlib.util.find_spec("llama_cpp") is not None
    if not with_peer:
        print("SKIPPED llama.cpp: no module llama_cpp")
    print(f"{'':30}{f'prefill {a.prefill}, tok/s':^40}{f'decode {a.decode}, tok/s':^40}{'peak/file, loading, first token s':^30}")
    print(row_of("file", [title for _, title, _ in COLUMNS]))
    for path in a.models:
        figures = compare(path, a, with_peer)
        cells = ["-" if figures[key] is None else f"{figures[key]:.{digits}f}" for key, _, digits in COLUMNS]
        print(row_of(figures["file"], cells), flush=True)
        if a.json:
            with open(a.json, "a") as file:
                file.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
