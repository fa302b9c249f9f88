#include "loaders/tensors/tensor_files.h"

#include <doctest/doctest.h>

#include "tests/loaders/load_error_check.h"
#include "tests/loaders/safetensors_builder.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

TensorToWrite bytes_named(const std::string& name, const std::string& data) {
  return {name, "U8", {data.size()}, data};
}

struct Folder : TemporaryFolder {
  void put(const std::string& name, const std::vector<TensorToWrite>& tensors) const {
    write_file(path() / name, safetensors_file(tensors));
  }
  void index(const std::string& map) const {
    write_file(path() / "model.safetensors.index.json", "{\"weight_map\": " + map + "}");
  }
  std::string error() const {
    return load_error([&] { TensorFiles{path()}; });
  }
};

std::string text_of(const TensorFiles::Tensor* tensor) {
  return tensor ? std::string(reinterpret_cast<const char*>(tensor->stored.data.data()),
                              tensor->stored.data.size())
                : "absent";
}

}  // namespace

TEST_CASE("tensors of a single file are found by name") {
  const Folder folder;
  folder.put("model.safetensors", {bytes_named("b", "bb"), bytes_named("a", "aaa")});
  const TensorFiles files(folder.path());
  CHECK(files.tensors().size() == 2);
  CHECK(text_of(files.find("a")) == "aaa");
  CHECK(text_of(files.find("b")) == "bb");
  CHECK(text_of(files.find("ab")) == "absent");
}

TEST_CASE("tensors of shards are found, those the index forgot too") {
  const Folder folder;
  folder.put("m-1.safetensors", {bytes_named("a", "aaa")});
  folder.put("m-2.safetensors", {bytes_named("b", "bb"), bytes_named("c", "c")});
  folder.index(R"({"a": "m-1.safetensors", "b": "m-2.safetensors"})");
  const TensorFiles files(folder.path());
  CHECK(text_of(files.find("a")) == "aaa");
  CHECK(text_of(files.find("b")) == "bb");
  CHECK(text_of(files.find("c")) == "c");
}

TEST_CASE("a single file wins over an index") {
  const Folder folder;
  folder.put("model.safetensors", {bytes_named("a", "single")});
  folder.index(R"({"a": "absent.safetensors"})");
  CHECK(text_of(TensorFiles(folder.path()).find("a")) == "single");
}

TEST_CASE("shards may be links, as in the hub's cache") {
  const Folder folder, blobs;
  blobs.put("blob", {bytes_named("a", "linked")});
  std::filesystem::create_symlink(blobs.path() / "blob", folder.path() / "m-1.safetensors");
  folder.index(R"({"a": "m-1.safetensors"})");
  CHECK(text_of(TensorFiles(folder.path()).find("a")) == "linked");
}

TEST_CASE("an index that does not fit the files is refused") {
  const Folder folder;
  CHECK(holds(folder.error(), "model.safetensors or model.safetensors.index.json expected, neither found"));
  folder.put("m-1.safetensors", {bytes_named("a", "aaa")});
  folder.put("m-2.safetensors", {bytes_named("b", "bb")});
  folder.index(R"({"a": "m-1.safetensors", "b": "m-3.safetensors"})");
  CHECK(holds(folder.error(), "m-3.safetensors: a readable file expected"));
  CHECK(holds(folder.error(), "(named in model.safetensors.index.json)"));
  folder.index(R"({"a": "m-1.safetensors", "x": "m-2.safetensors"})");
  CHECK(holds(folder.error(),
              R"(index.json: weight_map: tensor "x" expected in "m-2.safetensors", none found there)"));
  folder.index(R"({"a": "m-2.safetensors", "b": "m-1.safetensors"})");
  CHECK(holds(folder.error(), R"(tensor "a" expected in "m-2.safetensors", none found there)"));
  folder.put("m-2.safetensors", {bytes_named("a", "bb")});
  folder.index(R"({"a": "m-1.safetensors", "b": "m-2.safetensors"})");
  CHECK(holds(folder.error(), "tensor \"a\" expected in one file, also in "));
}

TEST_CASE("a model.safetensors that leads nowhere is an error, not an absent file") {
  const Folder folder;
  folder.put("m-1.safetensors", {bytes_named("a", "aaa")});
  folder.index(R"({"a": "m-1.safetensors"})");
  std::filesystem::create_symlink("nowhere", folder.path() / "model.safetensors");
  CHECK(holds(folder.error(), "model.safetensors: a readable file expected"));
}
