// Requests as clients send them: which keys are obeyed, which are named in the answer, which are refused.
#include "tools/batch/batch_run.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <sstream>

#include "tests/support.h"
#include "tests/tools/parrot.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin {
namespace {

constexpr const char* asking_template =
    "{% if tools %}tools {{ tools|length }}\n{% endif %}{% for m in messages %}<|a|>{{ m.role }}\n{{ "
    "m.content }}<|e|>\n"
    "{% endfor %}<|a|>assistant\n{{ reasoning_effort }}";

// A model of its own folder, and what it answers to bodies.
class Answering {
 public:
  Answering() : model_(open_model({})) {}
  Answering(const std::vector<std::string>& pieces, const std::string& chat_template)
      : model_(parrot(pieces, chat_template)) {}

  OpenModel& model() { return model_; }
  std::optional<int> most = 8;  // --n

  // The whole answer to a body.
  JsonDocument line(const std::string& body) {
    const auto path = folder_.path() / ("out" + std::to_string(count_++));
    AnswerFile file(path);
    BatchOptions options;
    options.defaults.seed = 7;
    options.defaults.max_tokens = most;
    run_batch(model_, "in.jsonl", body + "\n", file, options);
    return parse_json(test::read_text(path));
  }
  JsonDocument ask(const std::string& body) {
    JsonDocument answer = line(body);
    REQUIRE_MESSAGE(answer.root().at("error").is_null(), (body + " gives " + std::string(answer.text())));
    return answer;
  }
  std::string refusal(const std::string& body) {
    const JsonDocument answer = line(body);
    CAPTURE(body);
    REQUIRE(answer.root().at("response").is_null());
    return std::string(answer.root().at("error").at("message").as_string());
  }

 private:
  OpenModel parrot(const std::vector<std::string>& pieces, const std::string& chat_template) const {
    test::write_parrot(folder_.path(), pieces, chat_template);
    ModelFlags flags;
    flags.folder = folder_.path().string();
    return open_model(flags);
  }

  test::TemporaryFolder folder_;
  OpenModel model_;
  int count_ = 0;
};

JsonValue body_of(const JsonDocument& answer) { return answer.root().at("response").at("body"); }
JsonValue choice_of(const JsonDocument& answer, std::size_t index = 0) {
  return body_of(answer).at("choices").at(index);
}
std::int64_t prompt_tokens(const JsonDocument& answer) {
  return body_of(answer).at("usage").at("prompt_tokens").as_int();
}
std::string warnings_of(const JsonDocument& answer) {
  std::string all;
  if (const auto warnings = body_of(answer).find("warnings"))
    for (const JsonValue warning : warnings->items()) all += std::string(warning.as_string()) + "\n";
  return all;
}
std::string chat(const std::string& more, const std::string& content = "\"hi\"") {
  return R"({"messages": [{"role": "user", "content": )" + content + "}]" +
         (more.empty() ? "" : ", " + more) + "}";
}
const std::string now =
    R"({"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}})";

// The answer is "a b c d e f.", a token each; prompts of ids need no tokenizer.
TEST_CASE("keys of transformers' generate are obeyed") {
  Answering parrot({"a ", "b ", "c ", "d ", "e ", "f."}, asking_template);
  const auto text = [&](const std::string& more, const std::string& prompt = "[65, 66, 67]") {
    return std::string(choice_of(parrot.ask("{\"prompt\": " + prompt + more + "}")).at("text").as_string());
  };
  CHECK(text("") == "a b c d e f.");
  CHECK(text(R"(, "max_length": 5)") == "a b ");
  CHECK(text(R"(, "max_length": 5)", "[65]") == "a b c d ");
  CHECK(text(R"(, "max_new_tokens": 3)") == "a b c ");
  CHECK(text(R"(, "stop_strings": ["d"])") == "a b c ");
  CHECK(text(R"(, "stop_strings": "d", "stop": "c")") == "a b ");
  CHECK(text(R"(, "do_sample": false, "num_return_sequences": 2)") == "a b c d e f.");
  CHECK(text(R"(, "eos_token_id": 260)") == "a b ");  // 258 and on: the pieces
  CHECK(text(R"(, "eos_token_id": [261, 260])") == "a b ");
  const JsonDocument both = parrot.ask(R"({"prompt": [65], "max_length": 5, "max_tokens": 1})");
  CHECK(choice_of(both).at("text").as_string() == "a ");
  CHECK(warnings_of(both) == "max_length: ignored: the number of new tokens is given, too\n");
  CHECK(test::holds(parrot.refusal(R"({"prompt": [65, 66, 67], "max_length": 3})"),
                    "max_length: more than the 3 tokens of the prompt expected, 3 found"));
  CHECK(text(R"(, "num_beams": 1, "max_new_tokens": 1)") == "a ");
  CHECK(test::holds(parrot.refusal(R"({"prompt": [65], "num_beams": 4})"), "num_beams: Kelvin has no beams"));
}

