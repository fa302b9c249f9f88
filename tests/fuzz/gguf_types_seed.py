"""One tensor of every quantised type of GGUF, a block of random bytes each: python gguf_types_seed.py corpus/gguf/all_types

A first input for gguf-fuzz, which changes it. Needs gguf (PyPI), whose table of types and block sizes it follows.
"""
import random
import struct
import sys

from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

OTHERS = {"F16", "F32", "F64", "BF16", "I8", "I16", "I32", "I64", "Q8_1", "Q8_K"}  # the last two are never in files


def text(string):
    return struct.pack("<Q", len(string)) + string.encode()


def main():
    bytes_of = random.Random(5).randbytes
    infos, data = b"", b""
    types = [t for t in GGMLQuantizationType if t.name not in OTHERS]
    for t in types:
        elements, size = GGML_QUANT_SIZES[t]
        infos += text(t.name) + struct.pack("<IQIQ", 1, elements, t, len(data))
        data += bytes_of(size)
        data += bytes(-len(data) % 32)
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(types), 1)
    head += text("general.architecture") + struct.pack("<I", 8) + text("llama") + infos
    with open(sys.argv[1], "wb") as out:
        out.write(head + bytes(-len(head) % 32) + data)
    print(len(types), "types:", " ".join(t.name for t in types))


main()
