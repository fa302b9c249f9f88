#!/usr/bin/env python3
"""Makes the small SentencePiece models here and what the reference says about them:

  python3 -m venv v && v/bin/pip install sentencepiece==0.2.3 && v/bin/python tests/data/sentencepiece/make.py

Each folder: tokenizer.model, and expected.jsonl with text, ids and, where no id is the unknown one, decoded.
"""
import json
import os

import sentencepiece

HERE = os.path.dirname(os.path.abspath(__file__))
STORY = """The brave fox lived in a tree house, and the tree house stood in the old wood.
Every morning the fox ran down to the river to look at the 12 boats and the 345 ducks.
"Good morning," said the ducks. "Have you seen the  bear?" No, the fox had not seen her.
Été, naïve, Straße, übermut, ﬁne ﬂag, ½ cup; ＡＢＣ and ① ② ③: letters of many kinds.
def brave(fox):\treturn [fox for fox in wood if fox.is_brave()]
""".splitlines() * 3
# What becomes of what: a small compiled map.
RULES = [("ﬁ", "fi"), ("ﬂ", "fl"), ("½", "1 2"), ("Ａ", "A"), ("Ｂ", "B"), ("ＡＢ", "AB!"), ("\t", " "), ("e\u0301", "é"), ("\u00ad", "")]
TEXTS = ["", " ", "the fox", " the  fox ", "The brave fox\nran", "ﬁne ﬂag ½ ＡＢＣ ＡＣ", "e\u0301te\u0301 \u00adx", "a\tb", "<tool>fox<tool> the",
         "foxes<<tool>>  <x y>", "漢字 🦊 fox", "\u2581the\u2581fox", "1234567 ducks", "<0x41> A", "xyzzy" * 5, "ab abc abcd", "\n\n\n", "the" * 40]
MODELS = {
    "bpe_bytes": dict(model_type="bpe", vocab_size=420, byte_fallback=True, remove_extra_whitespaces=False, split_digits=True,
                      normalization_rule_name="identity", allow_whitespace_only_pieces=True),
    "bpe_rules": dict(model_type="bpe", vocab_size=200, user_defined_symbols=["<tool>", "ab", "abc", "<x y>"], rules=True),
    "bpe_plain": dict(model_type="bpe", vocab_size=420, byte_fallback=True, remove_extra_whitespaces=False, add_dummy_prefix=False,
                      normalization_rule_name="identity", user_defined_symbols=["\n", "\n\n", "\u2581\u2581"]),
    "unigram_rules": dict(model_type="unigram", vocab_size=100, rules=True, control_symbols=["<ctl>"]),
    "unigram_bytes": dict(model_type="unigram", vocab_size=340, byte_fallback=True, normalization_rule_name="identity",
                          character_coverage=0.98, treat_whitespace_as_suffix=True),
}

corpus, rules = os.path.join(HERE, "corpus.tmp"), os.path.join(HERE, "rules.tmp")
with open(corpus, "w", encoding="utf-8") as file:
    file.write("\n".join(STORY))
with open(rules, "w", encoding="utf-8") as file:
    for source, target in RULES:
        file.write(" ".join("%X" % ord(c) for c in source) + "\t" + " ".join("%X" % ord(c) for c in target) + "\n")
for name, options in MODELS.items():
    folder = os.path.join(HERE, name)
    os.makedirs(folder, exist_ok=True)
    if options.pop("rules", False):
        options["normalization_rule_tsv"] = rules
    sentencepiece.SentencePieceTrainer.train(input=corpus, model_prefix=os.path.join(folder, "tokenizer"), minloglevel=2, **options)
    os.remove(os.path.join(folder, "tokenizer.vocab"))
    model = sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, "tokenizer.model"))
    with open(os.path.join(folder, "expected.jsonl"), "w", encoding="utf-8") as file:
        for text in TEXTS:
            line = {"text": text, "ids": model.encode(text)}
            if model.unk_id() not in line["ids"]:
                line["decoded"] = model.decode(line["ids"])
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
os.remove(corpus)
os.remove(rules)