TEST_CASE("what generation_config.json says of an answer's end holds for every line") {
  Answering parrot({"a ", "b ", "c ", "d ", "e ", "f."}, asking_template);
  parrot.most = std::nullopt;
  parrot.model().generation.max_length = 6;
  const auto text = [&](const std::string& body, std::size_t index = 0) {
    return std::string(choice_of(parrot.ask(body), index).at("text").as_string());
  };
  CHECK(text(R"({"prompt": [65, 66]})") == "a b c d ");
  CHECK(text(R"({"prompt": [[65, 66, 67], [65]]})") == "a b c ");
  CHECK(text(R"({"prompt": [[65, 66, 67], [65]]})", 1) == "a b c d e ");
  CHECK(text(R"({"prompt": [65, 66], "max_tokens": 1})") == "a ");
  CHECK(text(R"({"prompt": [65, 66], "max_length": 3})") == "a ");
  parrot.model().generation.stop_strings = {"c"};
  CHECK(text(R"({"prompt": [65, 66]})") == "a b ");
  CHECK(text(R"({"prompt": [65, 66], "stop": "b"})") == "a ");
}

TEST_CASE("every key of OpenAI's bodies is obeyed or named in the answer") {
  Answering parrot({"Yes", "No"}, asking_template);
  const std::int64_t plain = prompt_tokens(parrot.ask(chat("")));
  CHECK(warnings_of(parrot.ask(chat(""))).empty());
  for (const char* obeyed :
       {R"("stream": false)",
        R"("n": 2)",
        R"("response_format": {"type": "text"})",
        R"("modalities": ["text"])",
        R"("max_completion_tokens": 3, "max_tokens": null)",
        R"("max_tokens": -1)",
        R"("top_k": -1)",
        R"("stop": ["x", "y"])",
        R"("logit_bias": {"65": -100, "66": false, "67": 2.5})",
        R"("tool_choice": "auto")",
        R"("parallel_tool_calls": true)",
        R"("tools": [])",
        R"("logprobs": true, "top_logprobs": 2)",
        R"("logprobs": false, "top_logprobs": 0)",
        R"("frequency_penalty": 0.5, "presence_penalty": -0.5)",
        R"("user": "", "metadata": {}, "store": false, "prompt_cache_key": null)",
        R"("seed": -3)",
        R"("chat_template_kwargs": {"reasoning_effort": ""})",
        R"("stop_token_ids": [70], "min_tokens": 1)",
        R"("bad_words": ["it's"], "repetition_penalty": 1.1, "use_beam_search": false)",
        R"("dry_multiplier": 0, "xtc_probability": 0.0, "n_predict": 4, "typical_p": 0.9)"}) {
    CAPTURE(obeyed);
    const JsonDocument answer = parrot.ask(chat(obeyed));
    CHECK(warnings_of(answer).empty());
    CHECK(prompt_tokens(answer) == plain);
  }
  CHECK(prompt_tokens(parrot.ask(chat(R"("reasoning_effort": "low")"))) == plain + 3);
  for (const char* passed : {"user", "safety_identifier", "prompt_cache_key", "service_tier",
                             "prompt_cache_retention", "verbosity"})
    CHECK(test::holds(warnings_of(parrot.ask(chat("\"" + std::string(passed) + "\": \"x\""))),
                      std::string(passed) + ": ignored: "));
  for (const char* passed : {"metadata", "prediction", "web_search_options", "stream_options", "audio",
                             "moderation", "prompt_cache_options", "vllm_xargs"})
    CHECK(test::holds(warnings_of(parrot.ask(chat("\"" + std::string(passed) + "\": {\"type\": \"x\"}"))),
                      std::string(passed) + ": ignored: "));
  CHECK(test::holds(
      warnings_of(parrot.ask(chat(R"("chat_template_kwargs": {"enable_thinking": false})"))),
      "chat_template_kwargs.enable_thinking: ignored: the model's chat template never looks at it"));
  CHECK(test::holds(warnings_of(parrot.ask(chat(R"("response_format": {"type": "json_object"})"))),
                    "response_format: ignored: "));
  CHECK(test::holds(warnings_of(parrot.ask(chat(R"("tool_choice": "required", "tools": [)" + now + "]"))),
                    "tool_choice: ignored: "));
  CHECK(
      test::holds(warnings_of(parrot.ask(chat(R"("model": "gpt-4o", "store": true)"))), "model: ignored: "));
  CHECK(warnings_of(parrot.ask(chat("\"model\": \"" + parrot.model().name() + "\""))).empty());
}

