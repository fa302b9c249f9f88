#include "loaders/tokenizer/tokenizer_model.h"

#include <doctest/doctest.h>

#include <fstream>

#include "loaders/tokenizer/tokenizer_folder.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/protobuf_writer.h"
#include "tests/support.h"

namespace kelvin::test {
namespace {

using Ids = std::vector<int>;

// A folder with a SentencePiece model of <unk>, <s>, </s>, blank, a, b and a tokenizer_config.json.
struct Folder {
  TemporaryFolder temporary;

  explicit Folder(const std::string& config = "") {
    std::string model;
    const std::pair<const char*, unsigned> pieces[] = {{"<unk>", 2},  {"<s>", 3}, {"</s>", 3},
                                                       {"\u2581", 1}, {"a", 1},   {"b", 1}};
    for (const auto& [text, type] : pieces)
      model += bytes_field(1, bytes_field(1, text) + varint_field(3, type));
    put("tokenizer.model", model + bytes_field(2, varint_field(3, 2)));
    if (!config.empty()) put("tokenizer_config.json", config);
  }
  void put(const std::string& name, const std::string& content) const {
    std::ofstream(temporary.path() / name, std::ios::binary) << content;
  }
  LoadedTokenizer load() const { return load_tokenizer(temporary.path()); }
  std::string refusal() const {
    return load_error([&] { load(); });
  }
};

// "a", "b", "ab" and blank by rank.
constexpr const char* ranks = "YQ== 0\nYg== 1\nYWI= 2\nIA== 3\n";

}  // namespace

TEST_CASE("BOS and EOS are added as the folder or the class says") {
  CHECK(Folder().load().tokenizer.encode("ab") == Ids{1, 3, 4, 5});
  CHECK(Folder(R"({"tokenizer_class": "LlamaTokenizerFast", "add_eos_token": true})")
            .load()
            .tokenizer.encode("a") == Ids{1, 3, 4, 2});
  CHECK(Folder(R"({"tokenizer_class": "T5Tokenizer"})").load().tokenizer.encode("a") == Ids{3, 4, 2});
  CHECK(Folder(R"({"tokenizer_class": "Odd", "add_bos_token": false})").load().tokenizer.encode("a") ==
        Ids{3, 4});
  CHECK(holds(Folder(R"({"tokenizer_class": "XLMRobertaTokenizer"})").refusal(), "\"XLMRobertaTokenizer\""));
  CHECK(holds(Folder(R"({"bos_token": "<none>"})").refusal(), "\"<none>\""));
  const TokenizerInfo info = Folder().load().info;
  CHECK(info.bos->id == 1);
  CHECK(info.eos->content == "</s>");
}

TEST_CASE("added tokens and the prefix as tokenizer_config.json has them") {
  Folder folder(R"({"legacy": false, "added_tokens_decoder": {"6": {"content": "<x>", "special": true},
                    "1": {"content": "<s>", "rstrip": true, "special": true}}})");
  folder.put("added_tokens.json", R"({"<y>": 7, "<x>": 6})");
  CHECK(folder.load().tokenizer.encode("a<x>b<s> a<y>", false) == Ids{3, 4, 6, 5, 1, 4, 7});
  CHECK(Folder().load().tokenizer.encode("a<s>b", false) == Ids{3, 4, 1, 3, 5});
  CHECK(Folder(R"({"add_prefix_space": false})").load().tokenizer.encode("a", false) == Ids{4});
  CHECK(holds(Folder(R"({"added_tokens_decoder": {"4": {"content": "<x>"}}})").refusal(), "\"a\""));
  CHECK(holds(Folder(R"({"added_tokens_decoder": {"9": {"content": "a"}}})").refusal(), "id 4 expected"));
  CHECK(holds(Folder(R"({"added_tokens_decoder": {"x": {"content": "c"}}})").refusal(), "\"x\""));
  folder.put("added_tokens.json", R"({"<y>": 6})");
  CHECK(holds(folder.refusal(), "\"<x>\""));
}

TEST_CASE("tokenizer.json comes first, and without any vocabulary it is missed") {
  const Folder folder;
  folder.put("tokenizer.json", R"({"model": {"vocab": {"z": 0}, "merges": []}})");
  CHECK(folder.load().tokenizer.encode("z") == Ids{0});
  const TemporaryFolder empty;
  CHECK(holds(load_error([&] { load_tokenizer(empty.path()); }), "tokenizer.json"));
}

TEST_CASE("tiktoken files need a pattern, said or known") {
  Folder folder;
  folder.put("tokenizer.model", ranks);
  CHECK(holds(folder.refusal(), "pat_str"));
  folder.put(
      "tokenizer_config.json",
      R"({"pat_str": "\\w+|\\s", "added_tokens_decoder": {"4": {"content": "<e>", "special": true}}})");
  CHECK(folder.load().tokenizer.encode("ab aab<e>!") == Ids{2, 3, 0, 2, 4});
  CHECK(folder.load().tokenizer.decode(Ids{2, 3, 0}) == "ab a");
  folder.put("tokenizer_config.json", R"({"pat_str": "("})");
  CHECK(holds(folder.refusal(), "tokenizer.model"));
  folder.put("tokenizer_config.json", R"({"tokenizer_class": "QWenTokenizer"})");
  CHECK(folder.load().tokenizer.encode("ab<|im_start|>", false) == Ids{2, 5});
}

TEST_CASE("the one *.tiktoken of a folder") {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "qwen.tiktoken") << ranks;
  CHECK(find_tokenizer_model(folder.path())->filename() == "qwen.tiktoken");
  std::ofstream(folder.path() / "other.tiktoken") << ranks;
  CHECK_THROWS_AS(find_tokenizer_model(folder.path()), LoadError);
}

}  // namespace kelvin::test
