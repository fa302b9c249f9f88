#include "loaders/tokenizer/tokenizer_folder.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/files/mapped_file.h"
#include "loaders/gguf/gguf_folder.h"
#include "loaders/gguf/gguf_model.h"
#include "loaders/json/json.h"
#include "loaders/json/json_file.h"
#include "loaders/tokenizer/gguf_tokenizer.h"
#include "loaders/tokenizer/tokenizer_json.h"
#include "loaders/tokenizer/tokenizer_json_parts.h"
#include "loaders/tokenizer/tokenizer_model.h"
#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/regex/regex.h"
#include "tokenizer/spec.h"

namespace kelvin {

namespace fs = std::filesystem;

namespace {

std::optional<NamedToken> named_token(const JsonDocument& document, std::string_view key,
                                      const Tokenizer& tokenizer) {
  const std::optional<std::string> content = token_member(document.root(), key);
  return content ? std::optional(NamedToken{*content, tokenizer.id_of(*content)}) : std::nullopt;
}

void add_token(std::string_view name, const std::string& content, TokenizerInfo& info) {
  static constexpr std::string_view own[] = {"bos_token", "eos_token", "unk_token", "pad_token"};
  const bool known = std::find(std::begin(own), std::end(own), name) != std::end(own) ||
                     std::any_of(info.more_tokens.begin(), info.more_tokens.end(),
                                 [&](const auto& token) { return token.first == name; });
  if (!known) info.more_tokens.emplace_back(name, content);
}

// Whatever is called a token, and the dict form of extra_special_tokens.
void read_more_tokens(JsonValue root, TokenizerInfo& info) {
  for (const auto& [key, value] : root.members())
    if (key.ends_with("_token") && (value.is_string() || (value.is_object() && value.find("content"))))
      add_token(key, *token_member(root, key), info);
  const auto extra = root.find("extra_special_tokens");
  if (!extra || !extra->is_object()) return;
  for (const auto& [key, value] : extra->members()) add_token(key, *token_member(*extra, key), info);
}

void read_special_tokens(const JsonDocument& document, const Tokenizer& tokenizer, TokenizerInfo& info) {
  if (!info.bos) info.bos = named_token(document, "bos_token", tokenizer);
  if (!info.eos) info.eos = named_token(document, "eos_token", tokenizer);
  if (!info.unk) info.unk = named_token(document, "unk_token", tokenizer);
  if (!info.pad) info.pad = named_token(document, "pad_token", tokenizer);
  read_more_tokens(document.root(), info);
}

void read_template_key(JsonValue value, TokenizerInfo& info) {
  if (!value.is_array()) {
    info.chat_template = value.as_string();
    return;
  }
  for (const JsonValue entry : value.items()) {
    const std::string_view name = entry.at("name").as_string();
    if (name == "default") info.chat_template = entry.at("template").as_string();
    if (name == "tool_use") info.tool_chat_template = entry.at("template").as_string();
    info.named_templates.emplace_back(name, entry.at("template").as_string());
  }
}

void read_config(const JsonDocument& document, const Tokenizer& tokenizer, TokenizerInfo& info) {
  const JsonValue root = document.root();
  read_special_tokens(document, tokenizer, info);
  if (const auto flag = optional_member(root, "add_bos_token")) info.add_bos_token = flag->as_bool();
  if (const auto flag = optional_member(root, "add_eos_token")) info.add_eos_token = flag->as_bool();
  // "Very large" stands for no limit: 1e30 written out.
  if (const auto length = optional_member(root, "model_max_length");
      length && std::fabs(length->as_double()) < 1e15)
    info.model_max_length = static_cast<long long>(length->as_double());
  if (const auto text = optional_member(root, "chat_template")) {
    read_template_key(*text, info);
    if (info.chat_template) info.chat_template_origin = document.name() + ": chat_template";
  }
}

std::optional<std::string> file_text(const fs::path& path) {
  if (!fs::exists(path)) return std::nullopt;
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  const std::span<const std::byte> bytes = file->bytes();
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Templates in files of their own stand in place of the key; chat_template.json, which processors of images have, is
// looked for last.
void read_template_files(const fs::path& folder, TokenizerInfo& info) {
  std::vector<std::pair<std::string, fs::path>> files;
  if (const fs::path path = folder / "chat_template.jinja"; fs::exists(path))
    files.emplace_back("default", path);
  if (const fs::path more = folder / "additional_chat_templates"; fs::is_directory(more))
    for (const fs::directory_entry& entry : fs::directory_iterator(more))
      if (entry.path().extension() == ".jinja")
        files.emplace_back(entry.path().stem().string(), entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    const std::string &name = file.first, text = *file_text(file.second);
    if (name == "default") info.chat_template_origin = path_text(file.second);
    if (name == "default") info.chat_template = text;
    if (name == "tool_use") info.tool_chat_template = text;
    std::erase_if(info.named_templates, [&](const auto& named) { return named.first == name; });
    info.named_templates.emplace_back(name, text);
  }
  const fs::path legacy = folder / "chat_template.json";
  if (info.chat_template || !info.named_templates.empty() || !fs::exists(legacy)) return;
  const JsonDocument document = load_json(legacy);
  read_template_key(document.root().at("chat_template"), info);
  info.chat_template_origin = document.name() + ": chat_template";
}

TokenizerSpec load_tokenizer_json(const fs::path& path) {
  const std::shared_ptr<const MappedFile> file = open_json(path);
  const std::span<const std::byte> bytes = file->bytes();
  return read_tokenizer_json(bytes, path_text(path), [&](std::size_t begin, std::size_t end) {
    file->release(bytes.subspan(begin, end - begin));
  });
}

// Names the pattern that is syntax but cannot be compiled. Compiling each where it is read would double the
// time that this takes.
void fail_at_pattern(JsonValue value) {
  if (value.is_array())
    for (const JsonValue item : value.items()) fail_at_pattern(item);
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.members()) {
    if (key != "Regex" || !member.is_string()) {
      fail_at_pattern(member);
      continue;
    }
    try {
      Regex compiled(member.as_string());
    } catch (const RegexError& problem) {
      member.fail(printable(problem.what(), 500));
    }
  }
}

void fail_at_patterns(const fs::path& path) {
  const JsonDocument document = load_json(path);
  for (const char* part : {"normalizer", "pre_tokenizer", "decoder"})
    if (const auto value = document.root().find(part)) fail_at_pattern(*value);
}

// `explain` may throw an error that says more than that the parts do not fit together.
Tokenizer tokenizer_of(TokenizerSpec spec, const fs::path& path, void (*explain)(const fs::path&)) {
  spec.source = path_text(path);
  try {
    return Tokenizer(std::move(spec));
  } catch (const TokenizerError& problem) {
    explain(path);
    throw LoadError(path_text(path), printable(problem.what(), 500));
  }
}

LoadedTokenizer vocabulary_of(const fs::path& folder) {
  const fs::path path = folder / "tokenizer.json";
  const std::optional<fs::path> other = fs::exists(path) ? std::nullopt : find_tokenizer_model(folder);
  // The file is gone before the tokenizer's own tables are made: their memory does not add up.
  if (!other) return {tokenizer_of(load_tokenizer_json(path), path, fail_at_patterns), {}};
  TokenizerModelFile file = load_tokenizer_model(*other);
  LoadedTokenizer loaded{tokenizer_of(std::move(file.spec), *other, [](const fs::path&) {}), {}};
  if (file.bos) loaded.info.bos = NamedToken{*file.bos, loaded.tokenizer.id_of(*file.bos)};
  if (file.eos) loaded.info.eos = NamedToken{*file.eos, loaded.tokenizer.id_of(*file.eos)};
  return loaded;
}

}  // namespace

LoadedTokenizer load_tokenizer(const fs::path& folder) {
  if (const auto gguf = find_gguf(folder)) return gguf_tokenizer(GgufModel(*gguf).main());
  const fs::path metadata = folder / gguf_tokenizer_name;
  if (!fs::exists(folder / "tokenizer.json") && fs::exists(metadata)) {
    const auto file = MappedFile::open(metadata);
    return gguf_tokenizer(GgufFile(file->bytes(), path_text(metadata)));
  }
  LoadedTokenizer loaded = vocabulary_of(folder);
  if (const fs::path config = folder / "tokenizer_config.json"; fs::exists(config))
    read_config(load_json(config), loaded.tokenizer, loaded.info);
  if (const fs::path map = folder / "special_tokens_map.json"; fs::exists(map))
    read_special_tokens(load_json(map), loaded.tokenizer, loaded.info);
  read_template_files(folder, loaded.info);
  return loaded;
}

}  // namespace kelvin
