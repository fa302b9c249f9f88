// kelvin-tokenize: text to tokens and back, and conversations to prompts, with the tokenizer files of a
// folder; and these files against what another implementation makes of them.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
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
#include "tools/output/piece_view.h"
#include "tools/output/read_file.h"

namespace kelvin {
namespace {

struct Options {
  std::optional<std::string> folder, chat, chat_template, date, check, dump;
  std::optional<bool> colour;  // for people: with or without; neither: as stdout is
  bool no_special = false, decode = false, skip_special = false, text = false, count = false;
};

std::string encoded(const Tokenizer& tokenizer, std::string_view text, const Options& options) {
  const std::vector<int> ids = tokenizer.encode(text, !options.no_special);
  std::vector<std::string> pieces;
  for (int id : ids) pieces.push_back(tokenizer.piece(id));
  JsonWriter line;
  line.begin_object().member("ids", ids).member("pieces", pieces).end_object();
  return line.text() + "\n";
}

// What stdin holds, as a whole.
std::string encoded_text(const Tokenizer& tokenizer, const Options& options) {
  const std::string text = read_file("-");
  if (options.count) {
    const std::size_t count = tokenizer.encode(text, !options.no_special).size();
    return JsonWriter().begin_object().member("tokens", count).end_object().text() + "\n";
  }
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  if (!terminal && !options.colour) return encoded(tokenizer, text, options);
  const char* no_colour = std::getenv("NO_COLOR");
  const bool colours = options.colour.value_or(!(no_colour && *no_colour));
  return show_pieces(tokenizer, tokenizer.encode(text, !options.no_special), {.colours = colours});
}

int check(const Options& options) {
  const std::filesystem::path folder = *options.check;
  const std::filesystem::path dump =
      options.dump ? std::filesystem::path(*options.dump) : folder / "check.jsonl";
  const Tokenizer tokenizer = load_tokenizer(folder).tokenizer;
  const CheckResult result =
      check_tokenizer(tokenizer, dump, [](const std::string& json) { std::cout << json << "\n"; });
  JsonWriter line;
  line.begin_object().member("lines", result.lines).member("differ", result.differ).end_object();
  std::cout << line.text() << std::endl;
  return result.differ == 0 ? 0 : 1;
}

std::string decoded(const Tokenizer& tokenizer, JsonValue request, const Options& options) {
  const std::string text = tokenizer.decode(ids_of(request.at("ids"), tokenizer), options.skip_special);
  if (options.text) return text;
  JsonWriter line;
  line.begin_object().member("text_b64", to_base64(text)).member("text", text).end_object();
  return line.text() + "\n";
}

std::string answer(const Tokenizer& tokenizer, JsonValue request, const Options& options) {
  return options.decode ? decoded(tokenizer, request, options)
                        : encoded(tokenizer, text_in_base64(request), options);
}

void answer_lines(const Tokenizer& tokenizer, const Options& options) {
  std::string line;
  for (std::size_t number = 1; std::getline(std::cin, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const JsonDocument request = parse_json(std::move(line), "stdin, line " + std::to_string(number));
    std::cout << answer(tokenizer, request.root(), options) << std::flush;
  }
}

// A token that the conversation names for the template; null stands for none.
std::optional<std::optional<std::string>> token_of(JsonValue conversation, std::string_view key) {
  const std::optional<JsonValue> given = conversation.find(key);
  if (!given) return std::nullopt;
  if (given->is_null()) return std::optional<std::string>();
  return std::string(given->as_string());
}

std::string rendered(const LoadedTokenizer& loaded, const Options& options) {
  const std::optional<ChatTemplate> chat_template =
      options.chat_template ? ChatTemplate::parse(read_file(*options.chat_template), *options.chat_template)
                            : chat_template_of(loaded.info);
  if (!chat_template) throw UsageError("the model has no chat template; --chat-template FILE gives one");

  const JsonDocument document = parse_json(read_file(*options.chat), *options.chat);
  const JsonValue conversation = document.root();
  ConversationOptions how;
  if (options.date) how.render.clock = parse_date(*options.date);
  if (const auto more = conversation.find("extra"))
    for (const auto& [key, value] : more->members())
      how.variables.emplace_back(std::string(key), json_to_value(value));
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
      "text to tokens and back, and conversations to prompts; reads JSON lines {\"text_b64\": ...} from "
      "stdin and answers each with {\"ids\": [...], \"pieces\": [...]}");
  flags.group("model");
  add_model_folder(flags, options.folder);
  flags.note("Only the tokenizer's files are read from the folder.");
  flags.group("tokens");
  flags.toggle("no-special", "without BOS and the like, which the tokenizer would add", options.no_special);
  flags.toggle("decode", "the other way: {\"ids\": [...]} to {\"text_b64\": ..., \"text\": ...}",
               options.decode);
  flags.toggle("skip-special", "leave special tokens out of decoded text", options.skip_special);
  flags.toggle(
      "text",
      "plain text: all of stdin is one text; on a terminal its pieces are shown in colours with their ids; "
      "with --decode only the text is printed",
      options.text);
  flags.toggle("count", "for --text: only how many tokens there are, {\"tokens\": N}", options.count);
  flags.option("color", "WHEN", "for --text: always or never, and pieces for people wherever stdout goes",
               [&](const std::string& when) {
                 if (when != "always" && when != "never" && when != "auto")
                   throw UsageError("always, never or auto expected");
                 if (when != "auto") options.colour = when == "always";
               });
  flags.group("check");
  flags.option("check", "DIR",
               "compare the folder's tokenizer with DIR/check.jsonl, which a script in tools/README.md makes "
               "with another "
               "implementation; status 1 if lines differ",
               to(options.check));
  flags.option("dump", "FILE", "that file elsewhere", to(options.dump));
  flags.group("prompts");
  flags.option(
      "chat", "FILE",
      "print the prompt for a conversation, {\"messages\": [...], \"add_generation_prompt\": true} with "
      "bos_token, eos_token and extra (further variables, such as tools) where wanted",
      to(options.chat));
  flags.option("chat-template", "FILE", "the template instead of the model's own", to(options.chat_template));
  flags.option("date", "YYYY-MM-DD", "the day that templates see; default: today", to(options.date));
  if (!flags.parse(argc, argv)) return 0;
  if ((options.chat_template || options.date) && !options.chat)
    throw UsageError("--chat-template and --date say something about --chat only");
  if (options.dump && !options.check) throw UsageError("--dump says something about --check only");
  if ((options.colour || options.count) && (!options.text || options.decode))
    throw UsageError("--color and --count say something about --text only");
  if (options.check) return check(options);

  const LoadedTokenizer loaded = load_tokenizer(model_folder(options.folder));
  if (options.chat) {
    std::cout << rendered(loaded, options);
  } else if (options.text && !options.decode) {
    std::cout << encoded_text(loaded.tokenizer, options);
  } else {
    answer_lines(loaded.tokenizer, options);
  }
  std::cout << std::flush;
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::tokenize_main); }
