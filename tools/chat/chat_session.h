// A conversation with a model: messages, the prompt they make, and the answers. Needs no terminal.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/settings.h"
#include "sampling/why.h"
#include "tokenizer/chat_template.h"
#include "tools/chat/chat_prompt.h"
#include "tools/chat/session_file.h"
#include "tools/chat/thought.h"
#include "tools/chat/tool_calls.h"
#include "tools/generation/continuation.h"
#include "tools/options/model_options.h"
#include "tools/options/template_options.h"

namespace kelvin {

// Why a turn could not be taken; the conversation is as it was before.
struct ChatError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ChatSettings {
  SamplerSettings sampling;
  std::uint64_t seed = 0;
  std::string seed_origin;  // "--seed", "random", ...
  int max_tokens = 0;       // of an answer; 0: as many as the context holds
  std::string max_tokens_origin;
  std::vector<std::string> stop_texts;  // an answer ends before the first of them
  std::optional<std::string> system;
  std::string assistant;  // what every answer begins with
  Clock clock;            // what a template is told that asks for the day
  std::optional<ToolDefinitions> tools;
  TemplateOptions chat_template;  // as the session was made; tell_template() changes it
};

// What a turn reports while it runs, and how it is stopped.
struct ChatTurn {
  std::function<void(int done, int total)> on_prompt;
  // With ln p of the text's token by the model; 0 for what --assistant begins with.
  std::function<void(std::string_view text, double log_probability)> on_text;
  const std::atomic<bool>* stop = nullptr;
};

class ChatSession {
 public:
  // `model` must outlive the session. Throws TemplateError if the model's chat template cannot be understood,
  // UserError if there are tools and no template that would name them, or it has no switch for thinking that is wished.
  ChatSession(OpenModel& model, ChatSettings settings);

  ChatSettings& settings() { return settings_; }
  const ChatSettings& settings() const { return settings_; }
  const std::vector<SavedMessage>& messages() const { return messages_; }
  bool has_template() const { return chat_template().has_value(); }
  const std::optional<ChatTemplate>& chat_template() const { return prompt_.chat_template(); }
  // What the template is told from now on. Throws UserError where it has no switch for it; nothing has changed then.
  void tell_template(TemplateOptions options);

  // The answer to `text`, said by "user" or by "tool", after the results kept so far. What was drawn before an
  // interruption stays in the conversation; if that is nothing, the message goes, too. Throws ChatError where the prompt
  // does not fit the context or results are kept and others still to come, UserError (settings, template),
  // NonFiniteLogits: then nothing has changed.
  Continuation ask(const std::string& text, const ChatTurn& turn, const std::string& role = "user");
  // Another answer to the last message, with new noise; the old one comes back if this throws or gives
  // nothing.
  Continuation regenerate(const ChatTurn& turn);

  // Calls of the last answer that have no result yet.
  std::vector<ToolCall> open_calls() const;
  // Keeps what the first of them said while others are still to come; ask() gives all of it.
  void keep_result(const std::string& text);
  const std::vector<std::string>& kept_results() const { return results_; }

  SplitAnswer last_split() const;  // of the last answer; empty without one
  // Drawn for the thought of the last answer, markers included; 0 if it is not of this session.
  std::size_t thought_tokens() const;

  // How the token `number`, counted from 1, of the last answer came about. Throws ChatError if there is no such
  // token, or no answer of this session.
  struct Explained {
    int id;
    std::size_t number, of;   // tokens of the answer
    std::vector<int> before;  // ids of the answer before it
    std::size_t position;
    std::uint64_t seed;
    Trace trace;
    Why why;
  };
  Explained explain_token(std::size_t number);
  std::span<const int> last_answer() const;  // its ids; empty if this session has none
  // ln p of each of them by the model, at T = 1.
  std::span<const double> last_log_probabilities() const;

  // Takes back the last result that is kept, or the last message and its answer; false if there is none.
  bool undo();
  void clear();

  // Exactly what the model was given for its last answer; before the first, what stands before the first
  // message. Throws TemplateError where the template cannot do without one.
  std::string prompt_text() const;
  std::vector<int> prompt_ids() const;
  // Tokens of the conversation so far; 0 where the template cannot do without a message. Throws TemplateError.
  int length() const;
  int context() const { return model_.context; }
  const Tokenizer& tokenizer() const { return model_.tokenizer(); }
  Vocabulary vocabulary() const { return model_.vocabulary(); }
  std::string model_line() const;  // folder, architecture, size, storage, threads, instruction set

  SavedChat save() const;
  void restore(const SavedChat& saved,
               const std::string& origin);  // throws LoadError, then nothing has changed

 private:
  Continuation answer(std::uint32_t attempt, const ChatTurn& turn);
  ChatPrompt::Conversation conversation(std::span<const SavedMessage> messages) const;
  std::span<const SavedMessage> last_question() const;  // the messages without the last answer

  // What it takes to repeat any step of the last answer.
  struct Answered {
    Chain chain;
    std::vector<int> prompt;
    std::uint64_t seed, stream;
    Continuation reply;
    std::size_t begun;  // bytes of the text that were not drawn
  };

  OpenModel& model_;
  ChatSettings settings_;
  ChatPrompt prompt_;
  std::vector<SavedMessage> messages_;
  std::vector<std::string> results_;  // of the first calls of the last answer, not asked about yet
  std::optional<Answered> answered_;
  Sequence sequence_;  // the model's memory; whatever it holds, prompts are compared with it
};

}  // namespace kelvin
