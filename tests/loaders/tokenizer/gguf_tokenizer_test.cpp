#include "loaders/tokenizer/gguf_tokenizer.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>

#include "loaders/tokenizer/base64.h"
#include "tests/loaders/gguf_from_folder.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/tokenizer/small_gguf.h"
#include "tests/support.h"
#include "tests/tokenizer/third_party.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

std::string refusal(const GgufBuilder& builder) {
  return load_error([&] { tokenizer_of(builder.file()); });
}

std::vector<int> ids_of(JsonValue array) {
  std::vector<int> ids;
  for (const JsonValue id : array.items()) ids.push_back(static_cast<int>(id.as_int()));
  return ids;
}

// How many of the reference's texts come out otherwise, as ids or as text again.
int count_wrong(const std::string& name, const Tokenizer& tokenizer) {
  int wrong = 0, lines = 0;
  std::string text;
  std::ifstream file(shared_dir() / "third_party" / "expected" / "tokenizers" / (name + ".jsonl"));
  while (std::getline(file, text)) {
    const JsonDocument document = parse_json(text);
    const JsonValue line = document.root();
    const std::string input = from_base64(line.at("text_b64").as_string()).value();
    const std::vector<int> ids = ids_of(line.at("ids_plain"));
    const bool right = tokenizer.encode(input, false) == ids &&
                       tokenizer.decode(ids_of(line.at("ids"))) == line.at("decoded").as_string();
    if (!right && ++wrong <= 3) MESSAGE(name << ": " << line.at("text_b64").as_string());
    ++lines;
  }
  CHECK(lines > 0);
  return wrong;
}

}  // namespace

TEST_CASE(
    "real byte-level vocabularies cut text as their tokenizer.json does, by the name of the way alone") {
  const auto folder = third_party_tokenizers();
  if (folder.empty()) return;
  constexpr const char* cases[][2] = {{"gpt2", "gpt-2"},       {"smollm2", "smollm"},
                                      {"llama3", "llama-bpe"}, {"qwen25", "qwen2"},
                                      {"falcon", "falcon"},    {"mistral_small3_fixed", "tekken"}};
  for (const auto& one : cases) {
    const std::string name = one[0], pre = one[1];
    GgufBuilder builder;
    add_byte_level_tokenizer(builder, folder / name / "tokenizer.json", pre);
    CHECK_MESSAGE(count_wrong(name, tokenizer_of(builder.file()).tokenizer) == 0, name);
  }
}

TEST_CASE("real SentencePiece vocabularies merge by score") {
  const auto folder = third_party_tokenizers();
  if (folder.empty()) return;
  const JsonDocument document = load_json(folder / "llama2" / "tokenizer.json");
  std::vector<std::string> tokens(32000);
  std::vector<float> scores(32000, 0.0f);
  std::vector<std::int32_t> types(32000, 1);
  for (const auto& [token, id] : document.root().at("model").at("vocab").members()) {
    const auto at = static_cast<std::size_t>(id.as_int());
    tokens[at] = token;
    if (at < 259) types[at] = at < 3 ? (at == 0 ? 2 : 3) : 6;
  }
  // The file lists all ways to make a token one after the other, the token of the highest score first.
  std::map<std::string, float> made;
  for (const JsonValue merge : document.root().at("model").at("merges").items()) {
    std::string token(merge.as_string());
    token.erase(token.find(' '), 1);
    made.emplace(std::move(token), -static_cast<float>(made.size()));
  }
  for (std::size_t id = 259; id < tokens.size(); ++id)
    if (const auto found = made.find(tokens[id]); found != made.end()) scores[id] = found->second;
  GgufBuilder builder;
  builder.text("tokenizer.ggml.model", "llama").texts("tokenizer.ggml.tokens", tokens);
  builder.floats("tokenizer.ggml.scores", scores).ints("tokenizer.ggml.token_type", types);
  const LoadedTokenizer loaded = tokenizer_of(builder.file());
  CHECK(count_wrong("llama2", loaded.tokenizer) == 0);
  CHECK(loaded.tokenizer.encode("a").front() == 1);  // BOS without being asked
}

TEST_CASE("a small vocabulary by scores: prefix, bytes, control and user-defined tokens") {
  const LoadedTokenizer loaded = tokenizer_of(scored(true).file());
  const Tokenizer& tokenizer = loaded.tokenizer;
  CHECK(tokenizer.encode("abc") == std::vector<int>{1, 265, 264});  // bc before ab
  CHECK(tokenizer.encode("ab", false) == std::vector<int>{262, 263});
  CHECK(tokenizer.encode("\xC3\xA9", false) == std::vector<int>{262, 3 + 0xC3, 3 + 0xA9});
  CHECK(tokenizer.encode("a<|user|>a</s>", false) == std::vector<int>{265, 266, 265, 2});
  CHECK(tokenizer.decode(std::vector<int>{1, 265, 264, 266, 2}, true) == "abc<|user|>");
  CHECK_FALSE(tokenizer.is_special(266));
  CHECK(tokenizer.is_special(2));
  CHECK(loaded.info.bos->id == 1);
  CHECK(loaded.info.eos->content == "</s>");
  CHECK(tokenizer_of(scored(false).file()).tokenizer.encode("abc") == std::vector<int>{1, 259, 264});
  GgufBuilder ends = scored(true);
  ends.boolean("tokenizer.ggml.add_bos_token", false).boolean("tokenizer.ggml.add_eos_token", true);
  CHECK(tokenizer_of(ends.file()).tokenizer.encode("a") == std::vector<int>{265, 2});
}

