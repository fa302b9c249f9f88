"""Print the sets of loaders/tensors/iq_grids.cpp, made of the grids that the gguf package has: bit n of a set is set where
the grid has the point whose digits, the last value the highest, are the number n.

Needs numpy and gguf (PyPI):  python gguf_grids.py
"""
from gguf import quants

SETS = {"iq2_xxs": quants.IQ2_XXS, "iq2_xs": quants.IQ2_XS, "iq2_s": quants.IQ2_S, "iq1": quants.IQ1_S,
        "iq3_xxs": quants.IQ3_XXS, "iq3_s": quants.IQ3_S}


def main():
    for name, kind in SETS.items():
        kind.init_grid()
        base = len(kind.grid_map)
        numbers = [sum(kind.grid_map.index(value) * base**i for i, value in enumerate(point))
                   for point in kind.grid.reshape(kind.grid_shape)]
        assert numbers == sorted(set(numbers))
        bits = sum(1 << number for number in numbers)
        words = [bits >> at & 2**64 - 1 for at in range(0, base ** kind.grid_shape[1], 64)]
        print(name, ", ".join(f"0x{word:016x}" if word else "0" for word in words))


if __name__ == "__main__":
    main()
