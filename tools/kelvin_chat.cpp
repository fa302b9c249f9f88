// kelvin-chat: a conversation with a model, on a terminal or through a pipe.
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "tokenizer/base/formatted.h"
#include "tools/chat/chat_completion.h"
#include "tools/chat/chat_loop.h"
#include "tools/chat/probability_colours.h"
#include "tools/options/date_option.h"
#include "tools/options/generation_defaults.h"
#include "tools/options/run_main.h"
#include "tools/options/sampling_options.h"
#include "tools/output/read_file.h"
#include "tools/terminal/terminal_text.h"

namespace kelvin {
namespace {

bool wants_colours() {
  const char* no_colour = std::getenv("NO_COLOR");
  return !(no_colour && *no_colour);
}

void greet(const ChatSession& session, double load_seconds, TerminalText& told) {
  told << session.model_line() << formatted(", loaded in %.2f s\n", load_seconds);
  const std::string chain = session.settings().sampling.chain(session.vocabulary()).text();
  told << "chain " << (chain.empty() ? "(none: T = 1)" : chain)
       << "   /help lists what can be done, Ctrl-D ends\n";
}

int chat_main(int argc, char** argv) {
  ModelFlags model_flags;
  SamplingOptions sampling;
  ChatSettings settings;
  settings.clock = Clock::now();
  ChatView view;
  std::optional<int> token_limit;
  std::optional<std::string> session_file, prompt;
  bool no_history = false;
  Flags flags("kelvin-chat", "a chat with a model; where stdin is no terminal, each line is a turn");
  model_flags.add_to(flags);
  flags.operand("MODEL", "the same as --model MODEL", to(model_flags.folder));
  sampling.add_to(flags);
  flags.group("chat");
  flags.option("prompt", "TEXT", "one message: its answer goes to stdout, and that is all", to(prompt));
  flags.alias("p", "prompt");
  flags.option("system", "TEXT", "what the model is told before everything else", to(settings.system));
  flags.option("tools", "FILE", "tools the model may call: a JSON list of definitions, for its chat template",
               [&](const std::string& value) { settings.tools = parse_tools(read_file(value), value); });
  flags.option("n", "N",
               "most tokens of an answer, 0 for no limit (default: max_new_tokens of generation_config.json)",
               to(token_limit, 0));
  flags.option("assistant", "TEXT", "what every answer begins with", to(settings.assistant));
  flags.option("stop", "TEXT", "end an answer before this text; may be given several times",
               adds_stop_text(settings.stop_texts));
  settings.chat_template.add_to(flags, &view.fold_thoughts);
  flags.option("load", "FILE", "go on with a chat saved by /save", to(session_file));
  flags.option("date", "YYYY-MM-DD", "what a template that asks for the day is told (default: today)",
               [&](const std::string& value) { settings.clock = parse_date(value); });
  flags.toggle("no-history", "do not keep what is typed in ~/.local/state/kelvin", no_history);
  flags.group("output");
  flags.toggle("stats", "after each answer on stderr: speed, mean log-probability, seed", view.stats);
  flags.examples({"kelvin-chat -p \"Tell me a story about a brave fox.\" -n 40",
                  "echo \"Who is Anna?\" | kelvin-chat --temp 0.6 --seed 2",
                  "kelvin-chat -p \"Who is Anna?\" --temp -0.001 -n 20"});
  flags.common({"model", "weights", "threads", "ctx",   "sample", "temp",   "top-k",
                "top-p", "min-p",   "penalty", "seed",  "prompt", "system", "assistant",
                "n",     "stop",    "tools",   "think", "load",   "stats"});
  if (!flags.parse(argc, argv)) return 0;

  OpenModel model = open_model(model_flags);
  apply_generation_config(sampling.settings, model.generation);
  std::cerr << ignored_note(model.generation);
  settings.stop_texts.insert(settings.stop_texts.end(), model.generation.stop_strings.begin(),
                             model.generation.stop_strings.end());
  truncate_by_default(sampling.settings);
  settings.sampling = sampling.settings;
  settings.seed = sampling.seed ? *sampling.seed : random_seed();
  settings.seed_origin = sampling.seed ? "--seed" : "random";
  const MaxTokens limit = max_tokens(token_limit, model.generation, 0);
  settings.max_tokens = limit.count;
  settings.max_tokens_origin = limit.origin;
  TerminalText told(std::cerr, STDERR_FILENO);
  settings.sampling.chain(model.vocabulary());  // contradictions are told now, not at the first turn
  if (const std::string note = settings.sampling.note(); !note.empty()) told << "note: " << note << "\n";

  ChatSession session(model, std::move(settings));
  if (session.has_template())
    told << session.settings().chat_template.unknown_arguments(*session.chat_template());
  if (session_file) ChatCommands(session, view, told).load(*session_file);
  const bool has_editor = !prompt && LineEditor::usable();
  view.edits_lines = has_editor;
  view.colours = has_editor && wants_colours();
  view.true_colour = has_true_colour();
  if (!prompt && isatty(STDIN_FILENO) == 1) greet(session, model.load_seconds, told);
  if (!session.has_template())
    told << "this folder has no chat template: plain completion, your lines and the answers are joined "
            "as they are\n";

  if (prompt) {
    const int status = ChatLoop(session, view, nullptr).say(*prompt);
    std::cerr << "seed " << session.settings().seed << "\n";
    return status;
  }
  const auto history_file = no_history ? std::nullopt : state_file("chat_history");
  LineEditor editor("> ", view.colours,
                    has_editor && history_file ? LineHistory(*history_file) : LineHistory(),
                    complete_chat_line);
  const int status = ChatLoop(session, view, has_editor ? &editor : nullptr).run();
  std::cout.flush();
  std::cerr << "seed " << session.settings().seed << "\n";
  return status;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::chat_main); }
