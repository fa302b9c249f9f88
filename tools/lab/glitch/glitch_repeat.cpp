#include "tools/lab/glitch/glitch_repeat.h"

#include <algorithm>

#include "loaders/json/json.h"
#include "loaders/json/json_writer.h"
#include "tools/generation/generate.h"
#include "tools/output/blanks.h"
#include "tools/terminal/interrupt.h"

namespace kelvin {
namespace {

constexpr int max_answer_tokens = 24;

ChatTemplate template_of(const OpenModel& model) {
  auto chat_template = chat_template_of(model.text.info);
  if (!chat_template)
    throw UsageError("the repeat test needs a model with a chat template; this one has none");
  return std::move(*chat_template);
}

}  // namespace

RepeatTest::RepeatTest(OpenModel& model, std::string question, const TemplateOptions& options)
    : model_(model),
      question_(std::move(question)),
      template_(template_of(model)),
      coldest_(Chain::parse("temp=0")),
      sequence_(*model.model, std::min(model.context, 1024)) {
  if (question_.find("{}") == question_.npos)
    throw UsageError("--repeat-question: a text with {} in it expected, \"" + question_ + "\" found");
  conversation_.variables = options.variables(template_);
}

RepeatAnswer RepeatTest::ask(int id, const std::atomic<bool>* stop) {
  const std::string word = model_.tokenizer().decode(std::span(&id, 1));
  std::string question = question_;
  question.replace(question.find("{}"), 2, word);
  const std::vector<int> ids = encode_prompt(
      model_.text, conversation_text(template_, model_.text.info, one_turn({}, question), conversation_));
  if (static_cast<int>(ids.size()) + max_answer_tokens > sequence_.capacity()) return {false, ""};

  ContinuationRequest request;
  request.prompt = ids;
  request.chain = &coldest_;
  request.max_tokens = max_answer_tokens;
  request.stops = model_.stops;
  const Continuation answer =
      continue_prompt(*model_.model, sequence_, model_.tokenizer(), request, {.stop = stop});
  if (answer.ending == Ending::interrupted) throw Interrupted();
  const std::string_view wanted = without_blanks(word);
  const bool as_id = std::find(answer.ids.begin(), answer.ids.end(), id) != answer.ids.end();
  const bool as_text = !wanted.empty() && answer.text.find(wanted) != answer.text.npos;
  // As JSON can hold it, so that a part keeps it as it is.
  return {as_id || as_text, std::string(parse_json(json_string(answer.text)).root().as_string())};
}

}  // namespace kelvin
