// Control tokens in the words of users, which stay text: they are marked before a chat template puts them beside its own,
// and what is marked is encoded without looking for added tokens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "loaders/tokenizer/tokenizer_folder.h"
#include "tokenizer/chat_template.h"

namespace kelvin {

// Special tokens, and added tokens that the template writes.
std::vector<std::string> control_tokens(const Tokenizer& tokenizer, const ChatTemplate& chat_template);

// The value with each of `tokens` in its texts between two marks; keys of dicts stay. Marks that were there are gone.
TemplateValue with_marks(const TemplateValue& value, const std::vector<std::string>& tokens);

// The messages with marks in all but the assistant's.
TemplateValue with_marks_of_users(const TemplateValue& messages, const std::vector<std::string>& tokens);

std::string without_marks(std::string_view text);

// The ids of a text with marks, without BOS. Throws UserError where the vocabulary makes a marked token of its letters.
std::vector<int> encode_marked(const Tokenizer& tokenizer, std::string_view text);

}  // namespace kelvin
