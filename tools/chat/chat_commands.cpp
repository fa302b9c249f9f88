#include "tools/chat/chat_commands.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <sstream>

#include "loaders/files/load_error.h"
#include "tokenizer/base/formatted.h"
#include "tokenizer/unicode/utf8.h"
#include "tools/chat/chat_setting.h"
#include "tools/chat/probability_colours.h"
#include "tools/options/flags.h"
#include "tools/options/sampling_options.h"
#include "tools/output/parse_number.h"
#include "tools/output/piece_view.h"
#include "tools/output/stage_report.h"

namespace kelvin {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\n"), end = text.find_last_not_of(" \t\n");
  return begin == text.npos ? "" : text.substr(begin, end - begin + 1);
}

// The first word and the rest.
std::pair<std::string, std::string> split_word(const std::string& text) {
  const std::size_t end = std::min(text.find_first_of(" \t\n"), text.size());
  return {text.substr(0, end), trimmed(text.substr(end))};
}

std::string plural(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

const std::vector<ChatCommands::Command>& ChatCommands::table() {
  static const std::vector<Command> commands = {
      {"help", "", "this list", &ChatCommands::help},
      {"set", "NAME VALUE",
       "change a setting: temp -0.001, top-k 40, min-p off, sample \"...\", n 200, stop TEXT, stats on, "
       "color on, think off, think fold",
       &ChatCommands::set},
      {"show", "[NAME|prompt|thought]",
       "settings and where they came from, or one of them; or the exact prompt of the last answer, or its "
       "thought",
       &ChatCommands::show},
      {"why", "[N|TEXT]",
       "how token number N of the answer came about, or the one where TEXT begins; alone: its most "
       "surprising tokens",
       &ChatCommands::why},
      {"seed", "[N]", "show or set the seed", &ChatCommands::seed},
      {"system", "[TEXT|off]", "show, set or drop the system message", &ChatCommands::system},
      {"tool", "TEXT",
       "what the tool said that the model has called; after the last of several calls the model goes on",
       &ChatCommands::tool, Then::answer_tool},
      {"regen", "", "another answer to the last message", &ChatCommands::regenerate, Then::regenerate},
      {"undo", "", "take back the last message and its answer", &ChatCommands::undo},
      {"clear", "", "forget the conversation, keep the settings", &ChatCommands::clear},
      {"save", "FILE", "write messages, settings and seed to a file", &ChatCommands::save},
      {"load", "FILE", "go on with a saved chat", &ChatCommands::load},
      {"exit", "", "end the chat (also Ctrl-D)", nullptr, Then::exit},
  };
  return commands;
}

ChatCommands::ChatCommands(ChatSession& session, ChatView& view, TerminalText& out)
    : session_(session), view_(view), out_(out) {}

std::vector<std::string> ChatCommands::names() {
  std::vector<std::string> names;
  for (const Command& command : table()) names.emplace_back(command.name);
  return names;
}

ChatCommands::Then ChatCommands::run(const std::string& line) {
  const auto [word, argument] = split_word(line);
  const std::string name = word == "/?" ? "help" : word.substr(1);
  for (const Command& command : table()) {
    if (name != command.name) continue;
    if (!*command.arguments && !argument.empty()) throw ChatError(word + " takes no argument");
    if (command.run) (this->*command.run)(argument);
    // Other tools are to speak first.
    if (command.then == Then::answer_tool && tool_text_.empty()) return Then::read_on;
    return command.then;
  }
  if (name == "quit" || name == "bye") return Then::exit;
  throw ChatError("unknown command " + printable(word, 40) + suggestion(name, names(), "/") +
                  " (/help lists them; a space before the / sends it as a message)");
}

void ChatCommands::help(const std::string&) {
  for (const Command& command : table()) {
    std::string left = std::string("/") + command.name + " " + command.arguments;
    left.resize(std::max<std::size_t>(left.size() + 1, 20), ' ');
    out_ << left << command.help << "\n";
  }
  if (view_.edits_lines)
    out_ << "Several lines: end a line with \\, press Alt-Enter, or put the text between \"\"\" and \"\"\".\n"
            "Tab completes commands, settings and files, Ctrl-R searches what was typed before.\n";
  out_ << "Ctrl-C stops an answer, twice it ends the chat; Ctrl-Z suspends it.\n";
  if (view_.colours) {
    out_ << "/set color on colours answers by probability: ";
    write_probability_legend(out_, view_.true_colour);
  }
}

void ChatCommands::set(const std::string& argument) {
  auto [name, value] = split_word(argument);
  if (const std::size_t equals = name.find('='); equals != name.npos) {
    value = trimmed(argument.substr(equals + 1));
    name.resize(equals);
  } else if (value.starts_with('=')) {
    value = trimmed(value.substr(1));
  }
  if (value.empty()) return show(name);
  if (name == "stats" || name == "color") {
    if (value != "on" && value != "off")
      throw ChatError(name + ": on or off expected, \"" + value + "\" found");
    if (name == "color" && value == "on" && !view_.colours)
      throw ChatError("color: a terminal with colours expected (TERM, NO_COLOR)");
    (name == "stats" ? view_.stats : view_.colour_by_probability) = value == "on";
    if (name == "color" && value == "on") write_probability_legend(out_, view_.true_colour);
  } else if (name == "think") {
    return set_think(value);
  } else if (name == "template-arg") {
    return set_template_argument(value);
  } else if (name == "seed") {
    return seed(value);
  } else if (name == "system") {
    return system(value);
  } else if (name == "assistant") {
    session_.settings().assistant = value == "off" ? "" : value;
    return show(name);
  } else if (name == "stop") {
    auto& texts = session_.settings().stop_texts;
    if (value == "off")
      texts.clear();
    else
      texts.push_back(value);
    return show("stop");
  } else if (name == "n") {
    const auto number = parse_integer(value == "off" ? "0" : value);
    if (!number || *number < 0 || *number > std::numeric_limits<int>::max())
      throw ChatError("n: a whole number, 0 or more, expected, \"" + value + "\" found");
    session_.settings().max_tokens = static_cast<int>(*number);
    session_.settings().max_tokens_origin = "/set";
  } else {
    change_sampling(session_.settings().sampling, name, value, session_.vocabulary());
    return show_chain();
  }
  out_ << name << " " << value << "\n";
}

void ChatCommands::seed(const std::string& argument) {
  ChatSettings& settings = session_.settings();
  if (!argument.empty()) {
    const auto number = parse_unsigned(argument);
    if (!number)
      throw ChatError("seed: a whole number from 0 to 18446744073709551615 expected, \"" + argument +
                      "\" found");
    settings.seed = *number;
    settings.seed_origin = "/seed";
  }
  out_ << "seed " << settings.seed << "  (" << settings.seed_origin << ")\n";
}

void ChatCommands::system(const std::string& argument) {
  auto& message = session_.settings().system;
  if (argument == "off")
    message.reset();
  else if (!argument.empty())
    message = argument;
  out_ << "system " << (message ? in_quotes(*message, 1000) : "none") << "\n";
}

void ChatCommands::show_chain() {
  const std::string text = session_.settings().sampling.chain(session_.vocabulary()).text();
  out_ << "chain " << (text.empty() ? "(none: T = 1)" : text) << "\n";
  if (const std::string note = session_.settings().sampling.note(); !note.empty())
    out_ << "note: " << note << "\n";
}

// Name and value of everything that can be set but the chain.
std::vector<std::pair<std::string, std::string>> ChatCommands::settings() const {
  const ChatSettings& settings = session_.settings();
  std::string stops;
  for (const std::string& text : settings.stop_texts)
    stops += (stops.empty() ? "" : " ") + in_quotes(text, 100);
  return {
      {"model", session_.model_line()},
      {"context", std::to_string(session_.length()) + " of " + std::to_string(session_.context()) +
                      " tokens, " + plural(session_.messages().size(), "message")},
      {"system", settings.system ? in_quotes(*settings.system, 1000) : "none"},
      {"seed", std::to_string(settings.seed) + "  (" + settings.seed_origin + ")"},
      {"n", (settings.max_tokens > 0 ? std::to_string(settings.max_tokens) : "as the context allows") +
                "  (" + settings.max_tokens_origin + ")"},
      {"assistant", settings.assistant.empty() ? "begins as it likes" : in_quotes(settings.assistant, 1000)},
      {"stop", stops.empty() ? "none" : stops},
      {"tools",
       settings.tools ? plural(settings.tools->value.as_sequence().items.size(), "definition") : "none"},
      {"think", think_line()},
      {"template-arg", template_arguments_line()},
      {"stats", view_.stats ? "on" : "off"},
      {"color", view_.colour_by_probability ? "on" : "off"},
  };
}

void ChatCommands::show(const std::string& argument) {
  if (argument == "prompt") return show_prompt();
  if (argument == "thought") return show_thought();
  const StageType* const stage = find_stage(argument);
  const bool is_chain = argument == "chain" || stage;
  bool found = false;
  for (const auto& [name, value] : settings()) {
    if (!argument.empty() && argument != name) continue;
    out_ << formatted("%-8s ", name.c_str()) << value << "\n";
    found = true;
  }
  if (!argument.empty() && !is_chain) {
    if (!found)
      throw ChatError("/show takes nothing, \"prompt\", \"thought\" or the name of a setting, " +
                      in_quotes(argument, 40) + " found");
    return;
  }
  if (!stage) out_ << "chain\n";
  std::istringstream stages(session_.settings().sampling.chain(session_.vocabulary()).describe());
  for (std::string line; std::getline(stages, line);) {
    if (stage && find_stage(line.substr(0, line.find_first_of(" =:"))) != stage) continue;
    out_ << (stage ? "" : "  ") << line << "\n";
    found = true;
  }
  if (stage && !found) out_ << stage->name << " off\n";
}

void ChatCommands::show_prompt() {
  const Tokenizer& tokenizer = session_.tokenizer();
  std::vector<int> ids;
  try {
    ids = session_.prompt_ids();
  } catch (const TemplateError&) {
    if (!session_.messages().empty()) throw;
    out_ << "no message yet, and this model's chat template cannot do without one\n";
    return;
  }
  StreamDecoder decoder(tokenizer, false);
  std::string text;  // since the last special token
  for (const int id : ids) {
    const std::string piece = decoder.push(id);
    if (!tokenizer.is_special(id)) {
      text += piece;
      continue;
    }
    out_ << text;
    text.clear();
    if (view_.colours)
      out_.write(piece, "1;35");
    else
      out_ << "[[" << piece << "]]";
  }
  out_ << text << decoder.finish();
  out_ << (out_.at_line_start() ? "" : "\n") << "(" << plural(ids.size(), "token") << ")\n";
}

// Of the token of the last answer in which `text` begins.
std::size_t ChatCommands::number_of(const std::string& text) const {
  std::string written;
  std::vector<std::size_t> ends;
  for (const int id : session_.last_answer())
    ends.push_back((written += session_.tokenizer().bytes(id)).size());
  const std::size_t at = written.find(text);
  if (at == written.npos)
    throw ChatError("the last answer does not hold " + in_quotes(text, 40) +
                    "; /why takes the number of a token or a piece of the answer");
  return static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), at) - ends.begin()) + 1;
}

