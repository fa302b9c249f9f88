#include "loaders/gguf/gguf_file.h"

#include <doctest/doctest.h>

#include "loaders/files/load_error.h"
#include "tests/loaders/gguf_builder.h"
#include "tests/loaders/random_blocks.h"
#include "tests/loaders/safetensors_builder.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

// What reading says about these bytes; empty if they are read.
std::string error_of(const std::string& bytes) {
  try {
    const GgufFile file(bytes_of(bytes), "m.gguf");
  } catch (const LoadError& error) {
    return error.what();
  }
  return "";
}

void check_error(const std::string& bytes, std::initializer_list<std::string_view> parts) {
  const std::string error = error_of(bytes);
  for (const std::string_view part : parts)
    CHECK_MESSAGE(error.find(part) != error.npos, std::string(part) << " is not in: " << error);
  CHECK(error.starts_with("m.gguf: "));
}

GgufBuilder small_file() {
  GgufBuilder file;
  file.text("general.architecture", "llama").u32("llama.block_count", 3);
  file.tensor("b", {2, 3}, 0, f32_bytes({1, 2, 3, 4, 5, 6}));
  file.tensor("a", {4}, 1, u16_bytes({0x3C00, 0x4000, 0x4200, 0x4400}));
  return file;
}

}  // namespace

TEST_CASE("values of every type are read, in versions 2 and 3") {
  for (const std::uint32_t version : {2u, 3u}) {
    GgufBuilder builder;
    builder.version = version;
    builder.raw("u8", GgufType::u8, le(200, 1)).raw("i8", GgufType::i8, le(200, 1));
    builder.raw("u16", GgufType::u16, le(60000, 2)).raw("i16", GgufType::i16, le(60000, 2));
    builder.raw("u32", GgufType::u32, le(4000000000, 4)).raw("i32", GgufType::i32, le(4000000000, 4));
    builder.raw("u64", GgufType::u64, le(5000000000, 8)).raw("i64", GgufType::i64, le(~std::uint64_t{6}, 8));
    builder.raw("over", GgufType::u64, le(~std::uint64_t{0}, 8));
    builder.f32("f32", -1.5f).raw("f64", GgufType::f64, le(std::bit_cast<std::uint64_t>(0.1), 8));
    builder.boolean("yes", true).boolean("no", false).text("text", "a \xC3\xA9");
    builder.texts("texts", {"", "x", "yy"}).ints("ints", {-1, 0, 7}).floats("floats", {0.25f, -8});
    const std::string bytes = builder.file();
    const GgufFile file(bytes_of(bytes), "m.gguf");
    CHECK(file.at("u8").as_int() == 200);
    CHECK(file.at("i8").as_int() == -56);
    CHECK(file.at("u16").as_int() == 60000);
    CHECK(file.at("i16").as_int() == -5536);
    CHECK(file.at("u32").as_int() == 4000000000);
    CHECK(file.at("i32").as_int() == -294967296);
    CHECK(file.at("u64").as_int() == 5000000000);
    CHECK(file.at("i64").as_int() == -7);
    CHECK_THROWS_WITH_AS(file.at("over").as_int(),
                         "m.gguf: over: an integer below 2^63 expected, a larger one found", LoadError);
    CHECK(file.at("f32").as_double() == -1.5);
    CHECK(file.at("f64").as_double() == 0.1);
    CHECK(file.at("u16").as_double() == 60000.0);
    CHECK(file.at("yes").as_bool());
    CHECK_FALSE(file.at("no").as_bool());
    CHECK(file.at("text").as_string() == "a \xC3\xA9");
    CHECK(file.at("texts").strings() == std::vector<std::string_view>{"", "x", "yy"});
    CHECK(file.at("ints").ints() == std::vector<std::int64_t>{-1, 0, 7});
    CHECK(file.at("ints").numbers() == std::vector<double>{-1, 0, 7});
    CHECK(file.at("floats").numbers() == std::vector<double>{0.25, -8});
    CHECK(file.at("texts").size() == 3);
    CHECK_FALSE(file.find("absent").has_value());
    CHECK(file.with_prefix("u").size() == 4);
  }
}

