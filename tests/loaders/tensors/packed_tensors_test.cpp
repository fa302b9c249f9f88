#include "loaders/tensors/packed_tensors.h"

#include <doctest/doctest.h>

#include "engine/weights/packed.h"
#include "loaders/tensors/safetensors.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/safetensors_builder.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

std::string layout_members() {
  std::string text;
  for (const auto& [key, value] : packed_layout()) text += "\"" + key + "\":\"" + value + "\",";
  return text;
}

// A file of one tensor of bytes, "w".
std::vector<StoredTensor> parse(const std::string& metadata, std::size_t bytes,
                                const std::string& dtype = "U8") {
  const std::size_t count = dtype == "U8" ? bytes : bytes / 4;
  const std::string header = "{\"__metadata__\":{" + metadata + "},\"w\":{\"dtype\":\"" + dtype +
                             "\",\"shape\":[" + std::to_string(count) + "],\"data_offsets\":[0," +
                             std::to_string(bytes) + "]}}";
  static std::string file;  // viewed by what is returned
  file = safetensors_file(header, std::string(bytes, '\1'));
  return parse_safetensors(std::as_bytes(std::span(file)), "file");
}

std::string refusal(const std::string& description, std::size_t bytes = 704) {
  return load_error([&] { parse(layout_members() + "\"w\":\"" + description + "\"", bytes); });
}

}  // namespace

TEST_CASE("a described tensor is a matrix, others stay what they are") {
  const std::size_t bytes = packed_bytes(Storage::q4, 20, 100) + packed_bytes(Storage::q4, 3, 100);
  const StoredTensor packed = parse(layout_members() + "\"w\":\"q4 20+3 x 100\"", bytes).front();
  REQUIRE(packed.packed);
  CHECK(packed.packed->storage == Storage::q4);
  CHECK(packed.packed->rows == std::vector<int>{20, 3});
  CHECK(packed.shape == std::vector<std::uint64_t>{23, 100});
  CHECK(packed_text(*packed.packed, 100) == "q4 20+3 x 100");
  CHECK_FALSE(parse(layout_members() + "\"other\":\"q4 20 x 100\"", 40).front().packed);
  // Without a version it is another's metadata.
  CHECK_FALSE(parse("\"w\":\"q4 20+3 x 100\"", bytes).front().packed);
}

TEST_CASE("the bytes of a part, by its rows") {
  const std::size_t first = packed_bytes(Storage::q8, 20, 100), second = packed_bytes(Storage::q8, 3, 100);
  TensorFiles::Tensor tensor;
  tensor.stored = parse(layout_members() + "\"w\":\"q8 20+3 x 100\"", first + second).front();
  tensor.file = MappedFile::open("/proc/self/exe");
  CHECK(packed_rows(tensor, 0, 20).data() == tensor.stored.data.data());
  CHECK(packed_rows(tensor, 20, 3).data() == tensor.stored.data.data() + first);
  CHECK(packed_rows(tensor, 20, 3).size() == second);
  const std::string error = load_error([&] { packed_rows(tensor, 0, 23); });
  CHECK(holds(error, "tensor \"w\": a part of 23 rows from row 0 on expected, packed as q8 20+3 x 100"));
}

TEST_CASE("every size of the layout must be this version's") {
  for (const auto& member : packed_layout()) {
    const std::string &key = member.first, &value = member.second;
    CAPTURE(key);
    const std::string members = layout_members();
    const std::string right = "\"" + key + "\":\"" + value + "\"";
    const std::size_t at = members.find(right);
    const std::string other = std::string(members).replace(at, right.size(), "\"" + key + "\":\"7\"");
    const std::string error = load_error([&] { parse(other + "\"w\":\"q4 16 x 64\"", 704); });
    CHECK(holds(error, "file: __metadata__: " + key + " " + value + " expected"));
    CHECK(holds(error, "\"7\" found"));
    const std::string absent = std::string(members).erase(at, right.size() + 1);
    // Files of before have no layouts of quantised files.
    if (key != "kelvin.packed" && key != "kelvin.sub_blocks")
      CHECK(holds(load_error([&] { parse(absent + "\"w\":\"q4 16 x 64\"", 704); }), key));
  }
}

TEST_CASE("descriptions that do not fit are refused by name, however large") {
  CHECK(refusal("q4 16 x 64") == "");
  CHECK(holds(refusal("q4 17 x 64"), "tensor \"w\": 1408 bytes expected for q4 17 x 64, 704 found"));
  CHECK(holds(refusal("q8 16 x 64"), "bytes expected for q8 16 x 64, 704 found"));
  CHECK(holds(refusal("q8 2147483647 x 2147483647"), "bytes expected for q8 2147483647"));
  for (const char* wrong : {"",
                            "q4",
                            "q4 ",
                            "q4 16",
                            "q4 16 x",
                            "q4 16 x ",
                            "q4 16 x 64 ",
                            "q4 x 64",
                            "q4 0 x 64",
                            "q4 16 x 0",
                            "q4 -16 x 64",
                            "q4 +16 x 64",
                            "q4 16+ x 64",
                            "q4 16 x 64+64",
                            "q5 16 x 64",
                            "bf16 16 x 64",
                            "f32 1 x 1",
                            "q4 2147483648 x 64",
                            "q4 2147483647+1 x 64",
                            "q4  16 x 64",
                            "q4 16x64",
                            "q4h 16 x 64"}) {
    CAPTURE(wrong);
    CHECK(holds(refusal(wrong), "__metadata__: tensor \"w\": a description such as"));
  }
  const std::string error = load_error([&] { parse(layout_members() + "\"w\":\"q4 16 x 64\"", 704, "F32"); });
  CHECK(holds(error, "tensor \"w\": U8 expected of a packed tensor, F32 found"));
}