TEST_CASE("what would not be what was asked for is refused by name") {
  Answering parrot({"Yes", "No"}, asking_template);
  for (const auto& [more, said] : std::vector<std::pair<std::string, std::string>>{
           {R"("tempp": 1)", "in.jsonl, line 1: tempp: unknown key; did you mean temp"},
           {R"("stream": true)", "stream: false expected"},
           {R"("echo": true)", "echo: a prompt is told again"},
           {R"("top_logprobs": 2)", "top_logprobs: logprobs: true expected"},
           {R"("logit_bias": {"258": 1, "260": -100})",
            "logit_bias.260: there is no token 260; ids go from 0 to 259"},
           {R"("logit_bias": {"1-3": 1})", "there is no token 1-3"},
           {R"("ban": "id:9999")", "there is no token 9999"},
           {R"("stop_token_ids": [260])", "stop_token_ids[0]"},
           {R"("allowed_token_ids": [-1])", "allowed_token_ids[0]"},
           {R"("tool_choice": "perhaps")", "tool_choice: none, auto, required or a function expected"},
           {R"("tools": [{"type": "function"}])", "tools[0]"},
           {R"("modalities": ["text", "audio"])", "modalities[1]: text expected"},
           {R"("response_format": {"type": "xml"})", "response_format.type: text, json_object"},
           {R"("best_of": 1, "n": 2)", "best_of: at least n = 2 expected, 1 found"},
           {R"("max_tokens": -2)", "max_tokens: "},
           {R"("max_tokens": 0)", "max_tokens: 0 tokens are asked for"},
           {R"("prompt": "x")", "prompt: messages and prompt exclude each other"},
           {R"("guided_json": {"type": "object"})", "guided_json: Kelvin cannot bind"},
           {R"("mirostat_tau": 4)", "mirostat_tau: unknown key; say the stage"},
           {R"("stop": "")", "stop: a text expected, an empty one found"}}) {
    const std::string& key = more;  // clang 14 captures no structured binding
    CAPTURE(key);
    CHECK(test::holds(parrot.refusal(chat(more)), said));
  }
  CHECK(test::holds(parrot.refusal(chat(
                        "", R"([{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {}}])")),
                    "messages[0].content[1]: a part of type text expected, image_url found"));
  for (const auto& [body, said] : std::vector<std::pair<std::string, std::string>>{
           {R"({"prompt": "x", "suffix": "y"})", "suffix: "},
           {R"({"prompt": "x", "tools": []})", "tools: this is a key of chats"},
           {R"({"prompt": []})", "prompt: a text, a list of texts"},
           {R"({"prompt": ["x", 5]})", "prompt[1]"},
           {R"({"prompt": [[1], [260]]})", "prompt[1][0]"},
           {R"({"prompt": ["x", ""]})", "with at least one token"}})
    CHECK(test::holds(parrot.refusal(body), said));
}