TEST_CASE("an accessor of another type names file, key, expected and found") {
  const std::string bytes = GgufBuilder().text("t", "x").u32("n", 1).texts("a", {"x"}).file();
  const GgufFile file(bytes_of(bytes), "m.gguf");
  CHECK_THROWS_WITH_AS(file.at("t").as_int(), "m.gguf: t: an integer expected, string found", LoadError);
  CHECK_THROWS_WITH_AS(file.at("n").as_string(), "m.gguf: n: a string expected, u32 found", LoadError);
  CHECK_THROWS_WITH_AS(file.at("n").as_bool(), "m.gguf: n: a bool expected, u32 found", LoadError);
  CHECK_THROWS_WITH_AS(file.at("a").as_string(), "m.gguf: a: a string expected, an array of string found",
                       LoadError);
  CHECK_THROWS_WITH_AS(file.at("a").ints(),
                       "m.gguf: a: an array of integers expected, an array of string found", LoadError);
  CHECK_THROWS_WITH_AS(file.at("n").int_in(2, 9), "m.gguf: n: an integer of 2 to 9 expected, 1 found",
                       LoadError);
  CHECK_THROWS_WITH_AS(file.at("gone"), "m.gguf: metadata key \"gone\" expected, none found", LoadError);
}

TEST_CASE("tensors lie where their offsets say, at any alignment") {
  for (const std::uint64_t alignment : {8u, 32u, 40u, 4096u}) {
    GgufBuilder builder = small_file();
    builder = GgufBuilder();
    builder.alignment = alignment;
    builder.u32("general.alignment", static_cast<std::uint32_t>(alignment));
    builder.tensor("b", {2, 3}, 0, f32_bytes({1, 2, 3, 4, 5, 6}));
    builder.tensor("blocks", {2, 64}, 8, std::string(2 * 2 * 34, 'q'));
    const std::string bytes = builder.file();
    const GgufFile file(bytes_of(bytes), "m.gguf");
    REQUIRE(file.tensors().size() == 2);
    const StoredTensor &b = file.tensors()[0], &blocks = file.tensors()[1];
    CHECK(b.shape == std::vector<std::uint64_t>{2, 3});
    CHECK(b.dtype == Dtype::f32);
    CHECK(std::string(reinterpret_cast<const char*>(b.data.data()), b.data.size()) ==
          f32_bytes({1, 2, 3, 4, 5, 6}));
    CHECK(blocks.dtype == Dtype::q8_0);
    CHECK(std::string(reinterpret_cast<const char*>(blocks.data.data()), blocks.data.size()) ==
          std::string(2 * 2 * 34, 'q'));
  }
}

TEST_CASE("a file cut anywhere in its header or data is refused") {
  const std::string whole = small_file().file();
  CHECK(error_of(whole) == "");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK(error_of(whole.substr(0, length)).starts_with("m.gguf: "));
  }
}

TEST_CASE("what is no GGUF of a known version is refused") {
  std::string bytes = small_file().file();
  bytes[0] = 'g';
  check_error(bytes, {"GGUF", "other bytes found"});
  GgufBuilder old = small_file();
  old.version = 1;
  check_error(old.file(), {"version 2 or 3 expected, version 1 found"});
  old.version = 0x03000000;
  check_error(old.file(), {"a big-endian file found"});
}

TEST_CASE("counts and lengths beyond the file are refused before anything is allocated") {
  const std::uint64_t huge = std::uint64_t{1} << 60;
  const std::string head = "GGUF" + le(3, 4);
  check_error(head + le(0, 8) + le(huge, 8), {"metadata count", "announced"});
  check_error(head + le(huge, 8) + le(0, 8), {"tensor count", "announced"});
  check_error(GgufBuilder().raw("k", GgufType::string, le(huge, 8) + "x").file(), {"k: ", "bytes expected"});
  for (const GgufType item : {GgufType::u8, GgufType::f64, GgufType::string, GgufType::array})
    check_error(
        GgufBuilder().raw("k", GgufType::array, le(static_cast<std::uint32_t>(item), 4) + le(huge, 8)).file(),
        {"k: ", "announced"});
  check_error(head + le(0, 8) + le(1, 8) + le(0, 8) + std::string(40, 'x'), {"metadata key", "0 found"});
  check_error(head + le(0, 8) + le(1, 8) + le(70000, 8) + std::string(70100, 'x'), {"metadata key", "70000"});
}

