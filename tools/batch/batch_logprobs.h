// "logprobs" of a choice, in OpenAI's two forms.
#pragma once

#include "loaders/json/json_writer.h"
#include "tokenizer/tokenizer.h"
#include "tools/batch/batch_prompts.h"
#include "tools/batch/batch_request.h"
#include "tools/generation/continuation.h"

namespace kelvin {

// Of messages: {"content": [{"token", "bytes", "logprob", "top_logprobs": [...]}, ...], "refusal": null}, of every drawn
// token, one that ended the text included.
void write_chat_logprobs(JsonWriter& json, const Tokenizer& tokenizer, const Continuation& choice);

// Of a prompt: {"tokens", "token_logprobs", "top_logprobs", "text_offset"}; of the prompt's tokens too, where `echo` has them.
// Offsets count characters from the beginning of the prompt.
void write_text_logprobs(JsonWriter& json, const Tokenizer& tokenizer, const BatchPrompt& prompt,
                         const PromptTokens* echo, const Continuation& choice);

}  // namespace kelvin