TEST_CASE("tools reach the template; calls and thoughts come out apart") {
  const std::string call = R"(<tool_call>{"name": "now", "arguments": {"tz": "UTC"}}</tool_call>)";
  Answering parrot({"<think>", "hm", "</think>", "So: ", call,
                    "<tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call>"},
                   asking_template);
  const std::string tools = "\"tools\": [" + now + "]";
  const std::int64_t plain = prompt_tokens(parrot.ask(chat("")));
  const JsonDocument called = parrot.ask(chat(tools));
  CHECK(prompt_tokens(called) == plain + 8);  // "tools 1\n"
  const JsonValue message = choice_of(called).at("message");
  CHECK(choice_of(called).at("finish_reason").as_string() == "tool_calls");
  CHECK(message.at("content").as_string() == "So:");
  CHECK(message.at("reasoning_content").as_string() == "hm");
  CHECK(message.at("refusal").is_null());
  REQUIRE(message.at("tool_calls").size() == 2);
  const JsonValue first = message.at("tool_calls").at(0);
  CHECK(first.at("type").as_string() == "function");
  CHECK(first.at("id").as_string() != message.at("tool_calls").at(1).at("id").as_string());
  CHECK(first.at("function").at("name").as_string() == "now");
  CHECK(
      parse_json(std::string(first.at("function").at("arguments").as_string())).root().at("tz").as_string() ==
      "UTC");
  CHECK(choice_of(parrot.ask(chat(tools + R"(, "parallel_tool_calls": false)")))
            .at("message")
            .at("tool_calls")
            .size() == 1);
  // Cut off within the calls, what is there is told, and why it ends.
  CHECK(choice_of(parrot.ask(chat(tools + R"(, "max_tokens": 5)"))).at("finish_reason").as_string() ==
        "length");

  for (const std::string& without : {std::string(), tools + R"(, "tool_choice": "none")"}) {
    const JsonDocument answer = parrot.ask(chat(without));
    CHECK(prompt_tokens(answer) == plain);
    CHECK(!choice_of(answer).at("message").find("tool_calls"));
    CHECK(test::holds(std::string(choice_of(answer).at("message").at("content").as_string()), call));
    CHECK(choice_of(answer).at("finish_reason").as_string() == "stop");
  }
  const JsonDocument older = parrot.ask(chat(R"("functions": [{"name": "now"}], "function_call": "auto")"));
  CHECK(choice_of(older).at("message").at("function_call").at("name").as_string() == "now");
  CHECK(choice_of(older).at("finish_reason").as_string() == "function_call");

  Answering alone({call}, "{% for m in messages %}{{ m.content }}{% endfor %}<|a|>");
  const JsonDocument nothing_else = alone.ask(chat(tools));
  CHECK(choice_of(nothing_else).at("message").at("content").is_null());
  CHECK(test::holds(warnings_of(nothing_else), "tools: ignored: the model's chat template names none"));
  // The template begins the thought.
  Answering begun({"hm", "</think>", "Yes"},
                  "{% for m in messages %}{{ m.content }}{% endfor %}<|a|><think>\n");
  const JsonDocument thought = begun.ask(chat(""));
  CHECK(choice_of(thought).at("message").at("reasoning_content").as_string() == "hm");
  CHECK(choice_of(thought).at("message").at("content").as_string() == "Yes");
}

