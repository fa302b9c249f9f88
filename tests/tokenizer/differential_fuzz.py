#!/usr/bin/env python3
"""Compares kelvin-tokenize with the reference, text by random text: with HF tokenizers on tokenizer.json itself, or with
SentencePiece on tokenizer.model where a folder has no tokenizer.json.

  python3 -m venv v && v/bin/pip install tokenizers==0.23.3 sentencepiece==0.2.3
  v/bin/python tests/tokenizer/differential_fuzz.py build/bin/kelvin-tokenize --count 100000 FOLDER...

With --gguf (pip install gguf too), kelvin-tokenize reads a GGUF file made of the folder instead (folder_to_gguf.py).

Texts mix scripts, blanks, code, the vocabulary's own added tokens (whole and cut) and broken UTF-8, which the reference
gets as Python's errors="replace" has it. Compared: ids with and (of every eighth text) without special tokens, text with
and without them; for SentencePiece, which finds no special tokens in text and adds none, ids and text without.
"""
import argparse
import base64
import functools
import itertools
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys
import tempfile

os.environ["RAYON_NUM_THREADS"] = "1"  # the folders are what is done in parallel

from tokenizers import Tokenizer

import folder_to_gguf

SCRIPTS = [(0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x5B0, 0x5EA), (0x600, 0x6FF), (0x900, 0x97F),
           (0xE00, 0xE7F), (0x1100, 0x11FF), (0x1E00, 0x1EFF), (0x2000, 0x206F), (0x2150, 0x218F), (0x2460, 0x24FF),
           (0x3000, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xAD00), (0xFB00, 0xFB4F), (0xFE00, 0xFE6F), (0xFF00, 0xFFEF),
           (0x1F300, 0x1F6FF), (0x1D400, 0x1D4FF), (0x10400, 0x1044F), (0x11900, 0x1193F)]
WORDS = ["the", "hello", "World", "I'm", "don't", "they'LL", "'S", "1234567", "3.14", "return", "{", "}", "->", "==", "e\u0301",
         "\u2581", "\u2581the", "<0x0A>", "\t", "\n", "\r\n", "  ", "   \n", "\u3000", "\u00a0", "\u200b", "\0", "\U0001F642",
         "\u00b2\u00bd\u2167", "\u017f", "\u0130", "\u00df", "_", "$", "\u20ac", "\u2026", "\u2014", "\u0085", "\u2028"]


SPECIAL = "\U0010FFFE"  # stands where a token of the vocabulary's own goes; no text has it otherwise


def word(r):
    kind = r.random()
    if kind < 0.35:
        return r.choice(WORDS)
    if kind < 0.6:
        return "".join(map(chr, r.choices(range(0x20, 0x7F), k=r.randint(1, 8))))
    if kind < 0.8:
        first, last = r.choice(SCRIPTS)
        return "".join(map(chr, r.choices(range(first, last + 1), k=r.randint(1, 6))))
    if kind < 0.87:
        return SPECIAL
    if kind < 0.93:
        return r.choice([" ", "\n", "\t", "  ", "\n\n"]) * r.randint(1, 5)
    if kind < 0.96:
        return r.choice("abcxyz019 .-") * r.randint(1, 40)
    code = r.randint(0, 0x10F7FD)
    return chr(code if code < 0xD800 else code + 0x800)


@functools.lru_cache(1)
def outlines(count, seed):
    """Texts for every vocabulary, with SPECIAL in them: making them takes longer than comparing them."""
    r = random.Random(seed)
    return [r.choice(["", " "]).join([word(r) for _ in range(r.choice([1, 2, 3, 5, 8, 15]))]) for _ in range(count)]


def texts(count, seed, special):
    """The texts of one vocabulary, as bytes: a twentieth is broken UTF-8."""
    r = random.Random(seed)
    for outline in outlines(count, seed):
        raw = re.sub(SPECIAL, lambda _: r.choice(special), outline).encode()
        if raw and r.random() < 0.05:
            at = r.randrange(len(raw))
            raw = raw[:at] + bytes([r.randint(128, 255)]) + raw[at + r.randint(0, 1):]
        yield raw


def chunks(items, size):
    items = iter(items)
    while chunk := list(itertools.islice(items, size)):
        yield chunk


