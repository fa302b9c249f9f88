#include "tools/output/read_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace {

// By the block: byte by byte, a stream takes longer than the tokenizer.
std::string all_of(std::istream& stream) {
  std::string text;
  std::array<char, 1 << 16> block;
  while (stream.read(block.data(), block.size()), stream.gcount() > 0)
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace

std::string read_file(const std::string& path) {
  if (path == "-") return all_of(std::cin);
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw UserError("cannot read " + path + ": a file expected, a folder found");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UserError("cannot read " + path + ": " + std::strerror(errno));
  std::string text = all_of(file);
  if (file.bad()) throw UserError("cannot read " + path + ": " + std::strerror(errno));
  return text;
}

}  // namespace kelvin