// The tokens that the model itself expected least, but for special ones: an end is no word.
void ChatCommands::list_surprises() const {
  constexpr std::size_t most = 5;
  const std::span<const int> ids = session_.last_answer();
  const std::span<const double> log_p = session_.last_log_probabilities();
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (!session_.tokenizer().is_special(ids[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return log_p[a] < log_p[b]; });
  if (order.empty()) {
    out_ << "the answer has no token but its end; /why 1 explains that\n";
    return;
  }
  if (order.size() > most) order.resize(most);
  out_ << "its most surprising tokens; /why N explains one\n";
  for (const std::size_t i : order)
    out_ << formatted("%5zu  p %-9.4g %6.2f nats  ", i + 1, std::exp(log_p[i]), -log_p[i])
         << shown_token(session_.tokenizer(), ids[i]) << "\n";
}

void ChatCommands::why(const std::string& argument) {
  const auto number = parse_unsigned(argument);
  if (number && *number == 0) throw ChatError("tokens are counted from 1");
  if (session_.last_answer().empty()) throw ChatError("there is no answer of this session yet");
  if (argument.empty()) return list_surprises();
  const ChatSession::Explained found = session_.explain_token(number ? *number : number_of(argument));
  const auto name = [&](int id) { return shown_token(session_.tokenizer(), id); };
  constexpr std::size_t max_context = 60;
  std::string context = session_.tokenizer().decode(found.before, true);
  const bool cut = context.size() > max_context;
  if (cut) {
    std::size_t from = context.size() - max_context;
    while (from < context.size() && unicode::is_continuation(context[from])) ++from;
    context.erase(0, from);
  }
  out_ << "token " << found.number << " of " << found.of << ", " << name(found.id);
  if (!context.empty()) out_ << ", after " << (cut ? "..." : "") << in_quotes(context, 2 * max_context);
  out_ << "  (position " << found.position << ", seed " << found.seed << ")\n"
       << stage_report_text(found.trace, found.why, name);
}

void ChatCommands::regenerate(const std::string&) {
  if (session_.messages().empty()) throw ChatError("there is no answer yet");
}

void ChatCommands::undo(const std::string&) {
  const auto& messages = session_.messages();
  if (messages.empty()) throw ChatError("there is nothing to take back");
  if (const auto& results = session_.kept_results(); !results.empty()) {
    out_ << "took back the result " << in_quotes(results.back(), 60) << "\n";
    session_.undo();
    return;
  }
  const std::string taken_back = messages[messages.size() - 2].content;
  session_.undo();
  out_ << "took back " << in_quotes(taken_back, 60) << " and its answer; "
       << plural(messages.size(), "message") << " left\n";
}

void ChatCommands::clear(const std::string&) {
  session_.clear();
  out_ << "a new conversation\n";
}

void ChatCommands::save(const std::string& path) {
  if (path.empty()) throw ChatError("/save needs a file name");
  save_session(session_.save(), path);
  out_ << "saved " << plural(session_.messages().size(), "message") << " to " << path << "\n";
}

void ChatCommands::load(const std::string& path) {
  if (path.empty()) throw ChatError("/load needs a file name");
  const SavedChat saved = load_session(path);
  session_.restore(saved, path);
  out_ << "loaded " << plural(saved.messages.size(), "message") << ", seed " << saved.seed << "\n";
  if (saved.model != session_.save().model)
    out_ << "note: saved with the model " << printable(saved.model) << "\n";
  if (session_.settings().chat_template.think != saved.chat_template.think)
    out_ << "note: this model's chat template does not take \"think " << printable(saved.chat_template.think)
         << "\"\n";
  show_chain();
}

}  // namespace kelvin
