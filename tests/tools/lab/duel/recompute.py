"""Every figure of kelvin-duel again, from its JSON lines: recompute.py DUEL.jsonl. Prints the largest relative difference."""
import itertools, json, sys
import numpy as np

lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
chains, worst = lines[-1]["chains"], 0.0
texts = {c: sorted((l for l in lines if l["type"] == "text" and l["chain"] == c), key=lambda l: l["draw"]) for c in chains}
grams = lambda ids, n: [tuple(ids[i:i + n]) for i in range(len(ids) - n + 1)]
def shared(of, text):
    others = {g for other in of if other is not text for g in grams(other["ids"], 3)}
    own = grams(text["ids"], 3)
    return np.mean([g in others for g in own]) if own else None
values = lambda c, m: [{"ln_p": np.mean(t["ln_p"]), "shared_3": shared(texts[c], t), "tokens": len(t["ids"])}.get(m) or t.get(m) or 0.0 for t in texts[c]]
for line in (l for l in lines if l["type"] == "measure"):
    a, b = (np.array(values(line[c], line["measure"]), float) for c in ("first", "second"))
    d, n = b - a, len(a)
    signs = np.array(list(itertools.product((1, -1), repeat=n)))
    p = np.mean(np.abs(signs @ d) >= abs(d.sum()) - 1e-12 * np.abs(d).sum())
    again = {"difference": d.mean(), "se": d.std(ddof=1) / n**0.5, "se_unpaired": ((a.var(ddof=1) + b.var(ddof=1)) / n) ** 0.5, "p": p}
    worst = max([worst] + [abs(line[k] - v) / max(1e-9, abs(v)) for k, v in again.items() if abs(v) > 1e-12])
print(worst)
