#include "loaders/tensors/safetensors.h"

#include <doctest/doctest.h>

#include "tests/loaders/load_error_check.h"
#include "tests/loaders/safetensors_builder.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

std::vector<StoredTensor> parse(const std::string& file) {
  return parse_safetensors(std::as_bytes(std::span(file)), "m.safetensors");
}

std::string read_error(const std::string& file) {
  return load_error([&] { parse(file); });
}

// One tensor "t" with the given description and data bytes after the header.
std::string error_of_entry(const std::string& entry, std::size_t data = 16) {
  return read_error(safetensors_file("{\"t\":" + entry + "}", std::string(data, '\0')));
}

}  // namespace

TEST_CASE("tensors are views into the file with name, dtype and shape") {
  const std::string file = safetensors_file({{"a", "F32", {2, 3}, std::string(24, 'a')},
                                             {"b", "BF16", {5}, std::string(10, 'b')},
                                             {"single", "I64", {}, std::string(8, 's')},
                                             {"empty", "F16", {0, 7}, ""}});
  const auto tensors = parse(file);
  REQUIRE(tensors.size() == 4);
  CHECK(tensors[0].name == "a");
  CHECK(tensors[0].dtype == Dtype::f32);
  CHECK(tensors[0].shape == std::vector<std::uint64_t>{2, 3});
  CHECK(tensors[0].elements() == 6);
  CHECK(tensors[1].data.size() == 10);
  CHECK(reinterpret_cast<const char*>(tensors[1].data.data()) == file.data() + file.size() - 18);
  CHECK(tensors[2].elements() == 1);
  CHECK(tensors[3].elements() == 0);
  CHECK(shape_text(tensors[0].shape) == "2 x 3");
  CHECK(shape_text(tensors[2].shape) == "a single number");
  CHECK(dtype_name(tensors[1].dtype) == "BF16");
}

TEST_CASE("every dtype of the format has its size") {
  const std::vector<std::pair<std::string, std::size_t>> bits = {
      {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
      {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
      {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
      {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64}};
  for (const auto& row : bits) {
    const std::string& name = row.first;
    const std::size_t size = row.second;
    CAPTURE(name);
    const auto tensors = parse(safetensors_file({{"t", name, {3, 4}, std::string(12 * size / 8, '\0')}}));
    CHECK(dtype_name(tensors.at(0).dtype) == name);
    CHECK(read_error(safetensors_file({{"t", name, {3, 4}, std::string(12 * size / 8 + 1, '\0')}})) != "");
  }
  CHECK(holds(read_error(safetensors_file({{"t", "F4", {3}, std::string(2, '\0')}})),
              "a whole number of bytes"));
}

TEST_CASE("a header longer than the file is refused without wrapping round") {
  const std::string valid = safetensors_file({{"t", "U8", {1}, "x"}});
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{valid.size() - 7}, std::uint64_t{1} << 32,
        std::uint64_t{1} << 63, ~std::uint64_t{0}, ~std::uint64_t{0} - 7}) {
    CAPTURE(length);
    std::string file = valid;
    for (int i = 0; i < 8; ++i) file[static_cast<std::size_t>(i)] = static_cast<char>(length >> (8 * i));
    CHECK(holds(read_error(file), std::to_string(length) + " bytes announced"));
  }
  for (std::size_t size = 0; size < 10; ++size)
    CHECK(holds(read_error(valid.substr(0, size)), "at least 10 bytes"));
  CHECK(read_error(valid) == "");
}

TEST_CASE("every cut of a valid file is refused") {
  const std::string valid =
      safetensors_file({{"a", "F32", {2}, std::string(8, 'a')}, {"b", "U8", {3}, "bbb"}});
  for (std::size_t size = 0; size < valid.size(); ++size) CHECK(read_error(valid.substr(0, size)) != "");
  CHECK(holds(read_error(valid + "x"), "11 bytes of tensors expected"));
}

TEST_CASE("shapes and offsets must agree") {
  CHECK(error_of_entry(R"({"dtype":"F32","shape":[4],"data_offsets":[0,16]})") == "");
  CHECK(error_of_entry(R"({"dtype":"F32","shape":[2,2],"data_offsets":[0,16],"note":[1]})") == "");
  for (const char* entry : {R"({"dtype":"F32","shape":[3],"data_offsets":[0,16]})",
                            R"({"dtype":"F32","shape":[5],"data_offsets":[0,16]})",
                            R"({"dtype":"F32","shape":[4],"data_offsets":[16,0]})",
                            R"({"dtype":"F32","shape":[4],"data_offsets":[1,17]})",
                            R"({"dtype":"F32","shape":[4],"data_offsets":[0,18446744073709551615]})",
                            R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]})",
                            R"({"dtype":"F32","shape":[4611686018427387904,0],"data_offsets":[0,0]})",
                            R"({"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,16]})"}) {
    CAPTURE(entry);
    CHECK(holds(error_of_entry(entry), "tensor \"t\": "));
  }
}

