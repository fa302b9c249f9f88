// Where a result comes from: enough to make it again, in every form a tool writes results in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "loaders/json/json.h"
#include "loaders/json/json_writer.h"

namespace kelvin {

// The model behind a result and how it was kept.
struct ModelOrigin {
  std::string name;     // of its folder or file, without the path
  std::string hash;     // model_hash.h
  std::string weights;  // "bf16", "q4h", ...
  std::string kv;       // "f32", "f16", "q8"
};

// As members of an object that is being written, and from such an object.
void write_origin(JsonWriter& json, const ModelOrigin& origin);
ModelOrigin read_origin(const JsonValue& object);

// "kelvin-0.1.0 0e5f1d2c3b4a5968 bf16 f32": version, hash, weights and cache in a word, as OpenAI's system_fingerprint.
std::string fingerprint(const ModelOrigin& origin);

struct Provenance {
  std::string tool;                   // "kelvin-sweep"
  std::string command;                // for a shell; with --seed, where one was drawn
  std::optional<ModelOrigin> model;   // where there is one
  std::optional<std::uint64_t> seed;  // where the result depends on one

  // The result depends on this seed; `drawn`: nobody gave it, so the command needs it.
  void set_seed(std::uint64_t value, bool drawn);
};

// The command as it was given, without the path of the program.
Provenance provenance_of(int argc, const char* const* argv);

// `word` as bash, zsh and a shell of POSIX 2024 read it back byte for byte: as it is, 'in quotes', or $'with escapes'
// where it holds what cannot be seen or is no UTF-8. The result is valid, visible UTF-8 of one line.
std::string shell_word(std::string_view word);

// A last line for tables:
//   Kelvin 0.1.0, model ember 0e5f1d2c3b4a5968, weights bf16, kv f32, seed 3: kelvin-sweep --text 'A fox.'
std::string provenance_line(const Provenance& provenance);

// The object {"tool", "version", "command", "model", "model_hash", "weights", "kv", "seed"}; what does not exist is null.
std::string provenance_json(const Provenance& provenance);

// JSON lines, each an object, whose last one has a last member "provenance".
std::string with_provenance(std::string json_lines, const Provenance& provenance);

// Lines "# key: value" to stand above a table of comma-separated values.
std::string provenance_csv(const Provenance& provenance);

std::string provenance_html(const Provenance& provenance);  // a <footer>
std::string provenance_svg(const Provenance& provenance);   // a <metadata>

}  // namespace kelvin
