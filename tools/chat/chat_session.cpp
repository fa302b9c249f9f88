#include "tools/chat/chat_session.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "engine/kernels/kernels.h"
#include "engine/platform/available_memory.h"
#include "engine/weights/config.h"
#include "engine/weights/weights.h"
#include "loaders/files/load_error.h"
#include "loaders/tokenizer/plain_text.h"
#include "loaders/tokenizer/prompt.h"
#include "tokenizer/base/user_error.h"
#include "tools/generation/generate.h"
#include "tools/options/kept_as.h"
#include "tools/output/blanks.h"

namespace kelvin {
namespace {

// The noise of an answer: by its place in the conversation and by how often it was asked for, so that the
// same seed and the same messages give the same answers, and /regen another one.
std::uint64_t stream_of(std::size_t turn, std::uint32_t attempt) {
  return (static_cast<std::uint64_t>(turn) << 16 | (attempt & 0xFFFFu)) & 0xFFFFFFFFu;
}

std::size_t answers_in(std::span<const SavedMessage> messages) {
  return static_cast<std::size_t>(
      std::count_if(messages.begin(), messages.end(),
                    [](const SavedMessage& message) { return message.role == "assistant"; }));
}

}  // namespace

ChatSession::ChatSession(OpenModel& model, ChatSettings settings)
    : model_(model),
      settings_(std::move(settings)),
      prompt_(model.text, settings_.tools),
      sequence_(*model.model, model.context) {
  prompt_.tell(settings_.chat_template);
}

void ChatSession::tell_template(TemplateOptions options) {
  prompt_.tell(options);
  settings_.chat_template = std::move(options);
}

ChatPrompt::Conversation ChatSession::conversation(std::span<const SavedMessage> messages) const {
  return {messages, settings_.system, settings_.clock};
}

std::span<const SavedMessage> ChatSession::last_question() const {
  return std::span(messages_).first(messages_.empty() ? 0 : messages_.size() - 1);
}

std::string ChatSession::prompt_text() const {
  return without_marks(prompt_.text(conversation(last_question())));
}

std::vector<int> ChatSession::prompt_ids() const {
  return encode_prompt(model_.text, prompt_.text(conversation(last_question())), prompt_.marked());
}

int ChatSession::length() const {
  try {
    return static_cast<int>(
        encode_prompt(model_.text, prompt_.text(conversation(messages_), false), prompt_.marked()).size());
  } catch (const TemplateError&) {
    if (messages_.empty()) return 0;
    throw;
  }
}

Continuation ChatSession::answer(std::uint32_t attempt, const ChatTurn& turn) {
  const std::string rendered = prompt_.text(conversation(messages_));
  const std::string begun =
      prompt_.opened_thought_of(conversation(messages_), rendered) + settings_.assistant;
  const std::vector<int> prompt =
      encode_prompt(model_.text, rendered + settings_.assistant, prompt_.marked());
  const int length = static_cast<int>(prompt.size());
  if (length == 0) throw ChatError("the prompt is empty");
  if (length >= model_.context)
    throw ChatError("the conversation would need " + std::to_string(length) +
                    " tokens and room for an answer, the context holds " + std::to_string(model_.context) +
                    ": /undo takes turns back, /clear begins anew, --ctx makes it larger");
  const Chain chain = settings_.sampling.chain(model_.vocabulary());
  ContinuationRequest request;
  request.prompt = prompt;
  request.chain = &chain;
  request.seed = settings_.seed;
  request.stream = stream_of(answers_in(messages_), attempt);
  request.max_tokens = settings_.max_tokens;
  request.stops = model_.stops;
  request.stop_texts = settings_.stop_texts;
  request.text_continues = !has_template() || !settings_.assistant.empty();
  request.log_probabilities = true;  // for /why
  request.memories = true;           // for explain_token
  request.on_token_text = turn.on_text;
  if (!begun.empty() && turn.on_text) turn.on_text(begun, 0);
  Continuation reply = continue_prompt(*model_.model, sequence_, model_.tokenizer(), request,
                                       {.stop = turn.stop, .on_prompt = turn.on_prompt});
  if (reply.ids.empty()) return reply;
  reply.text.insert(0, begun);
  answered_ = Answered{chain, prompt, request.seed, request.stream, reply, begun.size()};
  return reply;
}

std::span<const int> ChatSession::last_answer() const {
  return answered_ ? std::span<const int>(answered_->reply.ids) : std::span<const int>();
}

std::span<const double> ChatSession::last_log_probabilities() const {
  return answered_ ? std::span<const double>(answered_->reply.log_probabilities) : std::span<const double>();
}

ChatSession::Explained ChatSession::explain_token(std::size_t number) {
  if (!answered_) throw ChatError("there is no answer yet that was drawn in this session");
  const Answered& answered = *answered_;
  const std::vector<int>& ids = answered.reply.ids;
  if (number == 0 || number > ids.size())
    throw ChatError("the last answer has " + std::to_string(ids.size()) + " tokens, number " +
                    std::to_string(number) + " was asked for");
  Explained found;
  found.number = number;
  found.of = ids.size();
  found.before.assign(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(found.number - 1));
  std::vector<int> tokens = answered.prompt;
  tokens.insert(tokens.end(), found.before.begin(), found.before.end());
  const Step step{tokens, answered.prompt.size(), answered.seed, answered.stream};
  found.seed = step.seed;
  found.position = step.position();
  ChainState state;
  state.set_values(answered.reply.memories[found.number - 1]);
  const ChainState before = state;
  std::vector<float> logits = logits_after(*model_.model, sequence_, tokens);
  found.id = answered.chain.sample(logits, step, state, &found.trace);
  found.why = explain(answered.chain, found.trace, step, before, other_temperatures(answered.chain));
  return found;
}

std::vector<ToolCall> ChatSession::open_calls() const {
  std::vector<ToolCall> calls = find_tool_calls(last_split().answer, prompt_.tools()).calls;
  calls.erase(calls.begin(),
              calls.begin() + static_cast<std::ptrdiff_t>(std::min(results_.size(), calls.size())));
  return calls;
}

void ChatSession::keep_result(const std::string& text) { results_.push_back(text); }

SplitAnswer ChatSession::last_split() const {
  return messages_.empty() ? SplitAnswer() : split_answer(messages_.back().content);
}

std::size_t ChatSession::thought_tokens() const {
  const SplitAnswer split = last_split();
  if (!answered_ || split.thought.empty()) return 0;
  const std::size_t end = split.raw.find_last_not_of(blank_bytes) + 1;  // of the marker that closes it
  std::size_t tokens = 0;
  for (std::size_t at = answered_->begun; tokens < answered_->reply.ids.size() && at < end; ++tokens)
    at += model_.tokenizer().bytes(answered_->reply.ids[tokens]).size();
  return tokens;
}

void ChatSession::clear() {
  messages_.clear();
  results_.clear();
  answered_.reset();
}

Continuation ChatSession::ask(const std::string& text, const ChatTurn& turn, const std::string& role) {
  if (role != "tool" && !results_.empty())
    throw ChatError("the model has called " + std::to_string(open_calls().size()) +
                    " more: /tool TEXT gives the next result, /undo takes the last one back");
  const std::size_t before = messages_.size();
  for (const std::string& result : results_) messages_.push_back({"tool", result, 0});
  messages_.push_back({role, text, 0});
  try {
    Continuation reply = answer(0, turn);
    if (reply.ids.empty()) {
      messages_.resize(before);
    } else {
      messages_.push_back({"assistant", reply.text, 0});
      results_.clear();
    }
    return reply;
  } catch (...) {
    messages_.resize(before);
    throw;
  }
}

Continuation ChatSession::regenerate(const ChatTurn& turn) {
  if (messages_.empty()) throw ChatError("there is no answer yet");
  const SavedMessage old = messages_.back();
  messages_.pop_back();
  try {
    Continuation reply = answer(old.attempt + 1, turn);
    if (!reply.ids.empty()) results_.clear();
    messages_.push_back(reply.ids.empty() ? old : SavedMessage{"assistant", reply.text, old.attempt + 1});
    return reply;
  } catch (...) {
    messages_.push_back(old);
    throw;
  }
}

bool ChatSession::undo() {
  if (messages_.empty()) return false;
  if (!results_.empty()) {
    results_.pop_back();
    return true;
  }
  messages_.pop_back();
  // All results that were given together go together.
  const bool tool = messages_.back().role == "tool";
  do messages_.pop_back();
  while (tool && messages_.back().role == "tool");
  answered_.reset();
  return true;
}

SavedChat ChatSession::save() const {
  SavedChat chat;
  chat.model = model_.folder.string();
  chat.system = settings_.system;
  chat.messages = messages_;
  for (const std::string& result : results_) chat.messages.push_back({"tool", result, 0});
  chat.chat_template = settings_.chat_template;
  chat.seed = settings_.seed;
  const Chain chain = settings_.sampling.chain(model_.vocabulary());
  chat.sample = chain.text();
  chat.non_finite = chain.non_finite() == NonFinite::mask ? "mask" : "error";
  chat.max_tokens = settings_.max_tokens;
  chat.clock = settings_.clock;
  return chat;
}

void ChatSession::restore(const SavedChat& saved, const std::string& origin) {
  SamplerSettings sampling;
  try {
    sampling.set("sample", saved.sample, Source::flag, origin);
    sampling.set("nonfinite", saved.non_finite, Source::flag, origin);
    sampling.chain(model_.vocabulary());
  } catch (const UserError& error) {
    throw LoadError(origin, error.what());
  }
  try {
    tell_template(saved.chat_template);
  } catch (const UserError&) {
    tell_template({});  // another model's switch
  }
  settings_.sampling = std::move(sampling);
  settings_.seed = saved.seed;
  settings_.seed_origin = settings_.max_tokens_origin = origin;
  settings_.max_tokens = saved.max_tokens;
  settings_.system = saved.system;
  settings_.clock = saved.clock;
  messages_ = saved.messages;
  results_.clear();
  for (; !messages_.empty() && messages_.back().role == "tool"; messages_.pop_back())
    results_.insert(results_.begin(), messages_.back().content);
  answered_.reset();
}

std::string ChatSession::model_line() const {
  const Model& model = *model_.model;
  const WeightKind kind = model.weights().kind();
  std::uint64_t bytes = 0;
  std::set<const void*> counted;  // a head may be the embedding
  for (const Matrix* matrix : matrices_of(model.weights()))
    if (matrix->data && counted.insert(matrix->data).second) bytes += matrix->bytes();
  std::error_code ignored;
  return std::filesystem::weakly_canonical(model_.folder, ignored).string() +
         (model_.lora ? " with " + std::filesystem::weakly_canonical(*model_.lora, ignored).string() : "") +
         " (" + model.config().architecture + ", " + (model_.stored.empty() ? "" : model_.stored + ", ") +
         (model_.stored.empty() && !is_of_files(kind.layers) ? "" : "kept as ") + kept_as(model.weights()) +
         ", " + gigabytes(bytes) + ", " + std::to_string(model.threads()) +
         (model.threads() == 1 ? " thread, " : " threads, ") + model.kernels().name + ")";
}

}  // namespace kelvin