TEST_CASE("the fields of a tensor must have their types") {
  for (const char* entry :
       {"7", "[]", "null", "{}", R"({"dtype":"F32","shape":[4]})", R"({"dtype":"F32","data_offsets":[0,16]})",
        R"({"shape":[4],"data_offsets":[0,16]})", R"({"dtype":5,"shape":[4],"data_offsets":[0,16]})",
        R"({"dtype":"f32","shape":[4],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":4,"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":["4"],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[4.0],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[-4],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[4],"data_offsets":[0]})",
        R"({"dtype":"F32","shape":[4],"data_offsets":[0,16,16]})",
        R"({"dtype":"F32","shape":[4],"data_offsets":{}})",
        R"({"dtype":"F32","shape":[4],"data_offsets":[0,1e30]})"}) {
    CAPTURE(entry);
    const std::string error = error_of_entry(entry);
    CHECK(holds(error, "m.safetensors: header: t"));
  }
}

TEST_CASE("tensors must cover the data once and without gaps, in any order of the header") {
  const auto file = [](const std::string& a, const std::string& b) {
    return safetensors_file(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + a +
                                R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}",
                            std::string(8, '\0'));
  };
  CHECK(read_error(file("[0,4]", "[4,8]")) == "");
  CHECK(read_error(file("[4,8]", "[0,4]")) == "");
  CHECK(
      read_error(file("[0,4]", "[3,7]")) ==
      "m.safetensors: tensor \"b\": data from byte 4 on expected (no gap, no overlap), from byte 3 on found");
  CHECK(holds(read_error(file("[0,4]", "[0,4]")), "from byte 0 on found"));
  CHECK(holds(read_error(file("[4,8]", "[4,8]")), "data from byte 0 on expected"));
  const std::string hole =
      R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})";
  CHECK(holds(read_error(safetensors_file(hole, std::string(8, '\0'))), "data from byte 3 on expected"));
  // An empty tensor inside another one's bytes.
  const std::string inside =
      R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}})";
  CHECK(read_error(safetensors_file(inside, std::string(8, '\0'))) != "");
}

TEST_CASE("metadata maps strings to strings and is no tensor") {
  CHECK(parse(safetensors_file(R"({"__metadata__":{"format":"pt","a":""}})", "")).empty());
  CHECK(holds(read_error(safetensors_file(R"({"__metadata__":{"format":1}})", "")),
              "__metadata__.format: a string expected"));
  CHECK(
      holds(read_error(safetensors_file(R"({"__metadata__":[]})", "")), "__metadata__: an object expected"));
}

TEST_CASE("the header is one strict JSON object, padded with spaces at most") {
  CHECK(read_error(safetensors_file("{}   ", "")) == "");
  CHECK(holds(read_error(safetensors_file(" {}", "")), "begins with '{'"));
  CHECK(holds(read_error(safetensors_file("[]", "")), "begins with '{'"));
  CHECK(holds(read_error(safetensors_file(std::string("{}\0", 3), "")), "header: 1:3"));
  CHECK(holds(read_error(safetensors_file("{}{}", "")), "header: 1:3"));
  const std::string entry = R"("t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  CHECK(holds(read_error(safetensors_file("{" + entry + "," + entry + "}", "")), "\"t\" found again"));
}
