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
constexpr const char* deepseek_letters =
    "\\s?["
    "A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af"
    "\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1"
    "\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5"
    "\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a"
    "\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d"
    "\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3"
    "\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115"
    "\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149"
    "\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d"
    "\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06"
    "\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3"
    "\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df"
    "\U0001e900-\U0001e943"
    "]+";
constexpr const char* seed_coder =
    KELVIN_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|)" KELVIN_LINES;
constexpr const char* ufakzeka = R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)" KELVIN_LINES;
constexpr const char* minicpm5 =
    KELVIN_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|)" KELVIN_LINES;
constexpr const char* jais2 = KELVIN_CONTRACTIONS
    R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|)"
    R"(\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|)"
    R"(\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1})";
constexpr const char* exaone_moe = KELVIN_CONTRACTIONS
    R"(|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|)"
    R"(\s*[\r\n]|\s+(?!\S)|\s+)";
constexpr const char* youtu = KELVIN_CASED_WORDS KELVIN_CONTRACTIONS
    "?|" KELVIN_CAPITAL_WORDS KELVIN_CONTRACTIONS R"(?|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|)" KELVIN_LINES;
constexpr const char* youtu_scripts =
    "[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c"
    "\u3001-\u303f\ufe30-\ufe4f]+|[\u3105-\u312f]+|[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";
constexpr const char* kimi_k2 =
    R"(\p{Han}+|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+)" KELVIN_CONTRACTIONS
    "?|"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*)" KELVIN_CONTRACTIONS
    R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|)" KELVIN_LINES;
constexpr const char* spark25_text =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|)"
    R"( ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+)";
constexpr const char* afmoe_scripts =
    "[\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u3040-\u309f\u30a0-\u30ff\uff65-\uff9f\u2f00-\u2fdf"
    "\u0e40-\u0e7f\u0e80-\u0eff\u1780-\u17ff\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff\uac00-\ud7af"
    "\u1100-\u11ff]+";
// Digits in threes, counted from the end of the number.
constexpr const char* threes_from_end = R"(\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N})))";
constexpr const char* bloom = " ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+";
constexpr const char* lines_apart = R"([^\n]+|\n+)";
constexpr const char* bailing =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
    R"(\s*[\r\n]|\s+(?!\S)|\s+)";

#undef KELVIN_CONTRACTIONS
#undef KELVIN_LINES
#undef KELVIN_CASED_WORDS
#undef KELVIN_CAPITAL_WORDS

enum Flags { none = 0, nfc = 1, whole_words = 2, bos = 4, plain_text = 8 };

struct Row {
  std::string_view names;                    // with blanks between
  std::initializer_list<const char*> rules;  // each cuts the pieces of those before it
  int flags;
};

// The names that llama.cpp and ik_llama.cpp know of byte-level models.
const Row rows[] = {
    {"gpt-2 gpt2 phi-2 jina-es jina-de jina-v1-en jina-v2-es jina-v2-de jina-v2-code roberta-bpe "
     "modern-bert gigachat a.x-4.0 mellum jais exaone4 trillion granite-docling",
     {gpt2},
     none},
    {"olmo mpt", {gpt2}, nfc},
    {"smollm starcoder refact command-r cohere2_moe codeshell exaone minerva-7b mellum2",
     {R"(\p{N})", gpt2},
     none},
    {"llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
     {llama3},
     whole_words | bos},
    {"dbrx smaug-bpe glm4 chatglm-bpe", {llama3}, none},
    {"jais-2", {jais2}, none},
    {"minicpm5", {R"(\p{N}{1,3})", minicpm5}, whole_words},
    {"qwen2 deepseek-r1-qwen f2llmv2", {qwen2}, nfc},
    {"stablelm2 megrez hunyuan grok-2 solar-open kormo openpangu", {qwen2}, none},
    {"laguna", {lines_apart, qwen2}, none},
    {"ufakzeka", {ufakzeka}, none},
    {"qwen35", {qwen35}, nfc},
    {"tekken", {tekken}, whole_words | bos},
    {"gpt-4o llama4 kanana2 minimax-m2 talkie", {gpt4o}, none},
    {"granite-embed-multi-97m", {gpt4o}, whole_words},
    {"tiny_aya cohere2moe", {R"(\d{1,3}(?=(?:\d{3})*\b))", gpt4o}, none},
    {"youtu", {youtu_scripts, youtu}, whole_words},
    {"kimi-k2", {kimi_k2}, none},
    {"exaone-moe", {exaone_moe}, none},
    {"deepseek-v3 hunyuan-dense joyai-llm hy_v4", {R"(\p{N}{1,3})", cjk, deepseek3_text}, none},
    {"spark2_5", {R"(\p{N}{1,3})", cjk, spark25_text, R"(\p{N})"}, none},
    {"afmoe", {threes_from_end, afmoe_scripts, deepseek3_text}, none},
    {"deepseek-llm",
     {R"([\r\n])", deepseek_letters, "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
      R"(\s+$)", "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", R"(\p{N}+)"},
     none},
    {"deepseek-coder",
     {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", R"(\p{N})"},
     none},
    {"seed-coder", {seed_coder}, none},
    {"bailingmoe bailingmoe2 llada-moe", {bailing}, none},
    {"bloom poro-chat gpt3-finnish", {bloom}, none},
    {"viking", {bloom, R"(\p{N})"}, none},
    {"chameleon",
     {"<sentinel:[0-9]+>", "IMGIMG[A-I]{1,4}Z", R"([\t\n]|    |  )", R"(\p{N})", R"([\p{P}!-/:-@\[-`{-~])",
      gpt2},
     bos},
    {"superbpe", {R"(\p{N}+)", R"((?=(\d{3})+(?!\d)))"}, none},
    {"falcon", {R"([\p{P}\$\+<=>\^~\|`]+)", gpt2, "[0-9][0-9][0-9]"}, none},
    {"gemma4 granite-embed-multi-311m", {}, plain_text | bos},
    {"sarvam-moe", {}, plain_text},
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
  words.ignore_merges = row->flags & whole_words;
  words.add_bos = row->flags & bos;
  words.plain_text = row->flags & plain_text;
  if (words.plain_text) {
    words.normalizers.push_back(ReplaceText{{" ", false}, "\u2581"});
    return words;
  }
  if (row->flags & nfc) words.normalizers.push_back(unicode::NormalForm::nfc);
  for (const char* rule : row->rules)
    words.pre_tokenizers.push_back(SplitPattern{{rule, true}, SplitBehavior::isolated, false});
  words.pre_tokenizers.push_back(ByteLevelWords{false, false});
  return words;
}

}  // namespace kelvin
