// sequence-bias: moves the logit of the token that would complete a sequence of ids of which the text ends in
// all but the last (transformers' SequenceBias; with -inf its NoBadWords).
#include <algorithm>
#include <charconv>
#include <string>

#include "sampling/stage.h"
#include "sampling/stages/add_bias.h"
#include "sampling/stages/token_set.h"
#include "tokenizer/base/user_error.h"

namespace kelvin::sampling {

std::shared_ptr<const void> prepare_sequence(const Params& params, const Vocabulary& vocabulary) {
  std::vector<int> ids;
  std::string_view rest = params.text("ids");
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    if (rest.empty()) break;
    int id = -1;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), id);
    if (error != std::errc{} || id < 0 || (end != rest.data() + rest.size() && *end != ' '))
      throw UserError("sequence-bias: token ids such as '485 794 6' expected, \"" +
                      std::string(params.text("ids")) + "\" found");
    check_exists(id, vocabulary, "sequence-bias");
    ids.push_back(id);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  if (ids.empty()) throw UserError("sequence-bias: token ids such as '485 794 6' expected");
  return std::make_shared<const std::vector<int>>(std::move(ids));
}

void sequence_bias(std::span<float> logits, const Params& params, const StageContext& step) {
  const std::span<const int> ids(params.prepared<std::vector<int>>());
  const auto before = ids.first(ids.size() - 1);
  const auto last = static_cast<std::size_t>(ids.back());
  if (last >= logits.size() || before.size() > step.tokens.size()) return;
  const auto written = step.tokens.last(before.size());
  if (std::equal(before.begin(), before.end(), written.begin())) add_bias(logits[last], params["by"]);
}

}  // namespace kelvin::sampling
