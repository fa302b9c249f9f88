#include "loaders/tokenizer/gguf_vocabulary.h"

#include <doctest/doctest.h>

#include <functional>

#include "tests/loaders/load_error_check.h"
#include "tests/loaders/tokenizer/small_gguf.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

using Ids = std::vector<int>;

LoadedTokenizer with_keys(const std::function<void(GgufBuilder&)>& change) {
  GgufBuilder builder = scored(true);
  change(builder);
  return tokenizer_of(builder.file());
}

}  // namespace

TEST_CASE("a file that names some special tokens has no others; one that names none has SentencePiece's") {
  CHECK(with_keys([](GgufBuilder&) {}).tokenizer.encode("a") == Ids{1, 265});
  for (const std::uint32_t id : {2u, 0xFFFFFFFFu}) {
    const LoadedTokenizer loaded =
        with_keys([&](GgufBuilder& b) { b.u32("tokenizer.ggml.eos_token_id", id); });
    CHECK_FALSE(loaded.info.bos);
    CHECK(loaded.info.eos.has_value() == (id == 2));
    CHECK(loaded.tokenizer.encode("a") == Ids{265});
  }
  CHECK(with_keys([](GgufBuilder& b) {
          b.u32("tokenizer.ggml.bos_token_id", 0xFFFFFFFF);
        }).tokenizer.encode("a") == Ids{265});
  CHECK(with_keys([](GgufBuilder& b) {
          b.u32("tokenizer.ggml.bos_token_id", 1).boolean("tokenizer.ggml.add_bos_token", false);
        }).tokenizer.encode("a") == Ids{265});
  CHECK(with_keys([](GgufBuilder& b) {
          b.u32("tokenizer.ggml.bos_token_id", 2).u32("tokenizer.ggml.unknown_token_id", 0xFFFFFFFF);
        }).tokenizer.encode("a") == Ids{2, 265});
  const std::string problem = load_error([] {
    with_keys([](GgufBuilder& b) {
      b.u32("tokenizer.ggml.eos_token_id", 2).boolean("tokenizer.ggml.add_bos_token", true);
    });
  });
  CHECK(holds(problem, "tokenizer.ggml.add_bos_token: a token to add expected, no id found"));
}

TEST_CASE("byte-level files get a BOS where the way to cut words asks for one and the file names it") {
  const auto encoded = [](const char* pre, bool named) {
    GgufBuilder builder;
    builder.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", pre);
    builder.texts("tokenizer.ggml.tokens", {"a", "<s>"}).ints("tokenizer.ggml.token_type", {1, 3});
    builder.texts("tokenizer.ggml.merges", {});
    if (named) builder.u32("tokenizer.ggml.bos_token_id", 1);
    return tokenizer_of(builder.file()).tokenizer.encode("a");
  };
  CHECK(encoded("llama-bpe", true) == Ids{1, 0});
  CHECK(encoded("llama-bpe", false) == Ids{0});
  CHECK(encoded("qwen2", true) == Ids{0});
}
