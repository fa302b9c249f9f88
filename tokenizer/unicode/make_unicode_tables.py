#!/usr/bin/env python3
"""Writes tokenizer/unicode/unicode_tables.cpp.

The reference library mixes Unicode versions, and ids depend on it: categories, scripts and case folding of its
regular expressions are those of 16.0, normal forms and StripAccents of 9.0, Punctuation of 8.0, Digits and Lowercase
of 17.0. Data: unicodedata2 16.0.0, fonttools (scripts), regex (derived properties), and for 9.0 the header inside
unicodedata2's 9.0.0 source:

  python3 -m venv v && v/bin/pip install unicodedata2==16.0.0 fonttools regex
  v/bin/pip download --no-deps --no-binary :all: unicodedata2==9.0.0   # its build fails, the archive is what counts
  v/bin/python tokenizer/unicode/make_unicode_tables.py unicodedata2-9.0.0.tar.gz > tokenizer/unicode/unicode_tables.cpp

tests/unicode/check_tables.py compares the outcome with the reference library, code point by code point.
"""
import bisect
import re
import sys
import tarfile

import regex
import unicodedata2 as u
from fontTools.unicodedata import Scripts

CODES = range(0x110000)
CATEGORIES = "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co".split()

# In General_Category P of Unicode 9.0 but not assigned in 8.0.
PUNCTUATION_NEW_IN_9 = [(0x2E43, 0x2E44), (0x1144B, 0x1144F), (0x1145B, 0x1145B), (0x1145D, 0x1145D),
                        (0x11660, 0x1166C), (0x11C41, 0x11C45), (0x11C70, 0x11C71), (0x1E95E, 0x1E95F)]
# Numbers new in Unicode 17.0.
NUMBERS_NEW_IN_17 = [(0x11DE0, 0x11DE9), (0x16FF4, 0x16FF6)]
# Upper and lower case pairs that Python 3.11 (Unicode 14.0) does not know, up to 16.0 and new in 17.0.
CASE_NEW_TO_16 = {0x1C89: 0x1C8A, 0xA7CB: 0x264, 0xA7CC: 0xA7CD, 0xA7DA: 0xA7DB, 0xA7DC: 0x19B,
                  **{0x10D50 + i: 0x10D70 + i for i in range(0x16)}}
CASE_NEW_IN_17 = {0xA7CE: 0xA7CF, 0xA7D2: 0xA7D3, 0xA7D4: 0xA7D5, **{0x16EA0 + i: 0x16EBB + i for i in range(0x19)}}
# Simple foldings that Python's full folding hides.
SIMPLE_FOLDINGS = {0x1FD3: 0x390, 0x1FE3: 0x3B0, 0xFB05: 0xFB06}


def database_of_9(archive):
    """Category and combining class by code point, from the C tables in unicodedata2's source."""
    with tarfile.open(archive) as tar:
        name = next(n for n in tar.getnames() if n.endswith("/unicodedata_db.h"))
        text = tar.extractfile(name).read().decode()
    assert 'UNIDATA_VERSION "9.0.0"' in text

    def body(symbol):
        return re.search(r"\b%s\[\] = \{(.*?)\};" % symbol, text, re.S).group(1)

    records = [[int(x) for x in re.findall(r"-?\d+", row)] for row in body("_PyUnicode_Database_Records").splitlines() if row.strip()]
    names = re.findall(r'"(\w*)"', body("_PyUnicode_CategoryNames"))
    shift = int(re.search(r"#define SHIFT (\d+)\nstatic (?:const )?unsigned \w+ index1", text).group(1))
    index1 = [int(x) for x in re.findall(r"\d+", body("index1"))]
    index2 = [int(x) for x in re.findall(r"\d+", body("index2"))]
    record = [records[index2[(index1[c >> shift] << shift) + (c & ((1 << shift) - 1))]] for c in CODES]
    return [names[r[0]] for r in record], [r[1] for r in record]


category9, ccc9 = database_of_9(sys.argv[1])
category = [u.category(chr(c)) for c in CODES]


