#include "loaders/tokenizer/tokenizer_model.h"

#include <algorithm>
#include <array>

#include "loaders/files/load_error.h"
#include "loaders/files/mapped_file.h"
#include "loaders/tokenizer/sentencepiece_file.h"
#include "loaders/tokenizer/tiktoken_file.h"
#include "loaders/tokenizer/tokenizer_config.h"
#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/spec.h"

namespace kelvin {

namespace fs = std::filesystem;

namespace {

// What the slow tokenizers of transformers put around a text unless tokenizer_config.json says otherwise.
// Classes that move the ids of the SentencePiece model are not among them.
struct Habit {
  std::string_view tokenizer_class;
  bool add_bos, add_eos;
};
constexpr Habit habits[] = {{"", true, false},
                            {"LlamaTokenizer", true, false},
                            {"CodeLlamaTokenizer", true, false},
                            {"GemmaTokenizer", true, false},
                            {"T5Tokenizer", false, true}};

struct Ends {
  bool bos, eos;
};

Ends ends_of(const TokenizerNotes& notes) {
  std::string_view name = notes.tokenizer_class;
  if (name.ends_with("Fast")) name.remove_suffix(4);
  for (const Habit& habit : habits)
    if (name == habit.tokenizer_class)
      return {notes.add_bos_token.value_or(habit.add_bos), notes.add_eos_token.value_or(habit.add_eos)};
  if (!notes.add_bos_token)
    throw LoadError(notes.name, "tokenizer_class " + in_quotes(notes.tokenizer_class) +
                                    " is not known, and add_bos_token does not say whether BOS is added");
  return {*notes.add_bos_token, notes.add_eos_token.value_or(false)};
}

std::string piece_of(const SentencePieceModel& model, int id) {
  return id >= 0 && static_cast<std::size_t>(id) < model.pieces.size()
             ? model.pieces[static_cast<std::size_t>(id)].text
             : std::string();
}

std::vector<int> end_ids(const TokenizerSpec& spec, bool wanted, const std::optional<std::string>& content,
                         const TokenizerNotes& notes, const std::string& what) {
  if (!wanted) return {};
  const int id = content ? id_of(spec, *content) : -1;
  if (id < 0)
    throw LoadError(notes.name,
                    "add_" + what + " is wanted, and " + what + " " +
                        (content ? in_quotes(*content) + " is not in the vocabulary" : "is not said"));
  return {id};
}

TokenizerModelFile from_sentencepiece(std::string_view bytes, const std::string& name,
                                      const TokenizerNotes& notes) {
  SentencePieceFile file = parse_sentencepiece(bytes, name);
  if (notes.legacy && !*notes.legacy) file.model.prefix_once = true;
  if (notes.add_prefix_space && !*notes.add_prefix_space) file.model.add_dummy_prefix = false;
  const Ends ends = ends_of(notes);
  TokenizerModelFile loaded;
  const std::string bos = piece_of(file.model, file.bos_id), eos = piece_of(file.model, file.eos_id);
  if (notes.bos_token || !bos.empty()) loaded.bos = notes.bos_token.value_or(bos);
  if (notes.eos_token || !eos.empty()) loaded.eos = notes.eos_token.value_or(eos);
  loaded.spec = sentencepiece_tokenizer(std::move(file.model));
  add_noted_tokens(notes, loaded.spec);
  loaded.spec.post_processor.before = end_ids(loaded.spec, ends.bos, loaded.bos, notes, "bos_token");
  loaded.spec.post_processor.after = end_ids(loaded.spec, ends.eos, loaded.eos, notes, "eos_token");
  return loaded;
}

TokenizerModelFile from_tiktoken(std::string_view text, const std::string& name,
                                 const TokenizerNotes& notes) {
  const TiktokenFile file = parse_tiktoken(text, name);
  TiktokenLayout layout = tiktoken_layout(file, notes);
  TokenizerModelFile loaded;
  loaded.bos = layout.bos;
  loaded.eos = layout.eos;
  loaded.spec = tiktoken_tokenizer(file, layout);
  add_noted_tokens(notes, loaded.spec);
  loaded.spec.post_processor.before = end_ids(loaded.spec, layout.add_bos, layout.bos, notes, "bos_token");
  loaded.spec.post_processor.after = end_ids(loaded.spec, layout.add_eos, layout.eos, notes, "eos_token");
  return loaded;
}

}  // namespace

std::optional<fs::path> find_tokenizer_model(const fs::path& folder) {
  for (const char* name : {"tokenizer.model", "spiece.model", "tiktoken.model"})
    if (fs::exists(folder / name)) return folder / name;
  std::vector<fs::path> found;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(folder, unreadable))
    if (entry.path().extension() == ".tiktoken") found.push_back(entry.path());
  if (found.size() > 1)
    throw LoadError(path_text(folder), "one *.tiktoken expected, " + std::to_string(found.size()) + " found");
  return found.empty() ? std::nullopt : std::optional(found[0]);
}

TokenizerModelFile load_tokenizer_model(const fs::path& file) {
  const auto mapped = MappedFile::open(file);
  const std::string_view bytes(reinterpret_cast<const char*>(mapped->bytes().data()), mapped->bytes().size());
  const std::string name = path_text(file);
  const TokenizerNotes notes = read_tokenizer_notes(file.parent_path());
  try {
    return looks_like_tiktoken(bytes) ? from_tiktoken(bytes, name, notes)
                                      : from_sentencepiece(bytes, name, notes);
  } catch (const TokenizerError& problem) {
    throw LoadError(name, printable(problem.what(), 500));
  }
}

}  // namespace kelvin
