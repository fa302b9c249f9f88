#include "tools/inspect/explanation.h"
#include "engine/weights/config.h"

namespace kelvin {

void ExplainFlags::add_to(Flags& flags) {
  flags.group("output");
  flags.option(
      "html", "FILE",
      "a report that opens in a browser: tokens coloured by what the model thought of them, and behind "
      "each both ends of the distribution, the chain stage by stage, other temperatures and a slider",
      to(html));
  flags.option("html-from", "N", "the first token whose step the report holds in detail (default 0)",
               to(html_from));
  flags.option("top", "N", "how many of the most likely next tokens (default 5)", to(format.top, 0, 1 << 20));
  flags.option("bottom", "N", "how many of the least likely next tokens (default 5)",
               to(format.bottom, 0, 1 << 20));
  flags.toggle("lens",
               "what every layer would say if the model ended there: its hidden state through the final norm "
               "and the head, how far that is from what the model says (KL), and its best tokens",
               lens);
  flags.toggle("json", "JSON lines, one a position and one at the end", format.json);
}

Explanation::Explanation(std::ostream& out, const OpenModel& model, const ExplainFlags& flags, bool brief)
    : model_(model),
      flags_(flags),
      is_told_((!brief && !flags.html) || flags.format.json),
      report_(out, model.tokenizer(), flags.format),
      vocabulary_(static_cast<std::size_t>(model.model->config().vocab_size)) {
  if (flags.html) file_.emplace(*flags.html);
}

void Explanation::begin(const LogitsText& text) {
  positions_ = text.ids.size();
  if (file_)
    page_.emplace(model_.tokenizer(), text.chain,
                  LogitsPageTitle{model_.name(), text.chain.text(), text.seed, text.n_prompt, vocabulary_},
                  text.ids, flags_.html_from);
}

void Explanation::add(const PositionLogits& at) {
  if (page_) page_->add(at);
  if (is_told_)
    report_.add(at.position, at.id, at.logits, at.next, flags_.lens ? at.lens : std::span<const float>());
}

void Explanation::finish(const std::string& sha256) {
  if (file_) {
    file_->write(page_->html());
    file_->commit();
  }
  report_.finish(static_cast<int>(positions_), static_cast<int>(vocabulary_), sha256);
}

}  // namespace kelvin