TEST_CASE("of a token that stands twice the first is found, and both are decoded") {
  std::vector<std::string> tokens{"a", "b", "ab", "ab", "b", "<x>", "<x>", "a"};
  GgufBuilder builder;
  builder.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
  builder.texts("tokenizer.ggml.merges", {"a b"}).texts("tokenizer.ggml.tokens", tokens);
  builder.ints("tokenizer.ggml.token_type", {1, 1, 1, 1, 1, 3, 3, 3});
  const Tokenizer bytes = tokenizer_of(builder.file()).tokenizer;
  CHECK(bytes.encode("ab<x>ba") == std::vector<int>{2, 5, 1, 0});
  CHECK(bytes.decode(std::vector<int>{3, 4, 6, 7}) == "abb<x>a");
  GgufBuilder by_score = scored(true, {"ab", "bc", "a", "xyz", "\u2581a"});
  const Tokenizer pieces = tokenizer_of(by_score.file()).tokenizer;
  CHECK(pieces.encode("abc</s>xyz", false) ==
        std::vector<int>{265, 264, 2, 262, 3 + 'x', 3 + 'y', 3 + 'z'});  // no token x: xyz is never made
  CHECK(pieces.decode(std::vector<int>{272, 269, 268, 271}) == "abcabxyz");
}

TEST_CASE(
    "SentencePiece-like BPE by merges (Gemma 4): blanks marked, none put in front, bytes for the rest") {
  std::vector<std::string> tokens{"<bos>", "<unk>", "\u2581", "a", "b", "\u2581a", "\n", "\n\n"};
  std::vector<std::int32_t> types{3, 2, 1, 1, 1, 1, 1, 1};
  for (const std::string& byte : byte_tokens()) {
    tokens.push_back(byte);
    types.push_back(6);
  }
  const auto file = [&](const char* model, const char* pre) {
    GgufBuilder builder;
    builder.text("tokenizer.ggml.model", model).text("tokenizer.ggml.pre", pre);
    builder.texts("tokenizer.ggml.tokens", tokens).ints("tokenizer.ggml.token_type", types);
    builder.texts("tokenizer.ggml.merges", {"\u2581 a", "\n \n"}).u32("tokenizer.ggml.bos_token_id", 0);
    return builder.file();
  };
  for (const auto& [model, pre] : {std::pair{"gemma4", "default"}, {"gpt2", "gemma4"}}) {
    const Tokenizer tokenizer = tokenizer_of(file(model, pre)).tokenizer;
    CHECK(tokenizer.encode("a ab\n\nb\xC3\xA9") == std::vector<int>{0, 3, 5, 4, 7, 4, 8 + 0xC3, 8 + 0xA9});
    CHECK(tokenizer.decode(std::vector<int>{5, 4, 7, 8 + 0xC3, 8 + 0xA9}) == " ab\n\n\u00E9");
  }
  CHECK(tokenizer_of(file("gpt2", "sarvam-moe")).tokenizer.encode(" a") == std::vector<int>{5});
}

TEST_CASE("tokenizers that are not understood or do not fit together are refused by key") {
  const auto with = [](auto change) {
    GgufBuilder builder;
    change(builder);
    return refusal(builder);
  };
  CHECK(holds(with([](GgufBuilder& b) { b.u32("x", 1); }), "\"tokenizer.ggml.model\" expected"));
  for (const char* model : {"t5", "bert", "rwkv", "no_vocab"})
    CHECK(holds(with([&](GgufBuilder& b) {
                  b.text("tokenizer.ggml.model", model).texts("tokenizer.ggml.tokens", {"a"});
                }),
                "m.gguf: tokenizer.ggml.model: llama, gpt2 or gemma4 expected, \"" + std::string(model) +
                    "\" found"));
  const auto byte_level = [](GgufBuilder& b) {
    b.text("tokenizer.ggml.model", "gpt2").texts("tokenizer.ggml.merges", {"a b"});
  };
  CHECK(holds(with([&](GgufBuilder& b) {
                byte_level(b);
                b.texts("tokenizer.ggml.tokens", {"a", "b", "ab"}).text("tokenizer.ggml.pre", "runes");
              }),
              "tokenizer.ggml.pre: a known way to cut words expected, \"runes\" found"));
  CHECK(holds(with([&](GgufBuilder& b) {
                byte_level(b);
                b.texts("tokenizer.ggml.tokens", {"a", "b"}).ints("tokenizer.ggml.token_type", {1});
              }),
              "tokenizer.ggml.token_type: one type for each of 2 tokens expected, 1 found"));
  CHECK(holds(with([&](GgufBuilder& b) {
                byte_level(b);
                b.texts("tokenizer.ggml.tokens", {"a", "b"}).u32("tokenizer.ggml.bos_token_id", 2);
              }),
              "tokenizer.ggml.bos_token_id: an integer of 0 to 1 expected, 2 found"));
  CHECK(holds(with([&](GgufBuilder& b) {
                byte_level(b);
                b.texts("tokenizer.ggml.tokens", {"a", "b"}).boolean("tokenizer.ggml.add_eos_token", true);
              }),
              "tokenizer.ggml.add_eos_token: a token to add expected"));
  CHECK(holds(with([&](GgufBuilder& b) {
                b.text("tokenizer.ggml.model", "gpt2").texts("tokenizer.ggml.tokens", {"a", "b"});
                b.texts("tokenizer.ggml.merges", {"ab"});
              }),
              "tokenizer.ggml.merges: two tokens with a space between expected, \"ab\" found"));
  CHECK(holds(with([](GgufBuilder& b) {
                b.text("tokenizer.ggml.model", "llama").texts("tokenizer.ggml.tokens", {"a", "b"});
                b.floats("tokenizer.ggml.scores", {1});
              }),
              "tokenizer.ggml.scores: one score for each of 2 tokens expected, 1 found"));
}
