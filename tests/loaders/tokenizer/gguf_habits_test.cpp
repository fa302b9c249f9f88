#include "loaders/tokenizer/gguf_habits.h"

#include <doctest/doctest.h>

#include "tests/loaders/tokenizer/small_gguf.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

using Ids = std::vector<int>;

// <|user|> and what is given, as user-defined and control tokens of a byte-level vocabulary.
Tokenizer byte_level_phi(const std::string& architecture, const std::string& name,
                         const std::vector<std::string>& special) {
  std::vector<std::string> tokens{"a", "\u0120", "\u010A"};  // a, blank, newline
  std::vector<std::int32_t> types{1, 1, 1};
  for (const std::string& token : special) {
    tokens.push_back(token);
    types.push_back(3);
  }
  GgufBuilder builder;
  builder.text("general.architecture", architecture).text("general.name", name);
  builder.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "dbrx");
  builder.texts("tokenizer.ggml.tokens", tokens).ints("tokenizer.ggml.token_type", types);
  builder.texts("tokenizer.ggml.merges", {});
  return tokenizer_of(builder.file()).tokenizer;
}

GgufBuilder named(const std::string& architecture, const std::string& name,
                  const std::vector<std::string>& more = {}) {
  GgufBuilder builder = scored(true, more);
  builder.text("general.architecture", architecture).text("general.name", name);
  return builder;
}

}  // namespace

TEST_CASE("special tokens of Phi-3 take the whitespace behind them, but for a few") {
  for (const auto& [architecture, name] :
       {std::pair{"phi3", "x"}, {"phimoe", "x"}, {"llama", "Phi-3 mini"}, {"llama", "Phi 3.5 Mini"}}) {
    const Tokenizer tokenizer = tokenizer_of(named(architecture, name).file()).tokenizer;
    CHECK(tokenizer.encode("<|user|>\n abc</s>\n<s> a", false) == Ids{266, 265, 264, 2, 1, 262, 265});
    CHECK(tokenizer.encode("a <|user|>", false) == Ids{265, 262, 266});
  }
  CHECK(tokenizer_of(named("llama", "x").file()).tokenizer.encode("<|user|>\n", false) ==
        Ids{266, 262, 3 + '\n'});
}

TEST_CASE("special tokens of Phi-4 take the whitespace on both sides, those of Phi-4-mini behind them") {
  const Tokenizer large = byte_level_phi("phi3", "Phi 4", {"<|im_sep|>", "<|endoftext|>"});
  CHECK(large.encode("a <|im_sep|>\n a\n<|endoftext|> a") == Ids{0, 3, 0, 4, 0});
  const Tokenizer mini = byte_level_phi("phi3", "x", {"<|end|>", "<|endoftext|>", "<|endofprompt|>"});
  CHECK(mini.encode("a <|end|>\n a<|endoftext|>\n<|endofprompt|> ") == Ids{0, 1, 3, 0, 4, 2, 5, 1});
  const Tokenizer other = byte_level_phi("llama", "x", {"<|im_sep|>"});
  CHECK(other.encode(" <|im_sep|>\n") == Ids{1, 3, 2});
}

TEST_CASE("Mistral's texts have a blank in front where they begin, and nowhere else") {
  for (const char* name : {"mistralai_mistral-7b-instruct-v0.2", "Mixtral 8x7B", "Mistral 7B v0.3"}) {
    const Tokenizer tokenizer = tokenizer_of(named("llama", name).file()).tokenizer;
    CHECK(tokenizer.encode("abc</s>abc</s> abc") == Ids{1, 265, 264, 2, 259, 264, 2, 265, 264});
    CHECK(tokenizer.encode(" abc") == Ids{1, 265, 264});  // it has one
    CHECK(tokenizer.encode("</s>\n", false) == Ids{2, 3 + '\n'});
    CHECK(tokenizer.decode(Ids{1, 265, 264}, true) == "abc");
  }
  CHECK(tokenizer_of(named("llama", "x").file()).tokenizer.encode("</s>abc", false) == Ids{2, 265, 264});
  // The file's own word counts.
  GgufBuilder none = named("llama", "Mistral");
  none.boolean("tokenizer.ggml.add_space_prefix", false);
  CHECK(tokenizer_of(none.file()).tokenizer.encode("abc", false) == Ids{259, 264});
}
