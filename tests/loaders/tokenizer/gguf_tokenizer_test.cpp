#include "loaders/tokenizer/gguf_tokenizer.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>

#include "loaders/tokenizer/base64.h"
#include "tests/loaders/gguf_from_folder.h"
#include "tests/loaders/load_error_check.h"
#include "tests/support.h"
#include "tests/tokenizer/third_party.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

LoadedTokenizer tokenizer_of(const std::string& bytes) {
  return gguf_tokenizer(GgufFile(std::as_bytes(std::span(bytes)), "m.gguf"));
}

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

// Three tokens with a meaning of their own, the bytes, and letters that merge.
GgufBuilder scored(bool prefix) {
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types{2, 3, 3};
  for (int byte = 0; byte < 256; ++byte) {
    constexpr char digits[] = "0123456789ABCDEF";
    tokens.push_back(std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">");
    types.push_back(6);
  }
  std::vector<float> scores(tokens.size(), 0.0f);
  const auto add = [&](const std::string& token, float score, int type = 1) {
    tokens.push_back(token);
    scores.push_back(score);
    types.push_back(type);
  };
  for (const char* letter : {"a", "b", "c", "\u2581"}) add(letter, -100);  // 259 to 262
  add("ab", -2);                                                           // 263
  add("bc", -1);                                                           // 264
  add("\u2581a", -3);                                                      // 265
  add("<|user|>", -1000, 4);                                               // 266
  add("", -1000, 5);                                                       // 267
  GgufBuilder builder;
  builder.text("tokenizer.ggml.model", "llama").texts("tokenizer.ggml.tokens", tokens);
  builder.floats("tokenizer.ggml.scores", scores).ints("tokenizer.ggml.token_type", types);
  if (!prefix) builder.boolean("tokenizer.ggml.add_space_prefix", false);
  return builder;
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

TEST_CASE("tokenizers that are not understood or do not fit together are refused by key") {
  const auto with = [](auto change) {
    GgufBuilder builder;
    change(builder);
    return refusal(builder);
  };
  CHECK(holds(with([](GgufBuilder& b) { b.u32("x", 1); }), "\"tokenizer.ggml.model\" expected"));
  for (const char* model : {"t5", "bert", "rwkv", "no_vocab"})
    CHECK(
        holds(with([&](GgufBuilder& b) {
                b.text("tokenizer.ggml.model", model).texts("tokenizer.ggml.tokens", {"a"});
              }),
              "m.gguf: tokenizer.ggml.model: llama or gpt2 expected, \"" + std::string(model) + "\" found"));
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
                b.texts("tokenizer.ggml.tokens", {"a", "b", "a"});
              }),
              "tokenizer.ggml.tokens: [2]: "));
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
