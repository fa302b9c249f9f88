#!/usr/bin/env python3
"""Makes random tokenizer.json files and compares kelvin-tokenize with the reference on random texts for each.

  v/bin/python tests/tokenizer/random_tokenizers.py build/bin/kelvin-tokenize --count 1000   (v: see differential_fuzz.py)

All kinds of models, normalizers, pre-tokenizers, post-processors, decoders and flags of added tokens come together as no
honest file has them. What Kelvin refuses by name is counted as refused; files that the reference refuses are made anew. Of a
difference, the smallest file that was found is printed with the text; --keep DIR keeps the folders.
"""
import argparse
import base64
import collections
import json
import os
import random
import subprocess
import sys
import tempfile

os.environ["RUST_BACKTRACE"] = "0"  # the reference panics on some files

from tokenizers import Tokenizer

from differential_fuzz import expected_lines

ALPHABET = [*"abcABs12 ", *"  \n\t'!,._-", *"\u00e9\u0301\u0323\u0130\u00df\ufb01\u4e2d\uac00\u1100\u1161\u2581\u00b2\u00a0\u200b\u0001\ufffd", "\U0001F642"]
SPECIAL = ["<s>", "</s>", "<x>", "<xy>", "ab", " a", "a ", "\u2581a", "A", "\u00e9", "e\u0301", "1", "##a", "\n", "  ", "a b", "\u4e2d", "\u0130", "<0x61>"]
PATTERNS = [{"Regex": x} for x in (r"\s+", r"\p{L}+", r"\d{1,3}", r"[^\s\p{L}]+", r"\p{M}", r"(?=\d)", r" ?\w+|\s+(?!\S)|\s+", r"a|b+", r"(?i:'s|ab)")]
PATTERNS += [{"String": x} for x in (" ", "a", "ab", "\u2581", "\n", "1")]
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]


def flag(r):
    return r.random() < 0.5


def some(r, make, most, kind, key):
    """None, one of what `make` gives, or a Sequence of them."""
    parts = [make(r) for _ in range(r.choice([0, 1, 1, 2, most]))]
    return None if not parts else parts[0] if len(parts) == 1 and flag(r) else {"type": kind, key: parts}


def normalizer(r):
    return r.choice([
        lambda: {"type": r.choice(["NFC", "NFD", "NFKC", "NFKD"])},
        lambda: {"type": "Prepend", "prepend": r.choice(["\u2581", "a", " ", "\u00e9b"])},
        lambda: {"type": "Replace", "pattern": r.choice(PATTERNS), "content": r.choice(["", " ", "\u2581", "ab"])},
        lambda: {"type": r.choice(["Lowercase", "StripAccents", "Nmt"])},
        lambda: {"type": "Strip", "strip_left": flag(r), "strip_right": flag(r)},
        lambda: {"type": "BertNormalizer", "clean_text": flag(r), "handle_chinese_chars": flag(r),
                 "strip_accents": r.choice([None, True, False]), "lowercase": flag(r)},
        lambda: {"type": "ByteLevel"} if r.random() < 0.3 else {"type": "NFD"},
    ])()


def pre_tokenizer(r):
    return r.choice([
        lambda: {"type": "Split", "pattern": r.choice(PATTERNS), "behavior": r.choice(BEHAVIORS), "invert": flag(r)},
        lambda: {"type": "ByteLevel", "add_prefix_space": flag(r), "trim_offsets": True, "use_regex": flag(r)},
        lambda: {"type": "Metaspace", "replacement": r.choice("\u2581\u2581_"), "prepend_scheme": r.choice(["first", "always", "never"]), "split": flag(r)},
        lambda: {"type": "Digits", "individual_digits": flag(r)},
        lambda: {"type": "Punctuation", "behavior": r.choice(BEHAVIORS)},
        lambda: {"type": "CharDelimiterSplit", "delimiter": r.choice(" ab\u00e9")},
        lambda: {"type": r.choice(["Whitespace", "WhitespaceSplit", "BertPreTokenizer", "UnicodeScripts"])},
        lambda: {"type": "FixedLength", "length": r.randint(1, 4)},
    ])()