def ranges(predicate):
    out = []
    for c in CODES:
        if predicate(c):
            if out and out[-1][1] == c - 1:
                out[-1][1] = c
            else:
                out.append([c, c])
    return out


def inside(c, pairs):
    return any(a <= c <= b for a, b in pairs)


def decomposition(c):
    """(code points, compatibility?) of the one-step decomposition in 9.0, or None. Stable since then."""
    text = u.decomposition(chr(c)) if category9[c] != "Cn" else ""
    if not text:
        return None
    parts = text.split()
    compatible = parts[0].startswith("<")
    return [int(x, 16) for x in parts[compatible:]], compatible


def full(c, compatible):
    step = decomposition(c)
    if step is None or (step[1] and not compatible):
        return [c]
    return [x for part in step[0] for x in full(part, compatible)]


def emit(declaration, items, per_line=None):
    print("%s = {" % declaration)
    line = ""
    for item in items:
        if len(line) + len(item) > 116:
            print(line)
            line = ""
        line += item + ","
    print(line)
    print("};")


# Composition: canonical pairs but for exclusions, which NFC of the code point itself shows.
pairs = []
for c in CODES:
    step = decomposition(c)
    if step and not step[1] and len(step[0]) == 2 and u.normalize("NFC", chr(c)) == chr(c):
        pairs.append((step[0][0], step[0][1], c))
seconds = {b for _, b, _ in pairs} | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))


def record(c):
    """Category, and whether NFC and the other forms can leave the code point alone wherever it stands."""
    surrogate = 0xD800 <= c <= 0xDFFF
    hangul = 0xAC00 <= c <= 0xD7A3
    canonical = full(c, False) != [c] or hangul
    value = CATEGORIES.index(category[c])
    if not surrogate:
        if ccc9[c] or c in seconds or (canonical and not hangul and u.normalize("NFC", chr(c)) != chr(c)):
            value |= 32
        if ccc9[c] or canonical:
            value |= 64
        if full(c, True) != full(c, False):
            value |= 128
    return value


print("// Generated by tokenizer/unicode/make_unicode_tables.py; do not edit.")
print("// clang-format off")
print('#include "tokenizer/unicode/unicode_tables.h"\n')
print("namespace kelvin::unicode_tables {\n")

blocks, index = {}, []
for start in range(0, 0x110000, 128):
    block = tuple(record(c) for c in range(start, start + 128))
    index.append(blocks.setdefault(block, len(blocks)))
assert len(blocks) < 65536
emit("const std::uint16_t block_of[0x2200]", [str(i) for i in index])
emit("const std::uint8_t records[][128]", ["{" + ",".join(map(str, b)) + "}" for b in blocks])


def emit_ranges(name, found):
    emit("const Range %s[]" % name, ["{0x%X,0x%X}" % (a, b) for a, b in found])
    print("const std::size_t %s_count = %d;" % (name, len(found)))


emit_ranges("punctuation8", ranges(lambda c: category9[c][0] == "P" and not inside(c, PUNCTUATION_NEW_IN_9)))
emit_ranges("marks9", ranges(lambda c: category9[c][0] == "M"))
emit_ranges("nonspacing9", ranges(lambda c: category9[c] == "Mn"))
emit_ranges("numbers17", ranges(lambda c: category[c][0] == "N" or inside(c, NUMBERS_NEW_IN_17)))


def beyond(name, usual, unless=()):
    """Characters with a derived property that their category does not already imply (those of 16.0 only)."""
    matches = regex.compile(r"\p{%s}" % name).match
    return ranges(lambda c: category[c] not in usual + ("Cn", "Cs") and c not in unless and matches(chr(c)))


emit_ranges("other_alphabetic", beyond("Alphabetic", ("Lu", "Ll", "Lt", "Lm", "Lo", "Nl")))
emit_ranges("other_uppercase", beyond("Uppercase", ("Lu",)))
emit_ranges("other_lowercase", beyond("Lowercase", ("Ll",), unless=(0x295,)))  # a letter without case up to 16.0

classes = ranges(lambda c: ccc9[c])
split = []
for a, b in classes:
    for c in range(a, b + 1):
        if split and split[-1][1] == c - 1 and split[-1][2] == ccc9[c]:
            split[-1][1] = c
        else:
            split.append([c, c, ccc9[c]])