TEST_CASE("parts of text are one text, unless the template reads parts; roles it does not know are others") {
  const std::string parts = R"([{"type": "text", "text": "ab"}, {"type": "text", "text": "c"}])";
  Answering texts({"Yes"}, "{% for m in messages %}{{ m.role[0] }}{{ m.content }}{% endfor %}<|a|>");
  CHECK(prompt_tokens(texts.ask(chat("", parts))) == 6);  // u, "ab\nc", <|a|>
  const auto role = [](Answering& model, const std::string& name) {
    return prompt_tokens(model.ask(R"({"messages": [{"role": ")" + name + R"(", "content": "x"}]})"));
  };
  Answering roles({"Yes"}, "{% for m in messages %}{{ m.role }}{% endfor %}<|a|>");
  CHECK(role(roles, "developer") == 7);  // system
  CHECK(role(roles, "function") == 5);   // tool
  Answering knows(
      {"Yes"},
      "{% for m in messages %}{{ m.role }}{% if m.role == 'developer' %}!{% endif %}{% endfor %}<|a|>");
  CHECK(role(knows, "developer") == 11);
  Answering reads(
      {"Yes"},
      "{% for m in messages %}{% for p in m.content %}{% if p.type == 'text' %}{{ p.text }}{% endif %}"
      "{% endfor %}{% endfor %}<|a|>");
  CHECK(prompt_tokens(reads.ask(chat("", parts))) == 4);
}

TEST_CASE("several prompts, several choices, and the likeliest of them") {
  Answering model;
  const std::string more = R"("seed": 3, "temperature": 1.2, "max_tokens": 5, "n": 2})";
  const JsonDocument both = model.ask(R"({"prompt": ["The fox", "A king"], )" + more);
  REQUIRE(body_of(both).at("choices").size() == 4);
  std::int64_t given = 0;
  for (std::size_t p = 0; p < 2; ++p) {
    const JsonDocument one =
        model.ask(std::string(R"({"prompt": )") + (p == 0 ? "\"The fox\", " : "[\"A king\"], ") + more);
    given += prompt_tokens(one);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(choice_of(both, 2 * p + i).at("index").as_uint() == 2 * p + i);
      CHECK(choice_of(both, 2 * p + i).at("text").as_string() == choice_of(one, i).at("text").as_string());
    }
  }
  CHECK(prompt_tokens(both) == given);
  CHECK(body_of(both).at("usage").at("completion_tokens").as_int() == 20);
  const JsonDocument ids = model.ask(R"({"prompt": [[640, 609], [640]], )" + more);
  CHECK(choice_of(ids, 2).at("text").as_string() ==
        choice_of(model.ask(R"({"prompt": [640], )" + more)).at("text").as_string());

  const std::string draws = R"({"prompt": "The fox", "temperature": 1.5, "max_tokens": 4, "logprobs": 0, )";
  const JsonDocument all = model.ask(draws + R"("n": 5})"),
                     best = model.ask(draws + R"("n": 2, "best_of": 5})");
  std::vector<std::pair<double, std::string>> order;
  for (const JsonValue choice : body_of(all).at("choices").items()) {
    double sum = 0;
    for (const JsonValue p : choice.at("logprobs").at("token_logprobs").items()) sum += p.as_double();
    order.emplace_back(-sum / static_cast<double>(choice.at("ids").size()), choice.at("text").as_string());
  }
  std::sort(order.begin(), order.end());
  REQUIRE(body_of(best).at("choices").size() == 2);
  for (std::size_t i = 0; i < 2; ++i) CHECK(choice_of(best, i).at("text").as_string() == order[i].second);
  CHECK(body_of(best).at("usage").at("completion_tokens").as_int() ==
        body_of(all).at("usage").at("completion_tokens").as_int());
}

