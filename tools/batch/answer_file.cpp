#include "tools/batch/answer_file.h"

#include <algorithm>
#include <set>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace {

std::size_t number_in(const JsonDocument& answer) { return answer.root().at("line").as_uint(); }

AnsweredLine what_is_in(const JsonDocument& answer) {
  const JsonValue id = answer.root().at("custom_id");
  const auto error = answer.root().find("error");
  return {id.is_null() ? std::nullopt : std::optional(std::string(id.as_string())),
          error && !error->is_null()};
}

}  // namespace

AnswerFile::AnswerFile(const std::filesystem::path& path) : file_(path) {
  for_each_line(file_.lines(), [&](std::size_t place, std::string_view line) {
    const std::string name = path_text(path) + ", line " + std::to_string(place);
    std::size_t number = 0;
    AnsweredLine found;
    try {
      const JsonDocument document = parse_json(std::string(line), name);
      found = what_is_in(document);
      number = number_in(document);
    } catch (const LoadError& error) {
      throw UserError(std::string(error.what()) + "; --out takes a new file or one that a batch began");
    }
    const auto before = answered_.find(number);
    if (before != answered_.end() && !before->second.is_error)
      throw UserError(name + ": line " + std::to_string(number) + " of the batch is answered twice");
    is_tidy_ = is_tidy_ && before == answered_.end();
    answered_[number] = std::move(found);
  });
  file_.cut_rest();
  tidy();
}

std::size_t AnswerFile::errors() const {
  return static_cast<std::size_t>(std::count_if(answered_.begin(), answered_.end(),
                                                [](const auto& line) { return line.second.is_error; }));
}

void AnswerFile::add(std::size_t number, const AnsweredLine& what, std::string_view line) {
  file_.add(line);
  is_tidy_ = answered_.insert_or_assign(number, what).second && is_tidy_;
}

void AnswerFile::tidy() {
  if (is_tidy_) return;
  file_.keep_only([](std::string_view lines) {
    std::map<std::size_t, std::size_t> last;  // place of the answer that counts, by line of the batch
    for_each_line(lines, [&](std::size_t place, std::string_view line) {
      last[number_in(parse_json(std::string(line)))] = place;
    });
    std::set<std::size_t> kept;
    for (const auto& [number, place] : last) kept.insert(place);
    return kept;
  });
  is_tidy_ = true;
}

}  // namespace kelvin
