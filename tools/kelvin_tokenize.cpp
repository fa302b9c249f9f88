// kelvin-tokenize: text to tokens and back, and conversations to prompts, with the tokenizer files of a
// folder; and these files against what another implementation makes of them.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/json/json_to_value.h"
#include "loaders/json/json_writer.h"
#include "loaders/tokenizer/base64.h"
#include "loaders/tokenizer/prompt.h"
#include "loaders/tokenizer/tokenizer_folder.h"
#include "tokenizer/chat_template.h"
#include "tools/inspect/tokenizer_check.h"
#include "tools/options/date_option.h"
#include "tools/options/flags.h"
#include "tools/options/model_folder_option.h"
#include "tools/options/run_main.h"
#include "tools/options/template_options.h"
#include "tools/output/piece_view.h"
#include "tools/output/read_file.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

struct Options {
  std::optional<std::string> folder, chat, chat_template, date, check, dump;
  std::optional<bool> colour;             // for people: with or without; neither: as stdout is
  std::optional<std::string> text, file;  // what is given instead of stdin
  TemplateOptions variables;
  bool no_special = false, decode = false, skip_special = false, plain = false, count = false;
};

std::vector<int> ids_of_text(const Tokenizer& tokenizer, std::string_view text, const Options& options) {
  const ProgressBar bar("tokenizing");
  return tokenizer.encode(text, !options.no_special);
}

std::string encoded(const Tokenizer& tokenizer, std::string_view text, const Options& options) {
  const std::vector<int> ids = ids_of_text(tokenizer, text, options);
  if (options.count)
    return JsonWriter().begin_object().member("tokens", ids.size()).end_object().text() + "\n";
  std::vector<std::string> pieces;
  for (int id : ids) pieces.push_back(tokenizer.piece(id));
  JsonWriter line;
  line.begin_object().member("ids", ids).member("pieces", pieces).end_object();
  return line.text() + "\n";
}

// Of a text that is no JSON line: for people on a terminal, or where they ask for it.
std::string encoded_text(const Tokenizer& tokenizer, std::string_view text, const Options& options) {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  if (options.count || (!terminal && !options.colour)) return encoded(tokenizer, text, options);
  const char* no_colour = std::getenv("NO_COLOR");
  const bool colours = options.colour.value_or(!(no_colour && *no_colour));
  return show_pieces(tokenizer, ids_of_text(tokenizer, text, options), {.colours = colours});
}

int check(const Options& options) {
  const std::filesystem::path folder = *options.check;
  const std::filesystem::path dump =
      options.dump ? std::filesystem::path(*options.dump) : folder / "check.jsonl";
  const Tokenizer tokenizer = load_tokenizer(folder).tokenizer;
  ProgressBar bar("checking");
  const CheckResult result = check_tokenizer(tokenizer, dump, [&](const std::string& json) {
    bar.finish();
    std::cout << json << "\n";
  });
  bar.finish();
  JsonWriter line;
  line.begin_object().member("lines", result.lines).member("differ", result.differ).end_object();
  std::cout << line.text() << std::endl;
  return result.differ == 0 ? 0 : 1;
}

std::string decoded(const Tokenizer& tokenizer, JsonValue request, const Options& options) {
  const std::string text = tokenizer.decode(ids_of(request.at("ids"), tokenizer), options.skip_special);
  if (options.plain) return text;
  JsonWriter line;
  line.begin_object().member("text_b64", to_base64(text)).member("text", text).end_object();
  return line.text() + "\n";
}

std::string answer(const Tokenizer& tokenizer, JsonValue request, const Options& options) {
  return options.decode ? decoded(tokenizer, request, options)
                        : encoded(tokenizer, text_in_base64(request), options);
}

void answer_line(const Tokenizer& tokenizer, std::string line, std::size_t number, const Options& options) {
  if (line.find_first_not_of(" \t\r") == std::string::npos) return;
  const JsonDocument request = parse_json(std::move(line), "stdin, line " + std::to_string(number));
  std::cout << answer(tokenizer, request.root(), options) << std::flush;
}

// A request as a program writes it, be it a defective one: then the error is worth more than its tokens.
bool is_request(const std::string& line) {
  if (!line.starts_with('{')) return false;
  if (line.find("\"text_b64\"") != std::string::npos) return true;
  try {
    parse_json(line, "stdin");
    return true;
  } catch (const LoadError&) {
    return false;
  }
}

// Requests, each answered as soon as it is read; or, unless the first line is one, a text.
void answer_stdin(const Tokenizer& tokenizer, const Options& options) {
  if (isatty(STDIN_FILENO) == 1) std::cerr << "a text, or JSON lines; Ctrl-D ends it\n";
  std::string line, blank;
  std::size_t number = 1;
  for (; std::getline(std::cin, line) && line.find_first_not_of(" \t\r") == std::string::npos; ++number)
    blank += line + "\n";
  if (!options.decode && !is_request(line)) {
    std::string text = blank + line;
    if (std::cin && !std::cin.eof()) text += "\n" + std::string(std::istreambuf_iterator<char>(std::cin), {});
    std::cout << encoded_text(tokenizer, text, options);
    return;
  }
  if (options.colour) throw UsageError("--color says something about a text, not about JSON lines");
  do answer_line(tokenizer, std::move(line), number++, options);
  while (std::getline(std::cin, line));
}

// A token that the conversation names for the template; null stands for none.
std::optional<std::optional<std::string>> token_of(JsonValue conversation, std::string_view key) {
  const std::optional<JsonValue> given = conversation.find(key);
  if (!given) return std::nullopt;
  if (given->is_null()) return std::optional<std::string>();
  return std::string(given->as_string());
}

