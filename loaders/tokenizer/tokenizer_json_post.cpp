#include <string>
#include <utility>

#include "loaders/files/load_error.h"
#include "loaders/tokenizer/tokenizer_json_parts.h"

namespace kelvin {

namespace {

// What goes through the post-processors: at first the text alone. A template leaves each of its special
// tokens as a part of its own, which those behind it take for a further sequence.
struct Part {
  std::vector<int> before, after;  // ids, around the text where it is here
  bool has_text = false;
};
using Parts = std::vector<Part>;

int read_id(JsonValue value) { return token_id(value, value.as_int()); }

// Every text gets them: a short list of names, each of which may stand for many ids, must not make millions.
constexpr std::size_t max_ids = 4096;

Parts read_template(JsonValue value, Parts parts) {
  if (parts.size() > 2)
    value.fail("one or two sequences expected from the post-processors before, " +
               std::to_string(parts.size()) + " found");
  const JsonValue pieces = value.at(parts.size() == 1 ? "single" : "pair");
  Parts filled;
  bool text_seen = false;
  std::size_t n_ids = 0;
  const auto add = [&](Part part, JsonValue item) {
    n_ids += part.before.size() + part.after.size();
    if (n_ids > max_ids)
      item.fail("at most " + std::to_string(max_ids) + " ids around a text expected, more found");
    filled.push_back(std::move(part));
  };
  for (const JsonValue item : pieces.items()) {
    if (const auto sequence = item.find("Sequence")) {
      const std::string_view name = sequence->at("id").as_string();
      if (name != "A" && (name != "B" || parts.size() == 1)) item.fail("sequence A expected");
      add(parts[name == "A" ? 0 : 1], item);
      if (filled.back().has_text && std::exchange(text_seen, true)) item.fail("the text once expected");
      continue;
    }
    const std::string_view name = item.at("SpecialToken").at("id").as_string();
    Part token;
    for (const JsonValue id : value.at("special_tokens").at(name).at("ids").items())
      token.before.push_back(read_id(id));
    add(std::move(token), item);
  }
  if (!text_seen) pieces.fail("has no place for the text");
  return filled;
}

// [CLS] A [SEP] and, for further sequences, B [SEP]; RoBERTa has [SEP] B [SEP].
void put_around(JsonValue value, bool roberta, Parts& parts) {
  const int cls = read_id(value.at("cls").at(1)), sep = read_id(value.at("sep").at(1));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i == 0 || roberta) parts[i].before.insert(parts[i].before.begin(), i == 0 ? cls : sep);
    (parts[i].has_text ? parts[i].after : parts[i].before).push_back(sep);
  }
}

}  // namespace

PostProcessorSpec read_post_processor(JsonValue value) {
  Parts parts{{{}, {}, true}};
  for (const JsonValue item : components(value, "processors")) {
    const std::string_view type = item.at("type").as_string();
    if (type == "ByteLevel") continue;  // changes offsets only
    if (type == "TemplateProcessing")
      parts = read_template(item, std::move(parts));
    else if (type == "BertProcessing" || type == "RobertaProcessing")
      put_around(item, type == "RobertaProcessing", parts);
    else
      refuse_type(item, "post_processor");
  }
  PostProcessorSpec spec;
  bool behind = false;
  for (const Part& part : parts) {
    std::vector<int>& before = behind ? spec.after : spec.before;
    before.insert(before.end(), part.before.begin(), part.before.end());
    spec.after.insert(spec.after.end(), part.after.begin(), part.after.end());
    behind = behind || part.has_text;
  }
  return spec;
}

}  // namespace kelvin
