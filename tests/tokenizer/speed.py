#!/usr/bin/env python3
"""Kelvin's tokenizers beside HF tokenizers, on one thread each, in one run.

  v/bin/python tests/tokenizer/speed.py build/bin/kelvin-tokenize FOLDER...     # tokenizers==0.23.3; folders with tokenizer.json

Figures: seconds for 10 MB of mixed text (the library's encode in this process, a hundred lines at a time, which suits it
best; ours, all at once, by the difference between a run with the text and one without), the ratio; milliseconds for one word of 1, 2 and 4 MB; the time from
start to end of kelvin-tokenize with an empty text, its peak memory over the size of tokenizer.json, the library's time to load.
"""
import os

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import random
import subprocess
import sys
import time

from tokenizers import Tokenizer

PARAGRAPHS = [
    "The brave fox lived in a tree house. She said: \"I'll never, ever go there again!\" It's 12:45, isn't it?\n",
    "def mean(xs):\n    total = 0.0\n    for x in xs:\n        total += x  # sum of 1234567 items\n    return total / max(1, len(xs))\n",
    "Der Fuchs läuft über die Straße; œuvre, naïve façade, señor, žluťoučký kůň.\n",
    "Быстрая лиса прыгает через ленивую собаку. Ещё раз!\n", "素早い狐は怠けた犬を飛び越えた。今日は良い天気ですね。\n",
    "敏捷的狐狸跳过了懒惰的狗。2024年11月21日\n", "तेज़ लोमड़ी आलसी कुत्ते के ऊपर कूदती है।\n", "الثعلب السريع يقفز فوق الكلب الكسول.\n",
    "빠른 여우가 게으른 개를 뛰어넘는다.\n", "👩‍🚀🚀 emojis 🦊🌲 and symbols ∑∂√ → ≤ ≥\n", "{\"key\": [1, 2.5, -3e7, null], \"path\": \"/usr/lib/x86_64\"}\n",
]


def mixed(size):
    r = random.Random(5)
    words = [w for p in PARAGRAPHS for w in p.split()]
    parts, length = [], 0
    while length < size:
        part = r.choice(PARAGRAPHS) if r.random() < 0.5 else " ".join(r.choices(words, k=12)) + f" {r.randrange(10**6)}\n"
        parts.append(part)
        length += len(part.encode())
    return "".join(parts)


def best(repeat, work):
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_memory(tool, folder):
    """Bytes that were in memory at most while the tokenizer was loaded."""
    with subprocess.Popen([tool, "--model", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(b'{"text_b64": ""}\n')
        process.stdin.flush()
        process.stdout.readline()
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as status:
            peak = next(line for line in status if line.startswith("VmHWM"))
        process.stdin.close()
    return 1024 * int(peak.split()[1])


def main():
    tool, folders = sys.argv[1], sys.argv[2:]
    text = mixed(10_000_000)
    for folder in folders:
        path = os.path.join(folder, "tokenizer.json")
        command = [tool, "--model", folder, "--text", "--count", "--no-special"]

        def ours(data):
            return best(3, lambda: subprocess.run(command, input=data, stdout=subprocess.DEVNULL, check=True))

        reference = Tokenizer.from_file(path)
        lines = text.splitlines(keepends=True)
        chunks = ["".join(lines[i:i + 100]) for i in range(0, len(lines), 100)]
        theirs = best(2, lambda: [reference.encode(chunk, add_special_tokens=False) for chunk in chunks])
        empty = ours(b"")
        own = ours(text.encode()) - empty
        words = [ours(b"a" * size) - empty for size in (1_000_000, 2_000_000, 4_000_000)]
        load = best(2, lambda: Tokenizer.from_file(path))
        memory = peak_memory(tool, folder) / os.path.getsize(path)
        print(f"{folder}: 10 MB in {own:.2f} s, tokenizers {theirs:.2f} s: {theirs / own:.1f} x; one word of 1, 2, 4 MB in "
              f"{', '.join(f'{word * 1000:.0f}' for word in words)} ms; start {empty * 1000:.0f} ms, tokenizers loads in {load * 1000:.0f} ms; "
              f"memory {memory:.2f} x the file", flush=True)


if __name__ == "__main__":
    main()