emit("const ClassRange combining_classes[]", ["{0x%X,0x%X,%d}" % tuple(s) for s in split])
print("const std::size_t combining_classes_count = %d;" % len(split))

pool, rows = [], []
for c in CODES:
    if 0xD800 <= c <= 0xDFFF:
        continue
    canonical, compatible = full(c, False), full(c, True)
    if compatible == [c]:
        continue
    begin = len(pool)
    pool += canonical if canonical != [c] else []
    middle = len(pool)
    pool += compatible if compatible != canonical else []
    sizes = middle - begin, len(pool) - middle
    if rows and rows[-1][1] == c - 1 and tuple(rows[-1][3:]) == sizes:
        rows[-1][1] = c
    else:
        rows.append([c, c, begin, *sizes])
emit("const char32_t decomposed[]", ["0x%X" % c for c in pool])
emit("const Decomposition decompositions[]", ["{0x%X,0x%X,%d,%d,%d}" % tuple(r) for r in rows])
print("const std::size_t decompositions_count = %d;" % len(rows))
emit("const Composition compositions[]", ["{0x%X,0x%X,0x%X}" % p for p in sorted(pairs)])
print("const std::size_t compositions_count = %d;" % len(pairs))

fold = {}
for c in CODES:
    if 0xD800 <= c <= 0xDFFF:
        continue
    folded, lower = chr(c).casefold(), chr(c).lower()
    if len(folded) == 1 and ord(folded) != c:
        fold[c] = ord(folded)
    elif len(folded) > 1 and len(lower) == 1 and ord(lower) != c:
        fold[c] = ord(lower)
fold.update(CASE_NEW_TO_16)
fold.update(SIMPLE_FOLDINGS)
lower = {c: ord(chr(c).lower()) for c in CODES if not 0xD800 <= c <= 0xDFFF and len(chr(c).lower()) == 1 and ord(chr(c).lower()) != c}
lower.update(CASE_NEW_TO_16)
lower.update(CASE_NEW_IN_17)


def emit_shifts(name, mapping):
    """Runs {first, last, step, target - source}: step 2 where upper and lower case alternate."""
    runs = []
    for c in sorted(mapping):
        shift = mapping[c] - c
        if runs and runs[-1][3] == shift and c - runs[-1][1] in (1, 2) and runs[-1][2] in (0, c - runs[-1][1]):
            runs[-1][2] = c - runs[-1][1]
            runs[-1][1] = c
        else:
            runs.append([c, c, 0, shift])
    emit("const CaseRange %s[]" % name, ["{0x%X,0x%X,%d,%d}" % (a, b, step or 1, shift) for a, b, step, shift in runs])
    print("const std::size_t %s_count = %d;" % (name, len(runs)))


emit_shifts("simple_folding", fold)
emit_shifts("lowercase", lower)
# Characters whose full folding is longer than one, so that a case-insensitive pattern can refuse them.
emit_ranges("long_folding", ranges(lambda c: not 0xD800 <= c <= 0xDFFF and len(chr(c).casefold()) > 1))

values = sorted(set(Scripts.NAMES.values()))
scripts = []
for c in CODES:
    if category[c] == "Cn":
        continue
    value = Scripts.VALUES[bisect.bisect_right(Scripts.RANGES, c) - 1]
    if value == "Zzzz":
        continue
    if scripts and scripts[-1][1] == c - 1 and scripts[-1][2] == value:
        scripts[-1][1] = c
    else:
        scripts.append([c, c, value])
used = sorted({s[2] for s in scripts})
emit("const char* const script_names[][2]", ['{"%s","%s"}' % (k, Scripts.NAMES[k]) for k in used])
print("const std::size_t script_names_count = %d;" % len(used))
emit("const ClassRange scripts[]", ["{0x%X,0x%X,%d}" % (a, b, used.index(v)) for a, b, v in scripts])
print("const std::size_t scripts_count = %d;" % len(scripts))
print("\n}  // namespace kelvin::unicode_tables")
