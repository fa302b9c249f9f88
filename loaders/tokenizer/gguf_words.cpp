#include "loaders/tokenizer/gguf_words.h"

#include <algorithm>
#include <iterator>

namespace kelvin {
namespace {

// The rules as the tokenizer.json of each family has them.
#define KELVIN_CONTRACTIONS R"((?i:'s|'t|'re|'ve|'m|'ll|'d))"
#define KELVIN_LINES R"(\s*[\r\n]+|\s+(?!\S)|\s+)"
#define KELVIN_CASED_WORDS R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
#define KELVIN_CAPITAL_WORDS R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"

constexpr const char* gpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* llama3 =
    KELVIN_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|)" KELVIN_LINES;
constexpr const char* qwen2 =
    KELVIN_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)" KELVIN_LINES;
constexpr const char* qwen35 = KELVIN_CONTRACTIONS
    R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|)" KELVIN_LINES;
constexpr const char* tekken =
    KELVIN_CASED_WORDS "|" KELVIN_CAPITAL_WORDS R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|)" KELVIN_LINES;
constexpr const char* gpt4o = KELVIN_CASED_WORDS KELVIN_CONTRACTIONS
    "?|" KELVIN_CAPITAL_WORDS KELVIN_CONTRACTIONS R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|)" KELVIN_LINES;
constexpr const char* deepseek3_text =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|)"
    R"( ?[\p{P}\p{S}]+[\r\n]*|)" KELVIN_LINES;
constexpr const char* cjk = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";
constexpr const char* seed_coder =
    KELVIN_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|)" KELVIN_LINES;
constexpr const char* bailing =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
    R"(\s*[\r\n]|\s+(?!\S)|\s+)";

#undef KELVIN_CONTRACTIONS
#undef KELVIN_LINES
#undef KELVIN_CASED_WORDS
#undef KELVIN_CAPITAL_WORDS

enum Flags { none = 0, nfc = 1, whole_words = 2, bos = 4 };

struct Row {
  std::string_view names;                    // with blanks between
  std::initializer_list<const char*> rules;  // each cuts the pieces of those before it
  int flags;
};

const Row rows[] = {
    {"gpt-2 gpt2 phi-2 jina-es jina-de jina-v1-en jina-v2-es jina-v2-de jina-v2-code roberta-bpe "
     "modern-bert gigachat a.x-4.0 mellum jais exaone4 trillion granite-docling",
     {gpt2},
     none},
    {"olmo mpt", {gpt2}, nfc},
    {"smollm starcoder refact command-r codeshell exaone minerva-7b", {R"(\p{N})", gpt2}, none},
    {"llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2", {llama3}, whole_words | bos},
    {"dbrx smaug-bpe glm4 chatglm-bpe", {llama3}, none},
    {"qwen2 deepseek-r1-qwen", {qwen2}, nfc},
    {"stablelm2 megrez hunyuan grok-2", {qwen2}, none},
    {"qwen35", {qwen35}, nfc},
    {"tekken", {tekken}, whole_words | bos},
    {"gpt-4o llama4 kanana2", {gpt4o}, none},
    {"deepseek-v3 hunyuan-dense joyai-llm", {R"(\p{N}{1,3})", cjk, deepseek3_text}, none},
    {"deepseek-coder",
     {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", R"(\p{N})"},
     none},
    {"seed-coder", {seed_coder}, none},
    {"bailingmoe bailingmoe2 llada-moe", {bailing}, none},
    {"falcon", {R"([\p{P}\$\+<=>\^~\|`]+)", gpt2, "[0-9][0-9][0-9]"}, none},
    {"default", {R"([\p{P}\$\+<=>\^~\|]+)", gpt2, R"(\p{N}+)", "[0-9][0-9][0-9]"}, none},
};

bool lists(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    if (names.substr(0, end) == name) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

}  // namespace

std::optional<GgufWords> gguf_words(std::string_view name) {
  const auto row = std::find_if(std::begin(rows), std::end(rows),
                                [&](const Row& candidate) { return lists(candidate.names, name); });
  if (row == std::end(rows)) return std::nullopt;
  GgufWords words;
  if (row->flags & nfc) words.normalizers.push_back(unicode::NormalForm::nfc);
  for (const char* rule : row->rules)
    words.pre_tokenizers.push_back(SplitPattern{{rule, true}, SplitBehavior::isolated, false});
  words.pre_tokenizers.push_back(ByteLevelWords{false, false});
  words.ignore_merges = row->flags & whole_words;
  words.add_bos = row->flags & bos;
  return words;
}

}  // namespace kelvin
