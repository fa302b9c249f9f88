# Computes what kelvin-sweep --generate --json says again, from its texts alone.
import json, sys
import numpy as np

lines = [json.loads(line) for line in sys.stdin]
for point in (line for line in lines if line["type"] == "point"):
    texts = [line for line in lines if line["type"] == "text" and line["beta"] == point["beta"]]
    e, m, v, s = (np.array([text[key] for text in texts]) for key in ("energy", "expected", "variance", "entropy"))
    n, b2 = e.shape[1], point["beta"] ** 2
    total, a, to_go = e.sum(1), e - e.mean(0), e[:, ::-1].cumsum(1)[:, ::-1]
    expected = {
        "energy": e.mean(), "energy_se": e.mean(1).std(ddof=1) / len(e) ** 0.5, "entropy": s.mean(),
        "response": b2 * ((e - m) * (to_go - to_go.mean(0))).sum() / (len(e) - 1) / n, "fluctuation": b2 * total.var(ddof=1) / n,
        "steps": b2 * v.mean(), "drift": (e[:, -(n // 4):].mean(1) - e[:, :n // 4].mean(1)).mean(),
    }
    without = [b2 * np.delete(total, i).var(ddof=1) / n for i in range(len(e))]
    expected["fluctuation_se"] = (np.var(without) * (len(e) - 1)) ** 0.5
    for key, value in expected.items():
        assert np.isclose(point[key], value, rtol=1e-9), (point["T"], key, point[key], value)
    for i, c in enumerate(point["correlation"]):
        near, far = a[:, :-2**i], a[:, 2**i:]
        assert np.isclose(c, (near * far).sum() / ((near**2).sum() * (far**2).sum()) ** 0.5, rtol=1e-9)
print("recomputed")