TEST_CASE("unknown value types and arrays of arrays of arrays are refused") {
  check_error(GgufBuilder().raw("k", static_cast<GgufType>(13), le(0, 8)).file(),
              {"k: a value type of 0 to 12 expected, 13 found"});
  std::string nested = le(0, 4) + le(1, 8) + "x";
  for (int depth = 0; depth < 3; ++depth) nested = le(9, 4) + le(1, 8) + nested;
  CHECK(error_of(GgufBuilder().raw("k", GgufType::array, nested).file()) == "");
  check_error(GgufBuilder().raw("k", GgufType::array, le(9, 4) + le(1, 8) + nested).file(),
              {"k: ", "4 deep"});
}

TEST_CASE("a key or a tensor that stands twice is refused") {
  check_error(GgufBuilder().u32("k", 1).u32("j", 2).u32("k", 1).file(), {"k: each key once expected"});
  check_error(small_file().tensor("b", {1}, 0, f32_bytes({1})).file(),
              {"tensor \"b\": each name once expected"});
}

TEST_CASE("an alignment the format does not have is refused") {
  for (const std::uint32_t alignment : {0u, 1u, 12u, 0xFFFFFFFFu})
    check_error(GgufBuilder().u32("general.alignment", alignment).file(),
                {"general.alignment: ", "expected"});
  check_error(GgufBuilder().text("general.alignment", "32").file(),
              {"general.alignment: an integer expected"});
}

TEST_CASE("tensor entries that do not fit are refused by name") {
  const auto with = [](std::vector<std::uint64_t> shape, std::uint32_t type, std::uint64_t offset) {
    return small_file().entry("x", std::move(shape), type, offset).file();
  };
  check_error(with({}, 0, 0), {"tensor \"x\": 1 to 4 dimensions expected, 0 found"});
  check_error(with({1, 1, 1, 1, 1}, 0, 0), {"tensor \"x\": 1 to 4 dimensions expected, 5 found"});
  check_error(with({4}, 9, 0), {"tensor \"x\": ", "Q8_1 found"});
  check_error(with({4}, 99, 0), {"tensor \"x\": ", "type 99 found"});
  check_error(with({33}, 2, 0),
              {"tensor \"x\": rows of a multiple of 32 numbers expected for Q4_0, of 33 found"});
  check_error(with({2, 128}, 12, 0), {"multiple of 256", "Q4_K", "128 found"});
  check_error(with({32}, 23, 0), {"tensor \"x\": rows of a multiple of 256", "IQ4_XS, of 32 found"});
  check_error(with({4}, 0, 7), {"tensor \"x\": an offset that is a multiple of 32 expected, 7 found"});
  check_error(with({4}, 0, 64),
              {"tensor \"x\": 16 bytes from offset 64 on expected, 40 bytes of data found"});
  check_error(with({4}, 0, 32), {"tensor \"x\": 16 bytes from offset 32 on expected"});
  check_error(with({4}, 0, ~std::uint64_t{31}), {"tensor \"x\": ", "expected"});
  check_error(with({std::uint64_t{1} << 62, 4}, 0, 0), {"tensor \"x\": a size below 2^64 bytes expected"});
  check_error(with({std::uint64_t{1} << 32, std::uint64_t{1} << 32}, 0, 0),
              {"tensor \"x\": a size below 2^64"});
  check_error(with({2, 2}, 0, 0), {"tensor \"x\": data of its own expected, bytes of \"b\" found"});
}

TEST_CASE("every quantised format is known by its number") {
  for (const DtypeInfo& info : quantized_dtypes()) {
    CAPTURE(info.name);
    const auto type = static_cast<std::uint32_t>(random_blocks_golden(info.dtype).type);
    const std::string bytes =
        GgufBuilder().tensor("x", {2, info.elements}, type, std::string(info.bits / 4, 'x')).file();
    const GgufFile file(std::as_bytes(std::span(bytes)), "m.gguf");
    REQUIRE(file.tensors().size() == 1);
    CHECK(file.tensors()[0].dtype == info.dtype);
    CHECK(file.tensors()[0].data.size() == info.bits / 4);
  }
}

TEST_CASE("tensors without numbers take no place") {
  const std::string bytes = small_file().entry("none", {0, 5}, 0, 0).file();
  const GgufFile file(bytes_of(bytes), "m.gguf");
  CHECK(file.tensors()[2].data.empty());
}
