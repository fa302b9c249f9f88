#include "loaders/tokenizer/tiktoken_file.h"
#include "tokenizer/base/tokenizer_error.h"

#include <doctest/doctest.h>

#include "loaders/files/load_error.h"

namespace kelvin {
namespace {

void refuse_file(const std::string& text, const char* part) {
  CHECK_THROWS_WITH_AS(parse_tiktoken(text, "f.tiktoken"), doctest::Contains(part), LoadError);
}

}  // namespace

TEST_CASE("lines of base64 and rank, in any order, with gaps") {
  const TiktokenFile file = parse_tiktoken("Yg== 3\r\n\nYQ== 0\n/w== 1", "f");
  CHECK(file.tokens == std::vector<std::string>{"a", "\xFF", "", "b"});
  CHECK(looks_like_tiktoken("YQ== 0\n"));
  CHECK_FALSE(looks_like_tiktoken("\n\x0E\n\x05<unk>"));
  CHECK_FALSE(looks_like_tiktoken(""));
}

TEST_CASE("bad lines are named") {
  refuse_file("YQ== 0\nYg==\n", "line 2");
  refuse_file("?? 0\n", "base64");
  refuse_file("YQ== x\n", "line 1");
  refuse_file("YQ== \n", "line 1");
  refuse_file("YQ== 1 2\n", "line 1");
  refuse_file("YQ== 0\nYg== 0\n", "rank 0 stands twice");
  refuse_file("YQ== 99999999\n", "99999999");
}

TEST_CASE("layouts that are known, and what tokenizer_config.json says before them") {
  TiktokenFile file{"f", std::vector<std::string>(128000, "a")};
  TokenizerNotes notes;
  const TiktokenLayout llama = tiktoken_layout(file, notes);
  CHECK(llama.add_bos);
  CHECK(llama.special.size() == 256);
  CHECK(llama.special[9] == "<|eot_id|>");
  CHECK(llama.special[255] == "<|reserved_special_token_247|>");
  notes.bos_token = "<other>";
  CHECK_THROWS_AS(tiktoken_layout(file, notes), LoadError);
  notes.tokenizer_class = "QWenTokenizer";
  CHECK(tiktoken_layout(file, notes).nfc);
  CHECK(tiktoken_layout(file, notes).special.back() == "<|extra_204|>");
  notes.tokenizer_class = "ChatGLM4Tokenizer";
  CHECK(tiktoken_layout(file, notes).special.empty());
  notes.pat_str = "x";
  notes.add_bos_token = true;
  CHECK(tiktoken_layout(file, notes).pattern == "x");
  CHECK(tiktoken_layout(file, notes).add_bos);
}

TEST_CASE("a token that occurs twice is refused") {
  CHECK_THROWS_AS(tiktoken_tokenizer({"f", {"a", "a"}}, {}), TokenizerError);
}

}  // namespace kelvin
