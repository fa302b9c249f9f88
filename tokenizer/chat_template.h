// Chat templates: the Jinja program in a model's folder that turns a conversation into the text of a prompt.
// The language and its results are those of transformers' apply_chat_template (jinja2 in its immutable
// sandbox with trim_blocks, lstrip_blocks, break and continue, {% generation %}, tojson, raise_exception,
// strftime_now).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/jinja/budget.h"
#include "tokenizer/jinja/clock.h"
#include "tokenizer/jinja/error.h"
#include "tokenizer/jinja/value.h"

namespace kelvin {

namespace jinja {
struct Program;
}

using TemplateValue = jinja::Value;

struct RenderOptions {
  std::optional<Clock> clock;  // what strftime_now() says; the system's local time by default
  jinja::Limits limits;        // a template that needs more is stopped with a TemplateError
};

// Immutable and safe to share between threads once parsed.
class ChatTemplate {
 public:
  // Throws TemplateError, whose text begins with `name` and the line, if `source` is not a template.
  static ChatTemplate parse(std::string source, std::string name = "chat_template");

  // The text for `variables`, a dict. Throws TemplateError if the template fails, calls raise_exception() or
  // exceeds the limits, and std::invalid_argument if `variables` is no dict or the clock has no date.
  std::string render(const TemplateValue& variables, const RenderOptions& options = {}) const;

  const std::string& source() const { return source_; }
  // Of the variables in it, those it sets itself included.
  const std::vector<std::string>& names() const;

 private:
  ChatTemplate(std::string source, std::string name);

  std::string source_, name_;
  std::shared_ptr<const jinja::Program> program_;
};

// The prompt for a conversation: `messages` is a list of dicts with role and content. `bos` and `eos` are undefined
// for the template where absent; `extra` holds further variables (tools, enable_thinking, ...). tools and documents
// are None unless given, as transformers has it. A template that wants a BOS token writes it itself: encode the result
// with add_special = false, or there may be two.
std::string render_chat(const ChatTemplate& chat_template, const TemplateValue& messages,
                        bool add_generation_prompt, const std::optional<std::string>& bos,
                        const std::optional<std::string>& eos,
                        const std::vector<std::pair<std::string, TemplateValue>>& extra = {},
                        const RenderOptions& options = {});

}  // namespace kelvin
