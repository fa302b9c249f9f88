// The messages of a request, its tools and what its template is told, as the prompt that a model reads.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loaders/json/json.h"
#include "tools/options/model_options.h"
#include "tools/options/template_options.h"

namespace kelvin {

struct ChatBody {
  std::optional<JsonValue> messages;
  std::optional<TemplateValue> tools;  // as find_tool_calls() has them
  bool gives_tools = true;             // to the template
  bool one_call = false;               // of several the first alone is told
  bool calls_function = false;         // "functions": a call is told as function_call
  TemplateOptions told;
  std::vector<std::pair<std::string, std::string>> variables =
      {};  // keys of the body, and the variables they set
};

// Takes a key that chats alone have, "messages" aside; false for another. Adds to `warnings` where it cannot be obeyed.
// Throws LoadError.
bool read_chat_key(ChatBody& body, const std::string& key, JsonValue value,
                   std::vector<std::string>& warnings);

struct ChatPromptText {
  std::vector<int> ids;
  std::string opened_thought;         // with which the template begins the answer; or ""
  std::vector<std::string> warnings;  // "KEY: ignored: why"
};

// Content in parts of text becomes one text, a line each, unless the template reads parts itself; the roles developer and
// function become system and tool where the template does not know them. Throws LoadError with the key for what no
// template could show (an image), UserError where the model has no template, TemplateError.
ChatPromptText chat_prompt_text(const OpenModel& model, const ChatBody& body);

}  // namespace kelvin