// The model's template of that name, else a file.
ChatTemplate named_template(const TokenizerInfo& info, const std::string& name) {
  for (const auto& [known, source] : info.named_templates)
    if (known == name) return ChatTemplate::parse(source, "chat template " + name);
  return ChatTemplate::parse(read_file(name), name);
}

std::string rendered(const LoadedTokenizer& loaded, const Options& options) {
  const JsonDocument document = parse_json(read_file(*options.chat), *options.chat);
  const JsonValue conversation = document.root();
  ConversationOptions how;
  if (options.date) how.render.clock = parse_date(*options.date);
  if (const auto more = conversation.find("extra"))
    for (const auto& [key, value] : more->members())
      how.variables.emplace_back(std::string(key), json_to_value(value));
  const std::optional<ChatTemplate> chat_template = options.chat_template
                                                        ? named_template(loaded.info, *options.chat_template)
                                                        : chat_template_of(loaded.info, has_tools(how));
  if (!chat_template) throw UsageError("the model has no chat template; --chat-template FILE gives one");
  for (auto& variable : options.variables.variables(*chat_template))
    how.variables.push_back(std::move(variable));
  std::cerr << options.variables.unknown_arguments(*chat_template);
  const auto prompt = conversation.find("add_generation_prompt");
  how.for_answer = prompt && prompt->as_bool();
  how.bos = token_of(conversation, "bos_token");
  how.eos = token_of(conversation, "eos_token");
  return conversation_text(*chat_template, loaded.info, json_to_value(conversation.at("messages")), how);
}

int tokenize_main(int argc, char** argv) {
  Options options;
  Flags flags(
      "kelvin-tokenize",
      "text to tokens and back, and conversations to prompts; stdin is a text, or JSON lines {\"text_b64\": "
      "...}, each answered with {\"ids\": [...], \"pieces\": [...]}");
  flags.group("model");
  add_model_folder(flags, options.folder);
  flags.note("Only the tokenizer's files are read from the folder.");
  flags.group("tokens");
  flags.toggle("no-special", "without BOS and the like, which the tokenizer would add", options.no_special);
  flags.toggle("decode", "the other way: {\"ids\": [...]} to {\"text_b64\": ..., \"text\": ...}",
               options.decode);
  flags.toggle("skip-special", "leave special tokens out of decoded text", options.skip_special);
  flags.optional_value(
      "text", "TEXT",
      "this text, or all of stdin; on a terminal its pieces are shown in colours with their ids; with "
      "--decode only the text is printed",
      options.text, options.plain);
  flags.alias("prompt", "text");
  flags.alias("p", "text");
  flags.option("file", "FILE", "the text of a file, - for stdin", to(options.file));
  flags.alias("prompt-file", "file");
  flags.operand("FILE", "the same as --file FILE", to(options.file));
  flags.toggle("count", "only how many tokens there are, {\"tokens\": N}", options.count);
  flags.option("color", "WHEN", "always or never, and pieces for people wherever stdout goes",
               [&](const std::string& when) {
                 if (when != "always" && when != "never" && when != "auto")
                   throw UsageError("always, never or auto expected");
                 if (when != "auto") options.colour = when == "always";
               });
  flags.group("check");
  flags.option(
      "check", "DIR",
      "compare with DIR/check.jsonl, which another implementation wrote (tools/README.md); status 1 if "
      "lines differ",
      to(options.check));
  flags.option("dump", "FILE", "that file elsewhere", to(options.dump));
  flags.group("prompts");
  flags.option(
      "chat", "FILE",
      "print the prompt for a conversation, {\"messages\": [...], \"add_generation_prompt\": true}; may "
      "have bos_token, eos_token, extra (variables such as tools)",
      to(options.chat));
  flags.option("chat-template", "FILE", "another template, or the name of one of the model's",
               to(options.chat_template));
  options.variables.add_to(flags);
  flags.option("date", "YYYY-MM-DD", "the day that templates see; default: today", to(options.date));
  flags.examples({"kelvin-tokenize --text \"Once upon a time\"",
                  "echo \"Once upon a time\" | kelvin-tokenize --count",
                  "echo '{\"ids\": [640, 609]}' | kelvin-tokenize --decode"});
  if (!flags.parse(argc, argv)) return 0;
  if ((options.chat_template || options.date || options.variables.given()) && !options.chat)
    throw UsageError("--chat-template, --think, --template-arg and --date say something about --chat only");
  if (options.dump && !options.check) throw UsageError("--dump says something about --check only");
  if ((options.colour || options.count) && options.decode)
    throw UsageError("--color and --count say nothing about --decode");
  if (options.text && options.file) throw UsageError("--text and --file exclude each other");
  if ((options.text || options.file) && options.decode)
    throw UsageError("--decode reads JSON lines from stdin: no text beside it");
  if (options.check) return check(options);

  const LoadedTokenizer loaded = load_tokenizer(model_folder(options.folder));
  if (options.chat) {
    std::cout << rendered(loaded, options);
  } else if (options.text) {
    std::cout << encoded_text(loaded.tokenizer, *options.text, options);
  } else if (options.file || (options.plain && !options.decode)) {
    std::cout << encoded_text(loaded.tokenizer, read_file(options.file.value_or("-")), options);
  } else {
    answer_stdin(loaded.tokenizer, options);
  }
  std::cout << std::flush;
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::tokenize_main); }
