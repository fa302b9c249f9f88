#include "tools/output/model_hash.h"

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <string>

#include "loaders/files/load_error.h"
#include "tests/support.h"
#include "tools/output/sha256.h"

namespace kelvin {
namespace {

void put(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string sha256_of(const std::string& text) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(text)));
  return hash.hex();
}

TEST_CASE("the hash of a file is what its definition says, whatever the file is called") {
  const test::TemporaryFolder folder;
  // Two words, 0x0807060504030201 and 0x0a09.
  const std::string bytes = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a";
  for (const char* name : {"a.gguf", "b"}) {
    put(folder.path() / name, bytes);
    CHECK(model_hash(folder.path() / name, 1) == sha256_of("10 0807060504030c0a 0807060504031613\n"));
  }
  put(folder.path() / "empty", "");
  CHECK(model_hash(folder.path() / "empty", 1) == sha256_of("0 0000000000000000 0000000000000000\n"));
  CHECK_THROWS_AS(model_hash(folder.path() / "absent", 1), LoadError);
}

TEST_CASE("an adapter's files follow those of its model") {
  const test::TemporaryFolder model, adapter;
  put(model.path() / "config.json", "{}");
  put(adapter.path() / "adapter_model.safetensors", "\x01");
  const std::string line = "1 0000000000000001 0000000000000001\n";
  CHECK(model_hash(model.path(), 1, adapter.path()) ==
        sha256_of("2 0000000000007d7b 0000000000007d7b\n" + line));
}

TEST_CASE("every byte of a folder's model files counts, in its place; others do not") {
  const test::TemporaryFolder folder;
  const auto weights = folder.path() / "model.safetensors";
  std::string bytes((std::size_t{2} << 20) + 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>((i * i >> 3) + (i >> 20));
  put(folder.path() / "config.json", "{}");
  put(weights, bytes);
  const std::string hash = model_hash(folder.path(), 1);
  std::set<std::string> seen = {hash};
  for (const int threads : {1, 3}) CHECK(model_hash(folder.path(), threads) == hash);
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{9}, (std::size_t{1} << 20) + 3, bytes.size() - 1}) {
    std::string changed = bytes;
    changed[at] ^= 1;
    put(weights, changed);
    CHECK(seen.insert(model_hash(folder.path(), 2)).second);
  }
  std::string swapped = bytes;
  for (std::size_t i = 0; i < 8; ++i) std::swap(swapped[i], swapped[(std::size_t{1} << 20) + i]);
  REQUIRE(swapped != bytes);
  put(weights, swapped);
  CHECK(seen.insert(model_hash(folder.path(), 2)).second);
  put(weights, bytes);
  put(folder.path() / "README.md", "a model");
  CHECK(model_hash(folder.path(), 2) == hash);
  put(folder.path() / "config.json", "{ }");
  CHECK(seen.insert(model_hash(folder.path(), 2)).second);
}

}  // namespace
}  // namespace kelvin
