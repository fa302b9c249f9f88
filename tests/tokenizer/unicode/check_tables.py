#!/usr/bin/env python3
"""Checks what tokenizer/unicode/make_tables.py assumes against the reference library, code point by code point: which
Unicode version each part of it follows. Needs tokenizers==0.23.3 and unicodedata2==16.0.0.

Through kelvin-tokenize the tables themselves are compared: `check_tables.py build/bin/kelvin-tokenize` makes little
tokenizers, one for each property, and encodes every code point with both.
"""
import base64
import json
import os
import struct
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer

CODES = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
MODEL = {"type": "BPE", "unk_token": "u", "vocab": {"u": 0, "a": 1}, "merges": []}
# Each cuts or changes a text in which one 'a' follows every code point.
CASES = {
    **{"\\p{%s}" % name: {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": r"\p{%s}" % name}, "behavior": "Removed",
                                              "invert": False}}
       for name in ("L", "M", "N", "P", "S", "Z", "C", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Nd", "Cn", "Alphabetic", "Upper",
                    "Lower", "Alnum", "Han", "Hiragana", "Latin", "Cyrillic", "Arabic")},
    **{pattern: {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": False}}
       for pattern in (r"\s", r"\w", r"[\w]", r"\d", "[[:punct:]]", "[[:print:]]", "(?i:[a-z])", "(?i:[\\p{Lu}])")},
    **{kind: {"pre_tokenizer": {"type": kind}} for kind in ("Whitespace", "WhitespaceSplit", "BertPreTokenizer")},
    "Digits": {"pre_tokenizer": {"type": "Digits", "individual_digits": True}},
    "UnicodeScripts": {"pre_tokenizer": {"type": "UnicodeScripts"}},
    "Punctuation": {"pre_tokenizer": {"type": "Punctuation", "behavior": "Removed"}},
}
NORMALIZERS = ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt",
               {"type": "Strip", "strip_left": True, "strip_right": True},
               {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": True,
                "lowercase": True}]


def charsmap(rules):
    """A compiled map for Precompiled: a double array whose nodes lie 256 units apart."""
    nodes, values, texts = [{}], {}, b""
    for key, text in rules.items():
        at = 0
        for byte in key.encode():
            if byte not in nodes[at]:
                nodes[at][byte] = len(nodes)
                nodes.append({})
            at = nodes[at][byte]
        values[at] = len(texts)
        texts += text.encode() + b"\0"
    units = [0x80000000] * ((len(nodes) + 1) * 256)
    place, base = [0] * len(nodes), [256] * len(nodes)
    units[0] = 1 << 10 | 512
    for i, children in enumerate(nodes):
        if i in values:
            units[base[i]] = 0x80000000 | values[i]
            units[place[i]] |= 256
        for byte, child in children.items():
            place[child] = base[i] ^ byte
            base[child] = (child + 1) * 256 ^ (place[child] & 255)
            units[place[child]] = byte | ((i + 1) ^ (child + 1)) << 10 | 512
    trie = b"".join(struct.pack("<I", unit) for unit in units)
    return base64.b64encode(struct.pack("<I", len(trie)) + trie + texts).decode()


def own(tool, folder, texts):
    lines = "".join(json.dumps({"text_b64": base64.b64encode(t.encode()).decode()}) + "\n" for t in texts)
    done = subprocess.run([tool, "--model", folder], input=lines, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return [json.loads(line)["ids"] for line in done.stdout.split("\n")[:-1]]


def compare(tool, folder, name, content, texts):
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(content, file)
    reference = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    expected = [e.ids for e in reference.encode_batch(texts)]
    found = own(tool, folder, texts)
    wrong = [t for t, a, b in zip(texts, expected, found) if a != b]
    print(f"{name}: {len(wrong)} of {len(texts)} differ", *(ascii(t) for t in wrong[:5]))
    return bool(wrong)


def main():
    tool = sys.argv[1]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name, parts in CASES.items():
            # Without unknown tokens in a row fused, each piece shows.
            content = {"model": {**MODEL, "fuse_unk": True}, **parts}
            texts = ["".join("a" + chr(c) + "a" for c in CODES[i:i + 64]) for i in range(0, len(CODES), 64)]
            failed |= compare(tool, folder, name, content, texts)
        # Bytes show what a character became.
        vocab = {"<0x%02X>" % b: b for b in range(256)}
        for normalizer in NORMALIZERS:
            content = {"model": {"type": "BPE", "byte_fallback": True, "vocab": vocab, "merges": []},
                       "normalizer": {"type": normalizer} if isinstance(normalizer, str) else normalizer}
            texts = [f"a{chr(c)}\u0301{chr(c)}\u0323" for c in CODES] + [chr(c) for c in CODES]
            failed |= compare(tool, folder, str(normalizer), content, texts)
        # Where a cluster ends shows by what the map swallows with its first character.
        keys = ["a", "\u00e9", "\u00a9", "\u0600", "\u0301", "\u1160", "\u0915", "\u200d", "e\u0301", "\u0e33", "\r"]
        rules = charsmap({key: "[" + str(i) + "]" for i, key in enumerate(keys)})
        content = {"model": {"type": "BPE", "byte_fallback": True, "vocab": vocab, "merges": []},
                   "normalizer": {"type": "Precompiled", "precompiled_charsmap": rules}}
        texts = [f"a{chr(c)}a{chr(c)}{chr(c)}\u0301x\u00a9{chr(c)}\u00a9" for c in CODES]
        texts += [f"\u0600{chr(c)}\u1100{chr(c)}\u0301 \u00a9\u200d{chr(c)}\u0915{chr(c)}\u0915\u0301" for c in CODES]
        failed |= compare(tool, folder, "Precompiled", content, texts)
    sys.exit(failed)


if __name__ == "__main__":
    main()
