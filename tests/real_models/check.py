"""Two real models beside what other programs say of them: check.py BIN MODELS [smollm2|gemma3]

Logits of 200 positions beside float64, what each way to keep the weights costs, greedy text, the ids of 2,000 lines, and a
chat prompt or, of a base model, that it has none and how a text begins. BIN holds Kelvin's tools, MODELS the files of fetch.sh. Needs numpy. README.md says where the expected
values come from.
"""
import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from lines import lines

data = pathlib.Path(__file__).resolve().parents[1] / "data" / "real_models"
files = {"smollm2": "SmolLM2-135M-Instruct.Q4_1.gguf", "gemma3": "gemma-3-270m-q4_k_m.gguf"}
failures = []


def check(what, holds, found):
    print(f"{'ok  ' if holds else 'FAIL'} {what}: {found}", flush=True)
    if not holds:
        failures.append(what)


class Model:
    def __init__(self, name, bin_dir, models):
        self.name, self.bin, self.file = name, pathlib.Path(bin_dir), pathlib.Path(models) / files[name]
        self.ids = np.loadtxt(data / f"{name}.ids", dtype=int).tolist()

    def run(self, tool, *flags, stdin=b""):
        done = subprocess.run([self.bin / tool, "--model", self.file, *flags], input=stdin, capture_output=True)
        if done.returncode:
            sys.exit(f"{tool} {' '.join(map(str, flags))[:200]}: {done.stderr.decode()}")
        return done.stdout

    def logits(self, storage, folder):
        """All logits, (positions, vocabulary) float32; storage "file": as Kelvin keeps the file by itself."""
        raw = pathlib.Path(folder) / "logits.f32"
        flags = [] if storage == "file" else ["--weights", storage]
        self.run("kelvin-logits", "--ids", ",".join(map(str, self.ids)), "--raw", raw, *flags)
        return np.fromfile(raw, "<f4").reshape(len(self.ids), -1)


def log_softmax(z):
    z = z.astype(np.float64)
    z -= z.max()
    return z - np.log(np.exp(z).sum())


def mean_kl(exact, other):
    """KL(exact || other) in nats, the mean over positions."""
    total = 0.0
    for p, q in zip(exact, other):
        a, b = log_softmax(p), log_softmax(q)
        total += float((np.exp(a) * (a - b)).sum())
    return total / len(exact)


def storages():
    """Rows of storages.txt: model, storage, most KL."""
    for line in (data / "storages.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            model, storage, bound = line.split()
            yield model, storage, float(bound)


def check_logits(model, exact):
    columns = np.loadtxt(data / f"{model.name}.columns", dtype=int)
    golden = np.fromfile(data / f"{model.name}.logits.f32", "<f4").reshape(-1, 64)
    sums = np.fromfile(data / f"{model.name}.sums.f64", "<f8").reshape(-1, 3)  # ln sum exp z, sum z, ln p of the next token
    error = np.abs(exact[:, columns] - golden).max()
    check(f"{model.name}: 64 logits at each of {len(golden)} positions", error < 2e-3, f"largest difference {error:.2e}")
    wide = exact.astype(np.float64)
    top = wide.max(1, keepdims=True)
    log_z = np.log(np.exp(wide - top).sum(1)) + top[:, 0]
    error = np.abs(log_z - sums[:, 0]).max()
    check(f"{model.name}: ln sum exp of all logits", error < 1e-3, f"largest difference {error:.2e}")
    error = np.abs(wide.mean(1) - sums[:, 1] / wide.shape[1]).max()
    check(f"{model.name}: mean of all logits", error < 1e-3, f"largest difference {error:.2e}")
    following = wide[np.arange(len(wide) - 1), model.ids[1:]] - log_z[:-1]
    error = np.abs(following - sums[:-1, 2]).max()
    check(f"{model.name}: ln p of the text", error < 1e-3, f"largest difference {error:.2e}")


def check_storages(model, exact, folder):
    for name, storage, bound in storages():
        if name != model.name:
            continue
        kl = mean_kl(exact, model.logits(storage, folder))
        check(f"{name}: KL(exact || {storage})", kl <= bound, f"{kl:.3g} nats, at most {bound:.3g}")


def check_greedy(model):
    if not (data / f"{model.name}.greedy").exists():
        return
    expected = np.loadtxt(data / f"{model.name}.greedy", dtype=int).tolist()
    answer = model.run("kelvin-generate", "--ids", ",".join(map(str, model.ids[:40])), "--temp", "0", "-n", str(len(expected)),
                       "--weights", "f32", "--ignore-eos", "--json")
    ids = json.loads(answer.decode().splitlines()[0])["ids"]
    check(f"{model.name}: greedy text of {len(expected)} tokens", ids == expected, ids)


def check_tokenizer(model):
    if not (data / f"{model.name}.tokens.sha256").exists():
        return
    asked = "".join(json.dumps({"text_b64": base64.b64encode(line.encode()).decode()}) + "\n" for line in lines())
    answers = model.run("kelvin-tokenize", "--no-special", stdin=asked.encode()).decode().splitlines()
    ids = [json.loads(answer)["ids"] for answer in answers if '"ids"' in answer]
    digest = hashlib.sha256("".join(" ".join(map(str, line)) + "\n" for line in ids).encode()).hexdigest()
    expected = (data / f"{model.name}.tokens.sha256").read_text().split()[0]
    check(f"{model.name}: ids of {len(ids)} lines", digest == expected, digest)


def check_base(model):
    """A model without a template: a chat is refused in words, and a text begins with the ids of *.begin."""
    begin = np.loadtxt(data / f"{model.name}.begin", dtype=int, ndmin=1).tolist()
    asked = json.dumps({"text_b64": base64.b64encode(b"The fox").decode()}).encode() + b"\n"
    whole = json.loads(model.run("kelvin-tokenize", stdin=asked))["ids"]
    alone = json.loads(model.run("kelvin-tokenize", "--no-special", stdin=asked))["ids"]
    check(f"{model.name}: what stands before a text", whole == begin + alone, whole)
    done = subprocess.run([model.bin / "kelvin-tokenize", "--model", model.file, "--chat", data / "smollm2.chat.json"],
                          capture_output=True)
    said = done.stderr.decode()
    check(f"{model.name}: a chat is refused", done.returncode == 2 and "no chat template" in said and not done.stdout, said.strip())


def check_chat(model):
    conversation, expected = data / f"{model.name}.chat.json", data / f"{model.name}.prompt.txt"
    if not conversation.exists():
        return check_base(model)
    prompt = model.run("kelvin-tokenize", "--chat", conversation)
    check(f"{model.name}: chat prompt", prompt == expected.read_bytes(), f"{len(prompt)} bytes")


def main():
    bin_dir, models, *names = sys.argv[1:]
    for name in names or files:
        if not (data / f"{name}.sums.f64").exists():
            print(f"SKIPPED: no expected values for {name}; float64.py computes them")
            continue
        model = Model(name, bin_dir, models)
        with tempfile.TemporaryDirectory() as folder:
            exact = model.logits("f32", folder)
            check_logits(model, exact)
            check_storages(model, exact, folder)
        check_greedy(model)
        check_tokenizer(model)
        check_chat(model)
    sys.exit(f"{len(failures)} checks failed" if failures else 0)


main()
