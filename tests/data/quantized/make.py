"""Quantised matrices of every kind that loaders/tensors/quantized_folder.cpp reads, one folder each, with the numbers
they stand for. What compressed-tensors packs it also reads back here; GPTQ's, AWQ's and FP8's numbers follow from their
definitions in numpy and torch. Run in this folder: python3 make.py (torch, safetensors, compressed-tensors 0.20.1)."""

import json
import pathlib

import numpy as np
import torch
from compressed_tensors.compressors.naive_quantized.base import NaiveQuantizationCompressor
from compressed_tensors.compressors.pack_quantized.base import PackedQuantizationCompressor
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
random = np.random.default_rng(16)


def write(name, config, tensors, expected):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"quantization_config": config}, indent=1) + "\n")
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "model.safetensors")
    (folder / "expected.f32").write_bytes(np.asarray(expected, dtype="<f4").tobytes())


def bits(codes, width):
    """Codes (rows, n) along the last axis into 32-bit words, from the lowest bit on."""
    rows, n = codes.shape
    out = np.zeros((rows, (n * width + 31) // 32), dtype=np.uint64)
    for i in range(n):
        at, code = i * width, codes[:, i].astype(np.uint64)
        out[:, at // 32] |= (code << np.uint64(at % 32)) & np.uint64(0xFFFFFFFF)
        if at % 32 + width > 32:
            out[:, at // 32 + 1] |= code >> np.uint64(32 - at % 32)
    return torch.from_numpy(out.astype(np.uint32).view(np.int32))


def scales_like(shape, dtype):
    return torch.from_numpy(random.uniform(0.002, 0.03, shape).astype(np.float32)).to(dtype)


def gptq(name, width, group, dtype, order=False, v2=False, index=True, rows=16, cols=64, **more):
    groups = 1 if group == -1 else cols // group
    codes = random.integers(0, 1 << width, (rows, cols))
    zeros = random.integers(1, (1 << width) + (0 if v2 else 1), (groups, rows))
    group_of = np.arange(cols) // (cols if group == -1 else group)
    if order:
        random.shuffle(group_of)
    scales = scales_like((groups, rows), dtype)
    tensors = {
        "m.qweight": bits(codes, width).T,
        "m.qzeros": bits(zeros - (0 if v2 else 1), width),
        "m.scales": scales,
    }
    if index:
        tensors["m.g_idx"] = torch.from_numpy(group_of.astype(np.int32))
    wide = scales.float().numpy()
    expected = wide[group_of].T * (codes - zeros[group_of].T).astype(np.float32)
    config = {"quant_method": "gptq", "bits": width, "group_size": group, "desc_act": order, "sym": False, **more}
    if v2:
        config["checkpoint_format"] = "gptq_v2"
    write(name, config, tensors, expected)


def awq(name, group, dtype, rows=16, cols=64):
    groups = 1 if group == -1 else cols // group
    order = [0, 2, 4, 6, 1, 3, 5, 7]  # the column in each nibble

    def pack(codes):
        return bits(codes.reshape(len(codes), -1, 8)[:, :, order].reshape(len(codes), -1), 4)

    codes, zeros = random.integers(0, 16, (cols, rows)), random.integers(0, 16, (groups, rows))
    scales = scales_like((groups, rows), dtype)
    group_of = np.arange(cols) // (cols if group == -1 else group)
    expected = (scales.float().numpy()[group_of] * (codes - zeros[group_of]).astype(np.float32)).T
    tensors = {"m.qweight": pack(codes), "m.qzeros": pack(zeros), "m.scales": scales}
    write(name, {"quant_method": "awq", "bits": 4, "group_size": group, "version": "gemm", "zero_point": True,
                 "modules_to_not_convert": ["lm_head"]}, tensors, expected)


def compressed(name, format_, dtype, rows=14, cols=64, **args):
    args = QuantizationArgs(**args)
    scheme = QuantizationScheme(targets=["Linear"], weights=args)
    shape = {"tensor": (1,), "channel": (rows, 1), "group": (rows, cols // (args.group_size or cols))}.get(args.strategy)
    if args.strategy == "block":
        shape = tuple(-(-size // block) for size, block in zip((rows, cols), args.block_structure))
    scales = scales_like(shape, torch.float32).to(dtype)
    if args.type == "float":
        state = {"weight": torch.from_numpy(random.normal(0, 1, (rows, cols)).astype(np.float32)), "weight_scale": scales.float()}
    else:
        state = {"weight": torch.from_numpy(random.normal(0, 0.2, (rows, cols)).astype(np.float32)), "weight_scale": scales.float()}
    if not args.symmetric:
        low, high = -(1 << (args.num_bits - 1)), 1 << (args.num_bits - 1)
        state["weight_zero_point"] = torch.from_numpy(random.integers(low, high, shape).astype(np.int8))
    tool = PackedQuantizationCompressor if format_ == "pack-quantized" else NaiveQuantizationCompressor
    stored = tool.compress(state, scheme)
    expected = tool.decompress({key: value.clone() for key, value in stored.items()}, scheme)["weight"]
    assert expected.dtype == torch.float32
    stored["weight_scale"] = stored["weight_scale"].to(dtype)
    group = {"targets": ["Linear"], "weights": json.loads(args.model_dump_json()), "input_activations": None}
    config = {"quant_method": "compressed-tensors", "format": format_, "config_groups": {"group_0": group},
              "ignore": ["lm_head", "re:.*gate$"], "quantization_status": "compressed", "kv_cache_scheme": None}
    write(name, config, {"m." + key: value for key, value in stored.items()}, expected.numpy())


def fp8(name, block, scale_shape, dtype, rows=20, cols=48, scale_name="m.weight_scale_inv", **config):
    codes = torch.from_numpy(random.integers(0, 256, (rows, cols)).astype(np.uint8))
    codes[(codes & 127) == 127] = 3  # no NaN: bits are compared
    weight, scales = codes.view(torch.float8_e4m3fn), scales_like(scale_shape, torch.float32)
    if dtype == torch.float8_e8m0fnu:
        scales = torch.from_numpy(random.integers(115, 125, scale_shape).astype(np.uint8)).view(dtype)
    else:
        scales = scales.to(dtype)
    wide = scales.float().numpy()
    if block:
        wide = np.repeat(np.repeat(wide, block[0], 0), block[1], 1)[:rows, :cols]
    expected = weight.float().numpy() * wide
    method = config.pop("quant_method", "fp8")
    if method == "fp8":
        config = {"activation_scheme": "dynamic", "fmt": "e4m3", "weight_block_size": block, **config}
    write(name, {"quant_method": method, **config}, {"m.weight": weight, scale_name: scales}, expected)


f16, bf16, f32 = torch.float16, torch.bfloat16, torch.float32
gptq("gptq-4-g32-f16", 4, 32, f16)
gptq("gptq-4-order-bf16", 4, 16, bf16, order=True)
gptq("gptq-4-row-noindex-f32", 4, -1, f32, index=False)
gptq("gptq-v2-4-g64-f16", 4, 64, f16, v2=True)
gptq("gptq-3-g32-f16", 3, 32, f16)
gptq("gptq-2-g16-f16", 2, 16, f16, order=True, v2=True)
gptq("gptq-8-g32-bf16", 8, 32, bf16)
awq("awq-g32-f16", 32, f16)
awq("awq-row-bf16", -1, bf16)
awq("awq-g16-f32", 16, f32)
compressed("ct-pack-4-g32-bf16", "pack-quantized", bf16, num_bits=4, type="int", strategy="group", group_size=32)
compressed("ct-pack-4-g16-asym-f16", "pack-quantized", f16, num_bits=4, type="int", strategy="group", group_size=16, symmetric=False)
compressed("ct-pack-4-channel-asym-odd", "pack-quantized", f32, rows=13, cols=42, num_bits=4, type="int", strategy="channel", symmetric=False)
compressed("ct-pack-8-g32-bf16", "pack-quantized", bf16, num_bits=8, type="int", strategy="group", group_size=32)
compressed("ct-pack-3-g32-asym", "pack-quantized", bf16, num_bits=3, type="int", strategy="group", group_size=32, symmetric=False)
compressed("ct-int8-channel-bf16", "int-quantized", bf16, num_bits=8, type="int", strategy="channel")
compressed("ct-int8-channel-asym-f32", "int-quantized", f32, num_bits=8, type="int", strategy="channel", symmetric=False)
compressed("ct-int8-tensor-asym", "int-quantized", f16, num_bits=8, type="int", strategy="tensor", symmetric=False)
compressed("ct-fp8-tensor-bf16", "float-quantized", bf16, num_bits=8, type="float", strategy="tensor")
compressed("ct-fp8-channel-f32", "float-quantized", f32, num_bits=8, type="float", strategy="channel")
compressed("ct-fp8-block", "float-quantized", bf16, rows=20, cols=40, num_bits=8, type="float", strategy="block", block_structure=[16, 16])
fp8("fp8-block-part-bf16", [16, 32], (2, 2), bf16)
fp8("fp8-block-e8m0", [8, 16], (3, 3), torch.float8_e8m0fnu, scale_fmt="ue8m0")
fp8("fp8-tensor-f32", None, (), f32, activation_scheme="static", modules_to_not_convert=["lm_head"])
fp8("fp8-fbgemm-row", None, (20, 1), f32, scale_name="m.weight_scale", quant_method="fbgemm_fp8", activation_scale_ub=1200.0)

# MXFP4: E2M1 codes, the low nibble first, times a power of two for each 32.
blocks, exponents = random.integers(0, 256, (2, 6, 3, 16)).astype(np.uint8), random.integers(110, 135, (2, 6, 3)).astype(np.uint8)
numbers = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], dtype=np.float32)
values = np.stack([numbers[blocks & 15], numbers[blocks >> 4]], -1).reshape(2, 6, 3, 32)
write("mxfp4-experts", {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]},
      {"m_blocks": torch.from_numpy(blocks), "m_scales": torch.from_numpy(exponents)},
      np.ldexp(values, exponents.astype(np.int32)[..., None] - 127))
