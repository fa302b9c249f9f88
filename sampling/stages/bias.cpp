// bias, ban, allow: constraints on single tokens, decided once per chain on their decoded bytes.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "sampling/stage.h"
#include "sampling/stages/add_bias.h"
#include "sampling/stages/token_set.h"
#include "sampling/stages/word_text.h"
#include "tokenizer/base/user_error.h"

namespace kelvin::sampling {

std::shared_ptr<const void> prepare_token_set(const Params& params, const Vocabulary& vocabulary) {
  return std::make_shared<const std::vector<int>>(token_set(params.text("tokens"), vocabulary));
}

namespace {

struct Allowed {
  std::vector<int> ids;           // with those that end the text, where there are no words
  std::optional<WordText> words;  // then `ids` are those that end it
  std::size_t n_tokens;

  const std::vector<int>& at(const StageContext& step) const {
    if (!words) return ids;
    auto& now = step.scratch->ids;
    now.reserve(n_tokens + ids.size());
    now.clear();
    if (words->allowed_after(step.tokens, now)) now.insert(now.end(), ids.begin(), ids.end());
    return now;
  }
};

WordText words_of(std::string_view path, const Vocabulary& vocabulary) {
  constexpr std::size_t longest_list = std::size_t{1} << 26;
  const std::string where = "words:" + std::string(path);
  if (vocabulary.bytes.empty()) throw UserError(where + ": needs a vocabulary");
  const auto list = content_of(path);
  if (!list) throw UserError(where + ": cannot read the file");
  if (list->size() > longest_list) throw UserError(where + ": 64 MB of words expected at the most");
  return WordText(*list, vocabulary, where);
}

}  // namespace

// Ids that end the text are allowed as well, where they end it.
std::shared_ptr<const void> prepare_allowed(const Params& params, const Vocabulary& vocabulary) {
  constexpr std::string_view of_words = "words:";
  const std::string_view tokens = params.text("tokens");
  Allowed allowed{{}, {}, vocabulary.bytes.size()};
  if (tokens.starts_with(of_words))
    allowed.words = words_of(tokens.substr(of_words.size()), vocabulary);
  else
    allowed.ids = token_set(tokens, vocabulary);
  if (vocabulary.may_end)
    allowed.ids.insert(allowed.ids.end(), vocabulary.stops.begin(), vocabulary.stops.end());
  return std::make_shared<const Allowed>(std::move(allowed));
}

void bias(std::span<float> logits, const Params& params, const StageContext&) {
  for (const int id : params.prepared<std::vector<int>>())
    if (static_cast<std::size_t>(id) < logits.size())
      add_bias(logits[static_cast<std::size_t>(id)], params["by"]);
}

void ban(std::span<float> logits, const Params& params, const StageContext& step) {
  if (params["first"] > 0 && static_cast<double>(step.generated()) >= params["first"]) return;
  for (const int id : params.prepared<std::vector<int>>())
    if (static_cast<std::size_t>(id) < logits.size()) logits[static_cast<std::size_t>(id)] = impossible;
}

void allow(std::span<float> logits, const Params& params, const StageContext& step) {
  auto& kept = step.scratch->weights;
  kept.clear();
  const std::vector<int>& allowed = params.prepared<Allowed>().at(step);
  for (const int id : allowed)
    kept.push_back(static_cast<std::size_t>(id) < logits.size()
                       ? static_cast<double>(logits[static_cast<std::size_t>(id)])
                       : static_cast<double>(impossible));
  std::fill(logits.begin(), logits.end(), impossible);
  for (std::size_t i = 0; i < allowed.size(); ++i)
    if (static_cast<std::size_t>(allowed[i]) < logits.size())
      logits[static_cast<std::size_t>(allowed[i])] = static_cast<float>(kept[i]);
}

}  // namespace kelvin::sampling
