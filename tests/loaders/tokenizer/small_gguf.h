// A small tokenizer in a GGUF file.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "loaders/tokenizer/gguf_tokenizer.h"
#include "tests/loaders/gguf_builder.h"

namespace kelvin::test {

inline LoadedTokenizer tokenizer_of(const std::string& bytes) {
  return gguf_tokenizer(GgufFile(std::as_bytes(std::span(bytes)), "m.gguf"));
}

inline std::vector<std::string> byte_tokens() {
  constexpr char digits[] = "0123456789ABCDEF";
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte)
    tokens.push_back(std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">");
  return tokens;
}

// Three tokens with a meaning of their own, the bytes, letters that merge, and `more`.
inline GgufBuilder scored(bool prefix, const std::vector<std::string>& more = {}) {
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types{2, 3, 3};
  for (const std::string& byte : byte_tokens()) {
    tokens.push_back(byte);
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
  for (const std::string& token : more) add(token, -0.5f);                 // 268 on
  GgufBuilder builder;
  builder.text("tokenizer.ggml.model", "llama").texts("tokenizer.ggml.tokens", tokens);
  builder.floats("tokenizer.ggml.scores", scores).ints("tokenizer.ggml.token_type", types);
  if (!prefix) builder.boolean("tokenizer.ggml.add_space_prefix", false);
  return builder;
}

}  // namespace kelvin::test