TEST_CASE("log-probabilities in both forms; a prompt told again") {
  Answering model;
  const std::string prompt =
      R"({"prompt": "The fox saw a cat", "temperature": 0, "min_tokens": 4, "max_tokens": 4, "logprobs": 2)";
  const JsonDocument echoed = model.ask(prompt + R"(, "echo": true})"), plain = model.ask(prompt + "}");
  const JsonValue told = choice_of(echoed).at("logprobs"), drawn = choice_of(plain).at("logprobs");
  const std::string text(choice_of(echoed).at("text").as_string());
  CHECK(text == "The fox saw a cat" + std::string(choice_of(plain).at("text").as_string()));
  const std::size_t all = told.at("tokens").size(), last = drawn.at("tokens").size();
  REQUIRE(told.at("token_logprobs").size() == all);
  REQUIRE(told.at("top_logprobs").size() == all);
  REQUIRE(told.at("text_offset").size() == all);
  std::string joined;
  for (std::size_t i = 0; i < all; ++i) {
    CHECK(told.at("text_offset").at(i).as_uint() == unicode::count_chars(joined));
    joined += told.at("tokens").at(i).as_string();
  }
  CHECK(joined == text);
  CHECK(all - last + 1 ==
        static_cast<std::size_t>(prompt_tokens(echoed)));  // the tokenizer's BOS is no part of the text
  for (std::size_t i = 0; i < last; ++i) {
    CHECK(told.at("token_logprobs").at(all - last + i).as_double() ==
          drawn.at("token_logprobs").at(i).as_double());
    CHECK(told.at("text_offset").at(all - last + i).as_uint() == drawn.at("text_offset").at(i).as_uint());
    const JsonValue top = drawn.at("top_logprobs").at(i);
    CHECK(top.size() == 2);
    CHECK(top.at(drawn.at("tokens").at(i).as_string()).as_double() ==
          drawn.at("token_logprobs").at(i).as_double());
  }
  // What is likely after a text is as likely where it is part of the prompt.
  const JsonDocument scored =
      model.ask(R"({"prompt": ")" + text + R"(", "max_tokens": 0, "echo": true, "logprobs": 0})");
  CHECK(choice_of(scored).at("text").as_string() == text);
  CHECK(choice_of(scored).at("finish_reason").as_string() == "length");
  CHECK(choice_of(scored).at("logprobs").at("top_logprobs").is_null());
  CHECK(body_of(scored).at("usage").at("completion_tokens").as_int() == 0);
  for (std::size_t i = 0; i < all; ++i)
    CHECK(choice_of(scored).at("logprobs").at("token_logprobs").at(i).as_double() ==
          told.at("token_logprobs").at(i).as_double());
  // Given as ids, the first has nothing before it.
  const JsonDocument ids =
      model.ask(R"({"prompt": [640, 609], "max_tokens": 0, "echo": true, "logprobs": 1})");
  CHECK(choice_of(ids).at("logprobs").at("token_logprobs").at(0).is_null());
  CHECK(choice_of(ids).at("logprobs").at("token_logprobs").at(1).as_double() < 0);
  CHECK(choice_of(ids).at("text").as_string() == "Once upon");

  // A piece of a character has no text: its bytes are spelled.
  Answering bytes({"Yes"}, asking_template);
  const std::string half = R"("max_tokens": 1, "sample": "allow=id:195,min-new=1", "logprobs": )";
  CHECK(choice_of(bytes.ask(R"({"prompt": "x", )" + half + "1}"))
            .at("logprobs")
            .at("tokens")
            .at(0)
            .as_string() == "bytes:\\xc3");
  const JsonDocument chatted = bytes.ask(chat(half + R"(true, "top_logprobs": 1)"));
  const JsonValue token = choice_of(chatted).at("logprobs").at("content").at(0);
  CHECK(token.at("token").as_string() == "\\xc3");
  CHECK(token.at("bytes").at(0).as_int() == 0xC3);
  CHECK(token.at("top_logprobs").size() == 1);
}

TEST_CASE("as many tokens as the context holds") {
  Answering model;
  model.model().context = 24;
  const JsonDocument answer = model.ask(R"({"prompt": "The fox", "max_tokens": -1, "ignore_eos": true})");
  CHECK(body_of(answer).at("usage").at("total_tokens").as_int() == 24);
  CHECK(choice_of(answer).at("finish_reason").as_string() == "length");
}

}  // namespace
}  // namespace kelvin
