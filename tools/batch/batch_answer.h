// The line that answers a line of a batch, in the shape of OpenAI's: id, custom_id, response or error, and
// the number of the line that is answered.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "tools/batch/batch_prompts.h"
#include "tools/batch/batch_request.h"
#include "tools/generation/continuation.h"

namespace kelvin {

// What names a line: its number in the file, from 1, and what it calls itself.
struct BatchLine {
  std::size_t number = 0;
  std::optional<std::string> custom_id;
};

// What came of one prompt.
struct PromptAnswers {
  std::vector<Continuation> draws;  // (request.draws,)
  std::optional<PromptTokens> echo;
};

// answers: (request.prompts,); made_by: fingerprint() of the model. "created" is 0: an answer depends on no clock.
std::string batch_answer(const OpenModel& model, const std::string& made_by, const BatchLine& line,
                         const BatchRequest& request, std::span<const PromptAnswers> answers);

// code: "invalid_request" where the line is to blame, else "failed".
std::string batch_error(const BatchLine& line, std::string_view code, std::string_view message);

}  // namespace kelvin
