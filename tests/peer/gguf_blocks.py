"""Write tests/data/gguf: blocks of each quantised format of GGUF, and the float32 numbers the gguf package reads in them.

Needs numpy and gguf (PyPI):  python gguf_blocks.py ../data/gguf
"""
import pathlib
import sys

import gguf
import numpy as np
from gguf.quants import dequantize

# Where a block has float16 scales; everything else in it may be any bytes.
SCALES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
          "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}


def main():
    folder = pathlib.Path(sys.argv[1])
    random = np.random.default_rng(7)
    for name, places in SCALES.items():
        kind = gguf.GGMLQuantizationType[name]
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = random.integers(0, 256, (512 // elements, size), dtype=np.uint8)
        for place in places:
            scales = (random.standard_normal(len(blocks)) / 50).astype(np.float16)
            scales[-1] = np.float16(3e-7)  # subnormal
            blocks[:, place:place + 2] = scales[:, None].view(np.uint8)
        numbers = dequantize(blocks.reshape(1, -1), kind).astype("<f4")
        assert numbers.size == 512 and np.isfinite(numbers).all()
        (folder / f"{name}.blocks").write_bytes(blocks.tobytes())
        (folder / f"{name}.f32").write_bytes(numbers.tobytes())


if __name__ == "__main__":
    main()