def expected_lines(reference, raws, number):
    """What kelvin-tokenize --check reads, from the text with this number on."""
    strings = [raw.decode(errors="replace") for raw in raws]
    whole = [e.ids for e in reference.encode_batch_fast(strings, add_special_tokens=True)]
    plain = {i: reference.encode(strings[i], add_special_tokens=False).ids for i in range(-number % 8, len(strings), 8)}
    decoded = reference.decode_batch(whole, skip_special_tokens=False)
    short = reference.decode_batch(whole, skip_special_tokens=True)
    for i, raw in enumerate(raws):
        line = {"text_b64": base64.b64encode(raw).decode(), "ids": whole[i], "decoded": decoded[i], "decoded_skip_special": short[i]}
        if i in plain:
            line["ids_plain"] = plain[i]
        yield json.dumps(line, ensure_ascii=False) + "\n"


def compare(tool, folder, count, seed, read=None):
    """`read`: what kelvin-tokenize reads, if not the folder."""
    path = os.path.join(folder, "tokenizer.json")
    reference = Tokenizer.from_file(path)
    reference.no_truncation()
    reference.no_padding()
    special = [token.content for token in reference.get_added_tokens_decoder().values()]
    special += [content[:-1] for content in special if len(content) > 1]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as answers:
        check = subprocess.Popen([tool, "--check", read or folder, "--dump", "/dev/stdin"], stdin=subprocess.PIPE, stdout=answers, encoding="utf-8")
        done = 0
        for raws in chunks(texts(count, seed, special or [""]), 1000):
            check.stdin.writelines(expected_lines(reference, raws, done))
            done += len(raws)
        check.stdin.close()
        if check.wait() not in (0, 1):
            raise RuntimeError(f"{folder}: {tool} ended with status {check.returncode}")
        answers.seek(0)
        *found, summary = [json.loads(line) for line in answers.read().split("\n")[:-1]]
    assert summary == {"lines": count, "differ": len(found)}, summary
    wanted = {line["line"] for line in found[:5]}
    raws = {number: raw for number, raw in enumerate(texts(count, seed, special or [""]), 1) if number in wanted}
    report = [f"{folder}: {raws[line['line']]!r}: {line['key']}\n  expected {line['expected']!r}\n  found    {line['found']!r}"
              for line in found[:5]]
    return len(found), report + [f"{folder}: {count} texts, {len(found)} differ"]


def ask(tool, folder, options, lines):
    done = subprocess.run([tool, "--model", folder, *options], input="".join(json.dumps(line) + "\n" for line in lines),
                          stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]


def compare_sentencepiece(tool, folder, count, seed):
    import sentencepiece

    model = sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, "tokenizer.model"))
    words = [model.id_to_piece(i) for i in range(3, min(model.vocab_size(), 300)) if not model.is_control(i) and not model.is_byte(i)]
    wrong, report = 0, []
    for raws in chunks(texts(count, seed, words), 10000):
        strings = [raw.decode(errors="replace") for raw in raws]
        expected = [model.encode(string) for string in strings]
        found = ask(tool, folder, ["--no-special"], [{"text_b64": base64.b64encode(raw).decode()} for raw in raws])
        back = ask(tool, folder, ["--decode"], [{"ids": ids} for ids in expected])
        for string, ids, own, line in zip(strings, expected, found, back):
            # What stands for unknown tokens in text is a matter of taste.
            same_text = model.unk_id() in ids or line["text"] == model.decode(ids)
            if ids != own["ids"] or not same_text:
                wrong += 1
                if wrong <= 5:
                    report.append(f"{folder}: {string!r}\n  expected {ids}\n  found    {own['ids']}")
    return wrong, report + [f"{folder}: {count} texts, {wrong} differ"]


def compare_gguf(folder, tool, count, seed):
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "m.gguf")
        if not folder_to_gguf.write(folder, path):
            return 0, [f"{folder}: skipped, folder_to_gguf.py does not know how converters treat it"]
        return compare(tool, folder, count, seed, path)


def compare_folder(folder, tool, count, seed):
    has_json = os.path.exists(os.path.join(folder, "tokenizer.json"))
    return (compare if has_json else compare_sentencepiece)(tool, folder, count, seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--gguf", action="store_true")
    arguments = parser.parse_args()
    work = functools.partial(compare_gguf if arguments.gguf else compare_folder, tool=arguments.tool, count=arguments.count, seed=arguments.seed)
    total = 0
    with multiprocessing.Pool(arguments.jobs) as pool:
        for wrong, report in pool.imap(work, arguments.folders):
            print(*report, sep="\n", flush=True)
            total += wrong
    sys.exit(total > 0)


if __name__ == "__main__":
    main()
