"""Write tests/data/gguf/random_blocks.txt: for each quantised format of GGUF, sums over the numbers that the gguf package
reads in 300 and in 100000 random blocks (tests/loaders/random_blocks.h has the rule), Inf and NaN among the scales.

Needs numpy and gguf 0.19 or later (PyPI):  python gguf_random_blocks.py ../data/gguf/random_blocks.txt
"""
import sys

import gguf
import numpy as np
from gguf.quants import dequantize

NAMES = ("Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS MXFP4 Q1_0 TQ2_0 TQ1_0 IQ3_S IQ3_XXS "
         "IQ2_XXS IQ2_XS IQ2_S IQ1_S IQ1_M NVFP4").split()
SELDOM = np.array([0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x83ff, 0x0400, 0x7bff,
                   0xfbff, 0x7c00, 0xfc00, 0x7c01, 0xfe00, 0xc000, 0x3c01, 0x1234], dtype="<u2")
FEW, WHOLE, STEP = 300, 100_000, 10_000


def mixed(x):
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
    return x ^ (x >> np.uint64(31))


def random_blocks(kind, size, begin, end):
    index = np.arange(begin, end, dtype=np.uint64)[:, None]
    word = np.arange((size + 7) // 8, dtype=np.uint64)[None]
    words = mixed(((np.uint64(int(kind) << 32) | index) << np.uint64(8) | word) + np.uint64(1))
    pairs = words.astype("<u8").view("<u2")
    rare = index[:, 0] % 4 == 3
    pairs[rare] = SELDOM[pairs[rare] % 16]
    return np.ascontiguousarray(pairs.view(np.uint8)[:, :size])


def numbers_of(kind, blocks):
    if kind.name == "Q1_0":  # the package knows its size only: a float16, then a bit for each of 128 signs
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        bits = np.unpackbits(blocks[:, 2:], axis=1, bitorder="little")
        return np.where(bits == 1, scale, -scale).ravel()
    return dequantize(blocks.reshape(1, -1), kind).ravel()


def main():
    np.seterr(all="ignore")
    with open(sys.argv[1], "w") as file:
        for name in NAMES:
            kind = gguf.GGMLQuantizationType[name]
            elements, size = gguf.GGML_QUANT_SIZES[kind]
            total = np.uint64(0)
            for begin, end in [(0, FEW), (FEW, STEP)] + [(i, i + STEP) for i in range(STEP, WHOLE, STEP)]:
                numbers = numbers_of(kind, random_blocks(kind, size, begin, end)).astype("<f4")
                bits = np.where(np.isnan(numbers), np.uint32(0x7fc00000), numbers.view("<u4")).astype(np.uint64)
                place = np.arange(begin * elements, end * elements, dtype=np.uint64)
                total += ((bits + np.uint64(1)) * (place * np.uint64(2) + np.uint64(1))).sum(dtype=np.uint64)
                if end == FEW:
                    few = total
            print(name, int(kind), f"{few:016x} {total:016x}", file=file)


if __name__ == "__main__":
    main()
