#include "tools/batch/body_keys.h"

#include <algorithm>
#include <iterator>

namespace kelvin {
namespace {

constexpr std::string_view of_servers = "nothing here depends on it";

constexpr PassedKey passed_keys[] = {
    // OpenAI's
    {"user", false, of_servers},
    {"metadata", false, of_servers},
    {"store", false, "nothing is stored but the answer"},
    {"service_tier", false, of_servers},
    {"safety_identifier", false, of_servers},
    {"prompt_cache_key", false, of_servers},
    {"prompt_cache_retention", false, of_servers},
    {"prompt_cache_options", false, of_servers},
    {"stream_options", false, "answers of a batch come whole"},
    {"prediction", false, "it would change the speed alone"},
    {"verbosity", false, "no model here has such a switch; say it in a message"},
    {"web_search_options", false, "Kelvin looks nothing up"},
    {"moderation", false, "nothing is moderated"},
    {"audio", false, "answers are text"},
    // vLLM's
    {"priority", false, of_servers},
    {"request_id", false, of_servers},
    {"session_id", false, of_servers},
    {"cache_salt", false, of_servers},
    {"kv_transfer_params", false, of_servers},
    {"ec_transfer_params", false, of_servers},
    {"vllm_xargs", false, of_servers},
    {"length_penalty", false, "it belongs to beams"},
    {"skip_special_tokens", false, "tokens are told as they are written"},
    {"spaces_between_special_tokens", false, "tokens are told as they are written"},
    {"return_token_ids", false, "every choice has its ids"},
    {"return_tokens_as_token_ids", false, "every choice has its ids"},
    {"include_reasoning", false, "a thought is told as reasoning_content"},
    {"add_special_tokens", false,
     "the tokenizer says what begins a prompt; give ids for any other beginning"},
    {"use_beam_search", true, "Kelvin has no beams"},
    {"prompt_logprobs", true, "unknown key; say echo with logprobs"},
    {"include_stop_str_in_output", true, "the text ends before the stop text"},
    {"structured_outputs", true, "Kelvin cannot bind an answer to a form"},
    {"guided_json", true, "Kelvin cannot bind an answer to a form"},
    {"guided_regex", true, "Kelvin cannot bind an answer to a form"},
    {"guided_choice", true, "Kelvin cannot bind an answer to a form"},
    {"guided_grammar", true, "Kelvin cannot bind an answer to a form"},
    {"continue_final_message", true, "an answer begins anew here; give the whole text as prompt"},
    {"truncate_prompt_tokens", true, "a prompt is read whole or refused"},
    {"prompt_embeds", true, "a prompt is a text or ids here"},
    {"chat_template", true, "the model's own template is used; chat_template_kwargs sets its variables"},
    // transformers'
    {"use_cache", false, "it would change the speed alone"},
    {"pad_token_id", false, "nothing is padded"},
    {"early_stopping", false, "it belongs to beams"},
    {"return_dict_in_generate", false, "answers are JSON"},
    {"min_length", true, "min_new_tokens counts the answer alone"},
    {"num_beams", true, "Kelvin has no beams"},
    // llama.cpp's
    {"cache_prompt", false, of_servers},
    {"id_slot", false, of_servers},
    {"slot_id", false, of_servers},
    {"n_keep", false, "a prompt is read whole"},
    {"timings_per_token", false, of_servers},
    {"return_tokens", false, "every choice has its ids"},
    {"return_progress", false, of_servers},
    {"reasoning_format", false, "a thought is told as reasoning_content"},
    {"parse_tool_calls", false, "calls are told wherever tools were given"},
    {"penalize_nl", false, "a line end is a token like any other"},
    {"grammar", true, "Kelvin cannot bind an answer to a form"},
    {"json_schema", true, "Kelvin cannot bind an answer to a form"},
    {"lora", true, "the model is used as it was loaded"},
    {"samplers", true, "unknown key; say sample, or order: \"llama.cpp\""},
    {"repeat_last_n", true,
     "unknown key; say the stage with its parameters, as in \"penalty\": \"1.1:last=64\""},
    {"mirostat_tau", true,
     "unknown key; say the stage with its parameters, as in \"mirostat-2\": \"5:rate=0.1\""},
    {"mirostat_eta", true,
     "unknown key; say the stage with its parameters, as in \"mirostat-2\": \"5:rate=0.1\""},
    {"dynatemp_range", true,
     "unknown key; say the stage with its parameters, as in \"temp-dynamic\": \"0.8:range=0.3\""},
    {"xtc_probability", true,
     "unknown key; say the stage with its parameters, as in \"xtc\": \"0.5:threshold=0.1\""},
    {"dry_multiplier", true,
     "unknown key; say the stage with its parameters, as in \"dry\": \"0.8:base=1.75\""},
};

}  // namespace

const PassedKey* find_passed_key(std::string_view name) {
  const auto found = std::find_if(std::begin(passed_keys), std::end(passed_keys),
                                  [&](const PassedKey& key) { return key.name == name; });
  return found == std::end(passed_keys) ? nullptr : found;
}

bool says_nothing(JsonValue value) {
  switch (value.type()) {
    case JsonType::null:
      return true;
    case JsonType::boolean:
      return !value.as_bool();
    case JsonType::number:
      return value.as_double() == 0;
    case JsonType::string:
      return value.as_string().empty();
    case JsonType::array:
    case JsonType::object:
      return value.size() == 0;
  }
  return false;
}

}  // namespace kelvin
