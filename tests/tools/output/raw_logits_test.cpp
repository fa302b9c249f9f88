#include "tools/output/raw_logits.h"

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "tests/support.h"
#include "tokenizer/base/user_error.h"

using namespace kelvin;

namespace {

std::string message_of(const std::string& bytes, std::size_t vocabulary = 0) {
  try {
    logits_layout(std::as_bytes(std::span(bytes)), "f", vocabulary);
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
  const std::string bytes = raw_float32(values);
  const std::vector<float> found = float32_of(std::as_bytes(std::span(bytes)));
  REQUIRE(found.size() == values.size());
  bool same = true;
  for (std::size_t i = 0; i < values.size(); ++i)
    same = same && std::bit_cast<std::uint32_t>(found[i]) == std::bit_cast<std::uint32_t>(values[i]);
  CHECK(same);
}

TEST_CASE("rows of a raw file") {
  const auto layout = [](std::size_t numbers, std::size_t vocabulary) {
    const std::string bytes(numbers * 4, 'x');
    return logits_layout(std::as_bytes(std::span(bytes)), "f", vocabulary);
  };
  CHECK(layout(6, 3).rows == 2);
  CHECK(layout(6, 3).vocabulary == 3);
  CHECK(layout(6, 0).rows == 6);
  CHECK(layout(6, 0).vocabulary == 0);
  CHECK(message_of("") == "f: float32 numbers expected, 0 bytes found");
  CHECK(message_of("12345") == "f: float32 numbers expected, 5 bytes found");
  CHECK(message_of("12345678", 3) == "--vocab: 2 logits in f are no whole number of rows of 3");
}

TEST_CASE("rows of an array of NumPy's") {
  const std::vector<float> values(10, 1.5f);
  const auto layout = [](const std::string& bytes, std::size_t vocabulary = 0) {
    return logits_layout(std::as_bytes(std::span(bytes)), "f", vocabulary);
  };
  const auto file = [&](std::vector<std::size_t> shape) { return npy_header(shape) + raw_float32(values); };
  CHECK(layout(file({2, 5})).rows == 2);
  CHECK(layout(file({2, 5})).vocabulary == 5);
  CHECK(layout(file({2, 5}), 5).offset == file({2, 5}).size() - 40);
  CHECK(layout(file({10})).rows == 1);
  CHECK(layout(file({10})).vocabulary == 10);
  // Format 2.0 has four bytes of length; keys come in any order.
  std::string second = "{'shape': (5, 2), 'fortran_order': False, 'descr': '<f4'}\n";
  second =
      std::string("\x93NUMPY\x02\x00", 8) + static_cast<char>(second.size()) + std::string(3, '\0') + second;
  CHECK(layout(second + raw_float32(values)).vocabulary == 2);

  CHECK(message_of(file({2, 5}), 4) == "f: rows of 4 float32 expected, rows of 5 found");
  CHECK(message_of(file({2, 6})) == "f: 2 rows of 6 float32 expected, 40 bytes found");
  CHECK(message_of(file({1, 2, 5})) == "f: an array of (rows, vocabulary) expected, 3 dimensions found");
  CHECK(test::holds(message_of(file({0, 5})), "0 rows"));
  CHECK(test::holds(message_of(file({std::size_t{1} << 62, 8})), "bytes found"));
  const auto edited = [&](const std::string& from, const std::string& to) {
    std::string bytes = file({2, 5});
    bytes.replace(bytes.find(from), from.size(), to);
    return bytes;
  };
  CHECK(message_of(edited("'<f4'", "'<f8'")) == "f: float32 ('<f4') expected, '<f8' found");
  CHECK(test::holds(message_of(edited("False", "True ")), "C order"));
  CHECK(test::holds(message_of(edited("(2, 5)", "[2, 5]")), "parentheses"));
  CHECK(test::holds(message_of(edited("'shape'", "'shade'")), "no 'shape'"));
  const std::string whole = file({2, 5});
  for (std::size_t length = 6; length < whole.size(); ++length)
    CHECK(message_of(whole.substr(0, length)) != "");
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
