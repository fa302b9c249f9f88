#!/usr/bin/env python3
"""Compares kelvin-tokenize with the reference, text by random text: with HF tokenizers on tokenizer.json itself, or with
SentencePiece on tokenizer.model where a folder has no tokenizer.json.

  python3 -m venv v && v/bin/pip install tokenizers==0.23.3 sentencepiece==0.2.3
  v/bin/python tests/tokenizer/differential_fuzz.py build/bin/kelvin-tokenize --count 100000 FOLDER...

Texts mix scripts, blanks, code, the vocabulary's own added tokens (whole and cut) and broken UTF-8, which the reference
gets as Python's errors="replace" has it. Compared: ids with and without special tokens, text with and without them; for
SentencePiece, which finds no special tokens in text and adds none, ids and text without.
"""
import argparse
import base64
import json
import os
import random
import subprocess
import sys

from tokenizers import Tokenizer

SCRIPTS = [(0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x5B0, 0x5EA), (0x600, 0x6FF), (0x900, 0x97F),
           (0xE00, 0xE7F), (0x1100, 0x11FF), (0x1E00, 0x1EFF), (0x2000, 0x206F), (0x2150, 0x218F), (0x2460, 0x24FF),
           (0x3000, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xAD00), (0xFB00, 0xFB4F), (0xFE00, 0xFE6F), (0xFF00, 0xFFEF),
           (0x1F300, 0x1F6FF), (0x1D400, 0x1D4FF), (0x10400, 0x1044F), (0x11900, 0x1193F)]
WORDS = ["the", "hello", "World", "I'm", "don't", "they'LL", "'S", "1234567", "3.14", "return", "{", "}", "->", "==", "e\u0301",
         "\u2581", "\u2581the", "<0x0A>", "\t", "\n", "\r\n", "  ", "   \n", "\u3000", "\u00a0", "\u200b", "\0", "\U0001F642",
         "\u00b2\u00bd\u2167", "\u017f", "\u0130", "\u00df", "_", "$", "\u20ac", "\u2026", "\u2014", "\u0085", "\u2028"]


def word(r, special):
    kind = r.random()
    if kind < 0.35:
        return r.choice(WORDS)
    if kind < 0.6:
        return "".join(chr(r.randint(0x20, 0x7E)) for _ in range(r.randint(1, 8)))
    if kind < 0.8:
        first, last = r.choice(SCRIPTS)
        return "".join(chr(r.randint(first, last)) for _ in range(r.randint(1, 6)))
    if kind < 0.87 and special:
        return r.choice(special)
    if kind < 0.93:
        return r.choice([" ", "\n", "\t", "  ", "\n\n"]) * r.randint(1, 5)
    if kind < 0.96:
        return r.choice("abcxyz019 .-") * r.randint(1, 40)
    code = r.randint(0, 0x10F7FF)
    return chr(code if code < 0xD800 else code + 0x800)


def text(r, special):
    joined = r.choice(["", " "]).join(word(r, special) for _ in range(r.choice([1, 2, 3, 5, 8, 15])))
    raw = joined.encode()
    if raw and r.random() < 0.05:
        at = r.randrange(len(raw))
        raw = raw[:at] + bytes([r.randint(128, 255)]) + raw[at + r.randint(0, 1):]
    return raw


def ask(tool, folder, options, lines):
    done = subprocess.run([tool, "--model", folder, *options], input="".join(json.dumps(line) + "\n" for line in lines),
                          stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]


def compare(tool, folder, count, seed):
    path = os.path.join(folder, "tokenizer.json")
    reference = Tokenizer.from_file(path)
    reference.no_truncation()
    reference.no_padding()
    with open(path, encoding="utf-8") as file:
        special = [token["content"] for token in json.load(file).get("added_tokens", [])]
    special += [content[:-1] for content in special if len(content) > 1]
    r = random.Random(seed)
    wrong = 0
    for start in range(0, count, 10000):
        texts = [text(r, special) for _ in range(min(10000, count - start))]
        requests = [{"text_b64": base64.b64encode(raw).decode()} for raw in texts]
        strings = [raw.decode(errors="replace") for raw in texts]
        plain = [e.ids for e in reference.encode_batch(strings, add_special_tokens=False)]
        whole = [e.ids for e in reference.encode_batch(strings, add_special_tokens=True)]
        own_plain = [line["ids"] for line in ask(tool, folder, ["--no-special"], requests)]
        own_whole = [line["ids"] for line in ask(tool, folder, [], requests)]
        back = [line["text"] for line in ask(tool, folder, ["--decode"], [{"ids": ids} for ids in whole])]
        short = [line["text"] for line in ask(tool, folder, ["--decode", "--skip-special"], [{"ids": ids} for ids in whole])]
        for i, string in enumerate(strings):
            expected = (plain[i], whole[i], reference.decode(whole[i], skip_special_tokens=False),
                        reference.decode(whole[i], skip_special_tokens=True))
            found = (own_plain[i], own_whole[i], back[i], short[i])
            if expected != found:
                wrong += 1
                if wrong <= 5:
                    print(f"{folder}: {string!r}\n  expected {expected}\n  found    {found}")
    print(f"{folder}: {count} texts, {wrong} differ")
    return wrong


def compare_sentencepiece(tool, folder, count, seed):
    import sentencepiece

    model = sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, "tokenizer.model"))
    words = [model.id_to_piece(i) for i in range(3, min(model.vocab_size(), 300)) if not model.is_control(i) and not model.is_byte(i)]
    r = random.Random(seed)
    wrong = 0
    for start in range(0, count, 10000):
        texts = [text(r, words) for _ in range(min(10000, count - start))]
        strings = [raw.decode(errors="replace") for raw in texts]
        expected = [model.encode(string) for string in strings]
        found = ask(tool, folder, ["--no-special"], [{"text_b64": base64.b64encode(raw).decode()} for raw in texts])
        back = ask(tool, folder, ["--decode"], [{"ids": ids} for ids in expected])
        for string, ids, own, line in zip(strings, expected, found, back):
            # What stands for unknown tokens in text is a matter of taste.
            same_text = model.unk_id() in ids or line["text"] == model.decode(ids)
            if ids != own["ids"] or not same_text:
                wrong += 1
                if wrong <= 5:
                    print(f"{folder}: {string!r}\n  expected {ids}\n  found    {own['ids']}")
    print(f"{folder}: {count} texts, {wrong} differ")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    wrong = 0
    for folder in arguments.folders:
        has_json = os.path.exists(os.path.join(folder, "tokenizer.json"))
        wrong += (compare if has_json else compare_sentencepiece)(arguments.tool, folder, arguments.count, arguments.seed)
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
