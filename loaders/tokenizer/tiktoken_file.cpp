#include "loaders/tokenizer/tiktoken_file.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "loaders/files/load_error.h"
#include "loaders/tokenizer/base64.h"
#include "tokenizer/models/score_merges.h"
#include "tokenizer/spec.h"
#include "tokenizer/unicode/byte_level.h"

namespace kelvin {

namespace {

// OpenAI's cl100k pattern with numbers of up to three digits (Llama 3, GLM 4) or digit by digit (Qwen).
#define KELVIN_WORDS R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|)"
#define KELVIN_REST R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"
constexpr const char* three_digits = KELVIN_WORDS R"(\p{N}{1,3})" KELVIN_REST;
constexpr const char* one_digit = KELVIN_WORDS R"(\p{N})" KELVIN_REST;
#undef KELVIN_WORDS
#undef KELVIN_REST

constexpr std::size_t llama3_ranks = 128000, llama3_special = 256;

std::vector<std::string> numbered(std::vector<std::string> names, const std::string& begin, int first,
                                  std::size_t count, const std::string& end) {
  while (names.size() < count) names.push_back(begin + std::to_string(first++) + end);
  return names;
}

std::vector<std::string> llama3_names() {
  return numbered(
      {"<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>",
       "<|finetune_right_pad_id|>", "<|reserved_special_token_2|>", "<|start_header_id|>",
       "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>"},
      "<|reserved_special_token_", 3, llama3_special, "|>");
}

[[noreturn]] void fail_line(const std::string& name, std::size_t line, const std::string& problem) {
  throw LoadError(name, "line " + std::to_string(line) + ": " + problem);
}

}  // namespace

bool looks_like_tiktoken(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  const std::size_t space = line.find(' ');
  return space != std::string_view::npos && space > 0 && from_base64(line.substr(0, space)).has_value();
}

TiktokenFile parse_tiktoken(std::string_view text, const std::string& name) {
  TiktokenFile file{name, {}};
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::size_t space = line.find(' ');
    std::size_t rank = 0;
    const char* const end = line.data() + line.size();
    if (space == std::string_view::npos || std::from_chars(line.data() + space + 1, end, rank).ptr != end ||
        line.ends_with(' '))
      fail_line(name, number, "a token in base64 and its rank expected, " + in_quotes(line) + " found");
    const std::optional<std::string> token = from_base64(line.substr(0, space));
    if (!token || token->empty())
      fail_line(name, number, "a token in base64 expected, " + in_quotes(line.substr(0, space)) + " found");
    if (rank >= static_cast<std::size_t>(TokenTable::id_limit))
      fail_line(name, number,
                "a rank of 0 to " + std::to_string(TokenTable::id_limit - 1) + " expected, " +
                    std::to_string(rank) + " found");
    if (rank >= file.tokens.size()) file.tokens.resize(rank + 1);
    if (!file.tokens[rank].empty()) fail_line(name, number, "rank " + std::to_string(rank) + " stands twice");
    file.tokens[rank] = *token;
  }
  return file;
}

TiktokenLayout tiktoken_layout(const TiktokenFile& file, const TokenizerNotes& notes) {
  TiktokenLayout layout;
  layout.bos = notes.bos_token;
  layout.eos = notes.eos_token;
  if (notes.pat_str) {
    layout.pattern = *notes.pat_str;
  } else if (notes.tokenizer_class == "QWenTokenizer") {
    layout.pattern = one_digit;
    layout.nfc = true;
    if (!layout.eos) layout.eos = "<|endoftext|>";
    layout.special = numbered({"<|endoftext|>", "<|im_start|>", "<|im_end|>"}, "<|extra_", 0, 208, "|>");
  } else if (notes.tokenizer_class == "ChatGLM4Tokenizer") {
    layout.pattern = three_digits;
  } else if (file.tokens.size() == llama3_ranks &&
             notes.bos_token.value_or("<|begin_of_text|>") == "<|begin_of_text|>") {
    layout.pattern = three_digits;
    layout.bos = "<|begin_of_text|>";
    if (!layout.eos) layout.eos = "<|end_of_text|>";
    layout.add_bos = true;
    layout.special = llama3_names();
  } else {
    throw LoadError(file.name, "how words are cut is not said: " + notes.name +
                                   " has no pat_str, and the layout of tokenizer_class " +
                                   in_quotes(notes.tokenizer_class) + " is not known");
  }
  layout.add_bos = notes.add_bos_token.value_or(layout.add_bos);
  layout.add_eos = notes.add_eos_token.value_or(false);
  if (!notes.added_tokens.empty()) layout.special.clear();
  return layout;
}

TokenizerSpec tiktoken_tokenizer(const TiktokenFile& file, const TiktokenLayout& layout) {
  TokenizerSpec spec;
  std::size_t bytes = 0;
  for (const std::string& token : file.tokens) bytes += token.size() * 2;
  spec.vocabulary.reserve(file.tokens.size(), bytes);
  std::vector<double> scores;
  for (std::size_t rank = 0; rank < file.tokens.size(); ++rank) {
    scores.push_back(-static_cast<double>(rank));
    if (!file.tokens[rank].empty())
      spec.vocabulary.add(unicode::bytes_to_text(file.tokens[rank]), static_cast<int>(rank));
  }
  BpeSpec bpe;
  bpe.ignore_merges = true;
  tokenizer::merge_by_scores(spec.vocabulary, scores, bpe);
  spec.model = std::move(bpe);
  if (layout.nfc) spec.normalizers.push_back(unicode::NormalForm::nfc);
  spec.pre_tokenizers = {SplitPattern{{layout.pattern, true}, SplitBehavior::removed, true},
                         ByteLevelWords{false, false}};
  spec.decoders = {ByteLevelPieces{}};
  for (const std::string& token : layout.special) {
    const auto id = static_cast<int>(file.tokens.size() + spec.added_tokens.size());
    spec.added_tokens.push_back({.content = token, .id = id, .normalized = false, .special = true});
  }
  return spec;
}

}  // namespace kelvin
