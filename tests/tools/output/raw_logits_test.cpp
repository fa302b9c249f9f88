#include "tools/output/raw_logits.h"

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <fstream>
#include <limits>

#include "tests/support.h"
#include "tokenizer/base/user_error.h"

using namespace kelvin;

namespace {

std::string message_of(const std::string& path) {
  try {
    read_raw_float32(path);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("numbers are four little-endian bytes each") {
  const float values[] = {1.5f, -std::numeric_limits<float>::infinity()};
  CHECK(raw_float32(values) == std::string("\x00\x00\xc0\x3f\x00\x00\x80\xff", 8));
}

TEST_CASE("what was written is read back, bit for bit, beyond one piece") {
  std::vector<float> values;
  for (std::uint32_t i = 0; i < 300'000; ++i) values.push_back(std::bit_cast<float>(i * 14'321u));
  const test::TemporaryFolder folder;
  const std::string path = (folder.path() / "logits").string();
  std::ofstream(path, std::ios::binary) << raw_float32(values);
  const std::vector<float> found = read_raw_float32(path);
  REQUIRE(found.size() == values.size());
  bool same = true;
  for (std::size_t i = 0; i < values.size(); ++i)
    same = same && std::bit_cast<std::uint32_t>(found[i]) == std::bit_cast<std::uint32_t>(values[i]);
  CHECK(same);
}

TEST_CASE("what is no such file is named") {
  const test::TemporaryFolder folder;
  const std::string path = (folder.path() / "logits").string();
  CHECK(message_of(path) == "cannot read " + path + ": No such file or directory");
  CHECK(message_of(folder.path().string()) ==
        "cannot read " + folder.path().string() + ": a file expected, a folder found");
  std::ofstream(path) << "";
  CHECK(message_of(path) == path + ": float32 numbers expected, 0 bytes found");
  std::ofstream(path) << "12345";
  CHECK(message_of(path) == path + ": float32 numbers expected, 5 bytes found");
}

TEST_CASE("an array's header is that of NumPy's format 1.0") {
  const std::string header = npy_header(std::vector<std::size_t>{5, 2048});
  CHECK(header.size() % 64 == 0);
  CHECK(header.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  const auto length = static_cast<unsigned char>(header[8]) + 256u * static_cast<unsigned char>(header[9]);
  CHECK(10 + length == header.size());
  CHECK(header.find("{'descr': '<f4', 'fortran_order': False, 'shape': (5, 2048), }") == 10);
  CHECK(header.back() == '\n');
  CHECK(npy_header(std::vector<std::size_t>{7}).find("(7,)") != std::string::npos);
}
