#include "tools/lab/reading/lab_input.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "engine/weights/config.h"
#include "loaders/tokenizer/prompt.h"
#include "tokenizer/unicode/utf8.h"
#include "tools/options/prompt_options.h"
#include "tools/output/read_file.h"

namespace kelvin {
namespace {

void refuse_broken(const std::string& name, const std::string& text) {
  if (text.empty()) throw UsageError(name + ": the text is empty");
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\0')
      throw UsageError(name + ": byte " + std::to_string(at) + ": text expected, NUL found");
    const std::size_t length = unicode::utf8_length(std::string_view(text).substr(at));
    if (length == 0)
      throw UsageError(name + ": byte " + std::to_string(at) +
                       ": UTF-8 expected, a malformed sequence found");
    at += length;
  }
}

std::vector<std::string> documents_of(const std::string& text, const std::optional<std::string>& separator) {
  if (!separator) return {text};
  std::vector<std::string> documents(1);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (line == *separator + "\n" || line == *separator)
      documents.emplace_back();
    else
      documents.back() += line;
    at = end;
  }
  // The line end before a separator belongs to the separator.
  for (std::size_t i = 0; i + 1 < documents.size(); ++i)
    if (documents[i].ends_with('\n')) documents[i].pop_back();
  return documents;
}

}  // namespace

void TextFlags::add_to(Flags& flags) {
  flags.group("text (one of these)");
  flags.option("file", "FILE",
               "a text file, - for stdin; BOS is put before it if the tokenizer does so; or what "
               "kelvin-generate --json wrote: "
               "its draws, each behind its prompt",
               to(file));
  flags.operand("FILE", "the same as --file FILE", to(file));
  flags.option("text", "TEXT", "the text itself", to(text));
  // As the tools that continue texts say it.
  flags.alias("prompt", "text");
  flags.alias("p", "text");
  flags.alias("prompt-file", "file");
  flags.option("split", "LINE",
               "lines that are equal to LINE divide the text into documents, each read on its own",
               to(separator));
  flags.option("ids", "LIST", "token ids such as 1,2,3, taken as they are", to(ids));
}

LabInput TextFlags::read(const OpenModel& model) const {
  const int count = (file ? 1 : 0) + (text ? 1 : 0) + (ids.empty() ? 0 : 1);
  if (count == 0) throw UsageError("a text is missing: --file FILE, --text TEXT or --ids LIST");
  if (count > 1) throw UsageError("--file, --text and --ids exclude each other");
  if (separator && !file && !text) throw UsageError("--split divides a text, not --ids");
  if (file) return lab_input_file(model, *file, separator);
  return text ? lab_input(model, "--text", *text, separator) : lab_input_ids(model, ids);
}

LabInput lab_input(const OpenModel& model, const std::string& name, const std::string& text,
                   const std::optional<std::string>& separator) {
  refuse_broken(name, text);
  LabInput input;
  input.name = name;
  input.is_plain = true;
  for (const std::string& document : documents_of(text, separator)) {
    std::vector<int> ids = encode_prompt(model.text, document);
    if (ids.size() < 2) continue;
    input.bytes += document.size();
    // Where the first token is part of the text (no BOS was put before it), its bytes are not judged.
    if (model.tokenizer().encode(document, false).size() == ids.size())
      input.bytes -= std::min(document.size(), model.tokenizer().bytes(ids[0]).size());
    input.documents.push_back(std::move(ids));
  }
  if (input.documents.empty())
    throw UsageError(name + ": the text is a single token, and nothing stands before it to judge it by");
  return input;
}

LabInput lab_input_file(const OpenModel& model, const std::string& path,
                        const std::optional<std::string>& separator) {
  const std::string name = path == "-" ? "stdin" : path, text = read_file(path);
  if (!holds_draws(text)) return lab_input(model, name, text, separator);
  if (separator)
    throw UsageError("--split divides a text; " + name + " holds draws, which are documents already");
  return lab_input_draws(model, name, text);
}

LabInput lab_input_ids(const OpenModel& model, const std::vector<int>& ids) {
  require_ids("--ids", ids, static_cast<std::size_t>(model.model->config().vocab_size));
  if (ids.size() < 2)
    throw UsageError("--ids: at least two ids expected, the first has nothing before it to judge it by");
  LabInput input{"--ids", {ids}, 0};
  for (const int id : std::span(ids).subspan(1))
    if (!model.tokenizer().is_special(id)) input.bytes += model.tokenizer().bytes(id).size();
  return input;
}

}  // namespace kelvin
