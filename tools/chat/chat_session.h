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
#include "tools/chat/session_file.h"
#include "tools/chat/tool_calls.h"
#include "tools/generation/continuation.h"
#include "tools/options/model_options.h"

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
  // UserError if there are tools and no template that would name them.
  ChatSession(OpenModel& model, ChatSettings settings);

  ChatSettings& settings() { return settings_; }
  const ChatSettings& settings() const { return settings_; }
  const std::vector<SavedMessage>& messages() const { return messages_; }
  bool has_template() const { return template_.has_value(); }

  // The answer to `text`, said by "user" or by "tool". What was drawn before an interruption stays in the
  // conversation; if that is nothing, the message goes, too. Throws ChatError where the prompt does not fit
  // the context, UserError (settings, template), NonFiniteLogits: then nothing has changed.
  Continuation ask(const std::string& text, const ChatTurn& turn, const std::string& role = "user");
  // Another answer to the last message, with new noise; the old one comes back if this throws or gives
  // nothing.
  Continuation regenerate(const ChatTurn& turn);

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

  bool undo();  // takes back the last message and its answer; false if there is none
  void clear();

  // Exactly what the model was given for its last answer; before the first, what stands before the first
  // message.
  std::string prompt_text() const { return render(last_question()); }
  std::vector<int> prompt_ids() const;
  int length() const;  // tokens of the conversation so far
  int context() const { return model_.context; }
  const Tokenizer& tokenizer() const { return model_.tokenizer(); }
  Vocabulary vocabulary() const { return model_.vocabulary(); }
  std::string model_line() const;  // folder, architecture, size, storage, threads, instruction set

  SavedChat save() const;
  void restore(const SavedChat& saved,
               const std::string& origin);  // throws LoadError, then nothing has changed

 private:
  Continuation answer(std::uint32_t attempt, const ChatTurn& turn);
  // `messages` as the model is given them, its turn opened.
  std::string render(std::span<const SavedMessage> messages, bool for_answer = true) const;
  std::span<const SavedMessage> last_question() const;  // the messages without the last answer

  // What it takes to repeat any step of the last answer.
  struct Answered {
    Chain chain;
    std::vector<int> prompt;
    std::uint64_t seed, stream;
    Continuation reply;
  };

  OpenModel& model_;
  ChatSettings settings_;
  std::optional<ChatTemplate> template_;
  std::vector<SavedMessage> messages_;
  std::optional<Answered> answered_;
  Sequence sequence_;  // the model's memory; whatever it holds, prompts are compared with it
};

}  // namespace kelvin
