#include "tokenizer/chat_template.h"

#include <chrono>
#include <new>
#include <stdexcept>

#include "tokenizer/jinja/interpreter.h"
#include "tokenizer/jinja/parser.h"

namespace kelvin {

namespace {

void check(const Clock& clock) {
  const std::chrono::year_month_day date{std::chrono::year(clock.year),
                                         std::chrono::month(static_cast<unsigned>(clock.month)),
                                         std::chrono::day(static_cast<unsigned>(clock.day))};
  const bool time = clock.hour >= 0 && clock.hour < 24 && clock.minute >= 0 && clock.minute < 60 &&
                    clock.second >= 0 && clock.second < 61;
  if (!date.ok() || !time)
    throw std::invalid_argument("the clock of a chat template has no valid date and time");
}

}  // namespace

ChatTemplate::ChatTemplate(std::string source, std::string name)
    : source_(std::move(source)),
      name_(std::move(name)),
      program_(std::make_shared<const jinja::Program>(jinja::parse(source_, name_))) {}

ChatTemplate ChatTemplate::parse(std::string source, std::string name) {
  return ChatTemplate(std::move(source), std::move(name));
}

const std::vector<std::string>& ChatTemplate::names() const { return program_->names; }

std::string ChatTemplate::render(const TemplateValue& variables, const RenderOptions& options) const {
  if (!variables.is_dict()) throw std::invalid_argument("the variables of a chat template must be a dict");
  const Clock clock = options.clock ? *options.clock : Clock::now();
  check(clock);
  const jinja::BudgetScope budget(options.limits);
  jinja::Interpreter interpreter(*program_, variables, clock, options.limits.depth);
  try {
    return interpreter.run();
  } catch (const jinja::Failure& failure) {
    throw TemplateError(name_, interpreter.line(), failure.what(), failure.raised());
  }
}

std::string render_chat(const ChatTemplate& chat_template, const TemplateValue& messages,
                        bool add_generation_prompt, const std::optional<std::string>& bos,
                        const std::optional<std::string>& eos,
                        const std::vector<std::pair<std::string, TemplateValue>>& extra,
                        const RenderOptions& options) {
  std::vector<jinja::Entry> variables = {{"messages", messages},
                                         {"tools", {}},
                                         {"documents", {}},
                                         {"add_generation_prompt", add_generation_prompt}};
  if (bos) variables.emplace_back("bos_token", *bos);
  if (eos) variables.emplace_back("eos_token", *eos);
  for (const auto& [name, value] : extra) variables.emplace_back(name, value);
  return chat_template.render(TemplateValue::dict(std::move(variables)), options);
}

}  // namespace kelvin
