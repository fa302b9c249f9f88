// Any text as a template: an output within the limits or a TemplateError, in bounded time.
#include <cstdlib>

#include "tokenizer/chat_template.h"

namespace {

using kelvin::TemplateValue;

const TemplateValue& conversation() {
  static const TemplateValue messages = TemplateValue::list(
      {TemplateValue::dict({{"role", "system"}, {"content", "Be brief."}}),
       TemplateValue::dict({{"role", "user"}, {"content", "Grüße, 世界 <b>"}}),
       TemplateValue::dict(
           {{"role", "assistant"},
            {"content", {}},
            {"tool_calls", TemplateValue::list({TemplateValue::dict(
                               {{"name", "f"}, {"arguments", TemplateValue::dict({{"x", 1.5}})}})})}})});
  return messages;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto chat_template =
        kelvin::ChatTemplate::parse(std::string(reinterpret_cast<const char*>(data), size));
    kelvin::RenderOptions options{.clock = kelvin::Clock{2025, 3, 14, 15, 9, 26}, .limits = {}};
    options.limits.steps = 200'000;
    options.limits.bytes = 8 << 20;
    const std::string text =
        kelvin::render_chat(chat_template, conversation(), true, "<s>", "</s>",
                            {{"n", 3}, {"s", "a b"}, {"d", TemplateValue::dict({{"k", "v"}})}}, options);
    if (text.size() > options.limits.bytes) std::abort();
  } catch (const kelvin::TemplateError&) {
  }
  return 0;
}