def decoder(r):
    return r.choice([
        lambda: {"type": r.choice(["ByteLevel", "ByteFallback", "Fuse"])},
        lambda: {"type": "Replace", "pattern": r.choice(PATTERNS[-6:]), "content": r.choice(["", " ", "\u2581"])},
        lambda: {"type": "Strip", "content": r.choice(" a\u2581"), "start": r.randint(0, 2), "stop": r.randint(0, 2)},
        lambda: {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": r.choice(["first", "always", "never"]), "split": flag(r)},
        lambda: {"type": "WordPiece", "prefix": "##", "cleanup": flag(r)},
        lambda: {"type": "BPEDecoder", "suffix": "</w>"},
        lambda: {"type": "CTC", "pad_token": "<x>", "word_delimiter_token": "a", "cleanup": flag(r)},
    ])()


def characters(r, pre):
    if '"ByteLevel"' in json.dumps(pre) and r.random() < 0.8:
        every = [*range(33, 127), *range(161, 173), *range(174, 256)]
        return [chr(c) for c in every] + [chr(256 + i) for i in range(256 - len(every))]
    return r.sample(ALPHABET, r.randint(len(ALPHABET) // 2, len(ALPHABET)))


def bpe(r, pre):
    prefix, suffix = r.choice([None, None, None, "##"]), r.choice([None, None, None, "</w>"])
    vocab = dict.fromkeys(["<unk>"] + characters(r, pre))
    letters = list(vocab)[1:]
    for letter in letters:
        if prefix:
            vocab[prefix + letter] = None
        if suffix:
            vocab[letter + suffix] = None
            if prefix:
                vocab[prefix + letter + suffix] = None
    merges = {}
    common = [t for t in vocab if any(c in t for c in "abs1 \u2581\u0120A\u00e9") and t != "<unk>"] or letters
    for _ in range(r.choice([0, 10, 60])):
        left, right = r.choice(common), r.choice(common)
        if suffix and left.endswith(suffix) or prefix and not right.startswith(prefix) or len(left + right) > 12:
            continue
        made = left + right[len(prefix or ""):]
        vocab[made] = None
        merges[left, right] = None
        common.append(made)
    byte_fallback = flag(r)
    for byte in range(256) if byte_fallback else []:
        if r.random() < 0.999:
            vocab[f"<0x{byte:02X}>"] = None
    vocab = {token: id for id, token in enumerate(vocab)}
    return {"type": "BPE", "dropout": None, "unk_token": r.choice([None, "<unk>"]), "continuing_subword_prefix": prefix,
            "end_of_word_suffix": suffix, "fuse_unk": flag(r), "byte_fallback": byte_fallback, "ignore_merges": flag(r),
            "vocab": vocab, "merges": [list(m) for m in merges]}


def unigram(r, pre):
    letters = characters(r, pre)
    tokens = dict.fromkeys(["<unk>"] + letters)
    for _ in range(r.choice([0, 10, 60])):
        tokens["".join(r.choices([t for t in tokens if t != "<unk>" and len(t) < 5], k=2))] = None
    byte_fallback = flag(r)
    for byte in range(256) if byte_fallback else []:
        tokens[f"<0x{byte:02X}>"] = None
    return {"type": "Unigram", "unk_id": r.choice([0, 0, 0, None]), "byte_fallback": byte_fallback,
            "vocab": [[token, round(-r.random() * 10, 3)] for token in tokens]}


def post_processor(r, ids):
    token = lambda: r.choice(list(ids))
    pair = lambda: (lambda t: [t, ids[t]])(token())

    def template():
        used = [token() for _ in range(3)]
        part = lambda t: {"SpecialToken": {"id": t, "type_id": 0}}
        text = {"Sequence": {"id": "A", "type_id": 0}}
        return {"type": "TemplateProcessing", "single": [part(used[0])] * r.randint(0, 2) + [text] + [part(used[1])] * r.randint(0, 1),
                "pair": [text, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {t: {"id": t, "ids": [ids[t]], "tokens": [t]} for t in used}}

    one = lambda r: r.choice([
        template,
        lambda: {"type": "BertProcessing", "sep": pair(), "cls": pair()},
        lambda: {"type": "RobertaProcessing", "sep": pair(), "cls": pair(), "trim_offsets": True, "add_prefix_space": flag(r)},
        lambda: {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
    ])()
    return some(r, one, 2, "Sequence", "processors")


def tokenizer_json(r):
    pre = some(r, pre_tokenizer, 3, "Sequence", "pretokenizers")
    model = (unigram if r.random() < 0.3 else bpe)(r, pre)
    vocab = model["vocab"] if model["type"] == "BPE" else {token: id for id, (token, _) in enumerate(model["vocab"])}
    added, ids = [], dict(vocab)
    for content in r.sample(SPECIAL, r.choice([0, 2, 5])):
        ids.setdefault(content, len(ids))
        added.append({"id": ids[content], "content": content, "single_word": r.random() < 0.3, "lstrip": r.random() < 0.3,
                      "rstrip": r.random() < 0.3, "normalized": flag(r), "special": flag(r)})
    return {"version": "1.0",
            "truncation": r.choice([None, {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}]),
            "padding": r.choice([None, {"strategy": {"Fixed": 9}, "direction": "Left", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "<unk>"}]),
            "added_tokens": sorted(added, key=lambda token: token["id"]),
            "normalizer": some(r, normalizer, 3, "Sequence", "normalizers"), "pre_tokenizer": pre,
            "post_processor": post_processor(r, ids), "decoder": some(r, decoder, 3, "Sequence", "decoders"), "model": model}


def random_texts(r, count, pieces):
    def word():
        return r.choice(SPECIAL) if r.random() < 0.2 else r.choice(pieces) if r.random() < 0.2 else "".join(r.choices(ALPHABET, k=r.randint(1, 6)))
    return ["".join(word() for _ in range(r.choice([0, 1, 2, 4, 8]))) for _ in range(count)]


def answerable(reference, texts):
    for text in texts:
        try:
            reference.encode(text)
            yield text.encode()
        except BaseException:  # an unknown token that is needed and absent: an error there too
            pass


def compare(tool, folder, seed, n_texts):
    """(what happened, details); None where the reference refuses the file."""
    r = random.Random(seed)
    made = tokenizer_json(r)
    text = json.dumps(made, ensure_ascii=False)
    try:
        reference = Tokenizer.from_str(text)
        reference.no_truncation()
        reference.no_padding()
    except BaseException:
        return None
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:
        file.write(text)
    raws = list(answerable(reference, random_texts(r, n_texts, list(reference.get_vocab()))))
    try:
        lines = list(expected_lines(reference, raws, 0))
    except BaseException:  # a decoder that panics
        return None
    done = subprocess.run([tool, "--check", folder, "--dump", "/dev/stdin"], input="".join(lines), capture_output=True, encoding="utf-8")
    if done.returncode not in (0, 1):
        return "refused", done.stderr.strip().rpartition("tokenizer.json: ")[2]
    *found, _ = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
    if not found:
        return "equal", ""
    line = min(found, key=lambda line: len(raws[line["line"] - 1]))
    shown = {key: value for key, value in made.items() if key not in ("model", "truncation", "padding", "version")}
    shown["model"] = {key: value for key, value in made["model"].items() if key not in ("vocab", "merges")}
    return "wrong", (f"seed {seed}: {raws[line['line'] - 1].decode()!r}: {line['key']}\n  expected {line['expected']!r}\n  found    {line['found']!r}\n  "
                     + json.dumps(shown, ensure_ascii=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--texts", type=int, default=60, help="for each tokenizer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    results, refusals, wrong = collections.Counter(), collections.Counter(), []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(arguments.seed, arguments.seed + arguments.count):
            folder = os.path.join(arguments.keep or scratch, str(seed) if arguments.keep else "m")
            what, details = compare(arguments.tool, folder, seed, arguments.texts) or ("refused by the reference", "")
            results[what] += 1
            if what == "refused":
                refusals[details[:100]] += 1
            if what == "wrong":
                wrong.append(details)
    print(*sorted(wrong, key=len)[:arguments.show], sep="\n")
    print(dict(results), dict(refusals))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
