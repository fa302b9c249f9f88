// A fingerprint of a model's files, quick enough for every run: all bytes count, and two models are told apart. It is no
// defence against a forger.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace kelvin {

// 64 hexadecimal digits for a GGUF file, or for those files of a folder whose names end in .safetensors, .gguf, .json,
// .jinja, .model or .tiktoken, in the order of their names. SHA-256 of a line per file, "SIZE SUM WEIGHTED\n": its bytes
// are words of 64 bits (little-endian, the last one filled with zeros), SUM is w1 + w2 + w3 + ... and WEIGHTED is
// 1 w1 + 2 w2 + 3 w3 + ..., both modulo 2^64 and in 16 hexadecimal digits. Of models of 4 GiB and more only every N-th
// block of 1 MiB counts, from the first one on, with N = 1 + (bytes of all files) / 2^32. The files of `adapter`, if there is one, follow
// those of the model. The result does not depend on
// where the model lies, on what a GGUF file is called, or on `threads`. Throws LoadError where a file cannot be read.
std::string model_hash(const std::filesystem::path& model, int threads,
                       const std::optional<std::filesystem::path>& adapter = {});

}  // namespace kelvin
