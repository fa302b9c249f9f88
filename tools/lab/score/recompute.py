"""The figures and the hash of `kelvin-score --json` (a file), from its outputs and verdicts alone."""
import collections, hashlib, json, math, sys

lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
answers, figures, end = [l for l in lines if "ids" in l], [l for l in lines if "accuracy" in l], lines[-1]
tasks, draws, digest = end["tasks"], end["draws"], hashlib.sha256()
for i, line in enumerate(answers):
    for draw, ids in enumerate(line["ids"]):
        digest.update(f"{i // tasks} {i % tasks} {draw}:{''.join(f' {id}' for id in ids)}\n".encode())
assert digest.hexdigest() == end["sha256"], "sha256"
for i, told in enumerate(figures):
    chain = answers[i * tasks : (i + 1) * tasks]
    wrong = [draws - sum(line["right"]) for line in chain]
    for k in [int(name[5:]) for name in told if name.startswith("pass@") and name[5:].isdigit()]:
        mean = sum(1 - math.comb(w, k) / math.comb(draws, k) for w in wrong) / tasks
        assert abs(mean - told[f"pass@{k}"]) < 1e-12, (told["chain"], k)
    mean, deviation = sum(1 - w / draws for w in wrong) / tasks, collections.Counter()
    for line, w in zip(chain, wrong):
        deviation[line["cluster"]] += 1 - w / draws - mean
    error = math.sqrt(len(deviation) / (len(deviation) - 1) * sum(d * d for d in deviation.values())) / tasks
    assert abs(mean - told["accuracy"]) < 1e-12 and abs(error - told["accuracy_se"]) < 1e-12, told["chain"]
    print(f"{told['chain']}: accuracy {mean:.4f}, standard error {error:.4f}")
print(digest.hexdigest())
