#include "tools/batch/answer_file.h"

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {

AnswerFile::AnswerFile(const std::filesystem::path& path) : file_(path) {
  for_each_line(file_.lines(), [&](std::size_t number, std::string_view line) {
    const std::string name = path_text(path) + ", line " + std::to_string(number);
    std::size_t answers = 0;
    try {
      const JsonDocument document = parse_json(std::string(line), name);
      const JsonValue id = document.root().at("custom_id");
      answers = document.root().at("line").as_uint();
      answered_[answers] = id.is_null() ? std::nullopt : std::optional(std::string(id.as_string()));
    } catch (const LoadError& error) {
      throw UserError(std::string(error.what()) + "; --out takes a new file or one that a batch began");
    }
    if (answered_.size() != number)
      throw UserError(name + ": line " + std::to_string(answers) + " of the batch is answered twice");
  });
  file_.cut_rest();
}

}  // namespace kelvin
