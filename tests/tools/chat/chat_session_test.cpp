#include "tools/chat/chat_session.h"
#include "tokenizer/base/user_error.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "loaders/files/load_error.h"
#include "tests/tools/demo.h"

namespace kelvin {
namespace {

namespace fs = std::filesystem;

ChatSettings settings_at(const std::string& temperature) {
  ChatSettings settings;
  settings.sampling.set("temp", temperature, Source::flag, "test");
  settings.seed = 21;
  settings.max_tokens = 25;
  return settings;
}

const ChatTurn plain{};

TEST_CASE("a chat that keeps its cache says what one without says") {
  ChatSession kept(test::demo(), settings_at("1.1"));
  std::vector<std::string> answers;
  for (const std::string question : {"Tell me a story.", "What is entropy?", "Thank you!"}) {
    // The same conversation, but a model without memory of it.
    ChatSession fresh(test::demo(), settings_at("0"));
    fresh.restore(kept.save(), "test");
    const Continuation with = kept.ask(question, plain), without = fresh.ask(question, plain);
    CHECK(with.ids == without.ids);
    CHECK(without.cached == 0);
    if (!answers.empty()) CHECK(with.cached > without.prompt_tokens / 2);
    answers.push_back(with.text);
  }
  CHECK(kept.messages().size() == 6);
  CHECK(kept.messages()[3].content == answers[1]);
}

TEST_CASE("another answer has other noise, and is that of a fresh run") {
  ChatSession session(test::demo(), settings_at("1.1"));
  const Continuation first = session.ask("Tell me a story.", plain);
  ChatSession other(test::demo(), settings_at("1.1"));
  other.restore(session.save(), "test");
  const Continuation second = session.regenerate(plain);
  CHECK(second.ids != first.ids);
  CHECK(other.regenerate(plain).ids == second.ids);
  CHECK(session.messages().size() == 2);
  CHECK(session.messages()[1].attempt == 1);
  CHECK(session.undo());
  CHECK(session.ask("Tell me a story.", plain).ids == first.ids);
  CHECK(session.undo());
  CHECK_FALSE(session.undo());
  CHECK_THROWS_AS(session.regenerate(plain), ChatError);
}

TEST_CASE("the prompt holds one BOS and opens the model's turn") {
  ChatSettings settings = settings_at("0");
  settings.system = "Be kind.";
  ChatSession session(test::demo(), settings);
  session.ask("hello", plain);
  const std::vector<int> ids = session.prompt_ids();
  CHECK(std::count(ids.begin(), ids.end(), 2043) == 1);
  CHECK(ids[0] == 2043);
  const std::string text = session.prompt_text();
  CHECK(
      text.starts_with("<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|>"));
  CHECK(text.ends_with("<|start_header_id|>assistant<|end_header_id|>\n\n"));
  CHECK(session.length() > static_cast<int>(ids.size()));
}

TEST_CASE("what cannot be answered leaves the conversation as it was") {
  ChatSession session(test::demo(), settings_at("0"));
  session.ask("hello", plain);
  const std::string before = session_text(session.save());
  std::string endless;
  for (int i = 0; i < 1500; ++i) endless += "word ";
  CHECK_THROWS_AS(session.ask(endless, plain), ChatError);
  CHECK(session_text(session.save()) == before);

  std::atomic<bool> stop{true};
  ChatTurn stopped;
  stopped.stop = &stop;
  CHECK(session.ask("and now?", stopped).ids.empty());
  CHECK(session_text(session.save()) == before);
  CHECK(session.regenerate(stopped).ids.empty());
  CHECK(session_text(session.save()) == before);

  session.settings().sampling.set("sample", "temp=1", Source::flag, "--sample");
  CHECK_THROWS_AS(session.ask("more", plain), UserError);
  CHECK(session.messages().size() == 2);
}

TEST_CASE("an interrupted answer stays as far as it came") {
  ChatSession session(test::demo(), settings_at("0"));
  std::atomic<bool> stop{false};
  ChatTurn turn;
  turn.stop = &stop;
  turn.on_text = [&](std::string_view, double) { stop = true; };
  const Continuation reply = session.ask("Tell me a story.", turn);
  CHECK(reply.ending == Ending::interrupted);
  REQUIRE(session.messages().size() == 2);
  CHECK(session.messages()[1].content == reply.text);
  CHECK_FALSE(reply.text.empty());
  CHECK(session.ask("And then?", plain).ending != Ending::interrupted);
}

TEST_CASE("a folder without a template continues the text") {
  const test::TemporaryFolder folder;
  for (const char* name : {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json"})
    fs::create_symlink(test::source_dir() / "tools" / "ember" / name, folder.path() / name);
  ModelFlags flags;
  flags.folder = folder.path().string();
  OpenModel model = open_model(flags);
  ChatSession session(model, settings_at("0"));
  CHECK_FALSE(session.has_template());
  const Continuation reply = session.ask("Once upon a time", plain);
  CHECK(session.prompt_text() == "Once upon a time");
  session.ask(" And", plain);
  CHECK(session.prompt_text() == "Once upon a time" + reply.text + " And");
  CHECK(session.prompt_ids()[0] == 2043);
}

TEST_CASE("tools reach the template, and what they say comes back as a tool's message") {
  const test::TemporaryFolder folder;
  for (const char* name : {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
                           "tokenizer_config.json"})
    fs::create_symlink(test::source_dir() / "tools" / "ember" / name, folder.path() / name);
  const auto put_template = [&](const std::string& text) {
    std::ofstream(folder.path() / "chat_template.jinja") << text;
    ModelFlags flags;
    flags.folder = folder.path().string();
    return open_model(flags);
  };
  ChatSettings settings = settings_at("0");
  settings.tools = parse_tools(R"([{"name": "clock", "description": "the time"}])", "tools.json");
  OpenModel model = put_template(
      "{{ bos_token }}{% for t in tools %}T:{{ t.function.name }};{% endfor %}{% for m in messages %}{{ "
      "m.role }}="
      "{{ m.content }}{% if m.tool_calls %}!{{ m.tool_calls[0].function.name }}{% endif %}{{ m.tool_call_id "
      "}};"
      "{% endfor %}");
  ChatSession session(model, settings);
  const std::string answer = session.ask("hello", plain).text;
  CHECK(session.prompt_text() == "<|begin_of_text|>T:clock;user=hello;");
  session.ask("12:30", plain, "tool");
  CHECK(session.prompt_text() == "<|begin_of_text|>T:clock;user=hello;assistant=" + answer + ";tool=12:30;");
  // An answer that is a call is given to the template as one.
  SavedChat saved = session.save();
  saved.messages[1].content = R"({"name": "clock", "arguments": {}})";
  const std::string text = session_text(saved);
  session.restore(parse_session(text, "chat"), "chat");
  CHECK(session.prompt_text() == "<|begin_of_text|>T:clock;user=hello;assistant=!clock;tool=12:30000000001;");
  CHECK(session.regenerate(plain).ids.size() > 0);

  OpenModel other = put_template("{{ messages[0].content }}");
  CHECK_THROWS_WITH_AS(ChatSession(other, settings), doctest::Contains("--tools"), UserError);
}

TEST_CASE("one BOS, whether the template writes it, the tokenizer adds it or both") {
  const test::TemporaryFolder folder;
  for (const char* name : {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
                           "tokenizer_config.json"})
    fs::create_symlink(test::source_dir() / "tools" / "ember" / name, folder.path() / name);
  for (const std::string start : {"", "{{ bos_token }}"}) {
    std::ofstream(folder.path() / "chat_template.jinja") << start + "{{ messages[-1].content }}";
    ModelFlags flags;
    flags.folder = folder.path().string();
    OpenModel model = open_model(flags);
    ChatSession session(model, settings_at("0"));
    session.ask("hello", plain);
    const std::vector<int> ids = session.prompt_ids();
    CHECK(std::count(ids.begin(), ids.end(), 2043) == 1);
    CHECK(ids[0] == 2043);
  }
}

TEST_CASE("a saved chat with settings that make no sense is refused whole") {
  ChatSession session(test::demo(), settings_at("0"));
  session.ask("hello", plain);
  const std::string before = session_text(session.save());
  SavedChat saved = session.save();
  saved.messages.clear();
  saved.sample = "tmep=1";
  CHECK_THROWS_WITH_AS(session.restore(saved, "chat.json"),
                       "chat.json: unknown stage \"tmep\"; did you mean \"temp\"?", LoadError);
  CHECK(session_text(session.save()) == before);
}

TEST_CASE("every token of the last answer can be explained, with what the chain remembered there") {
  for (const std::string chain : {"temp=1.4,min-p=0.02", "string-ban=' fox',temp=1.3,mirostat-2=3",
                                  "penalty=1.3,temp=1.2,adaptive-p=0.6"}) {
    CAPTURE(chain);
    ChatSettings settings = settings_at("1");
    settings.sampling = SamplerSettings();
    settings.sampling.set("sample", chain, Source::flag, "test");
    ChatSession session(test::demo(), settings);
    CHECK_THROWS_AS(session.explain_token(1), ChatError);
    session.ask("hello", plain);
    const std::vector<int> ids = session.ask("Tell me a story about a brave fox.", plain).ids;
    CHECK(std::equal(ids.begin(), ids.end(), session.last_answer().begin(), session.last_answer().end()));
    // The settings of now do not matter.
    session.settings().sampling.set("sample", "temp=0", Source::flag, "test");
    for (std::size_t number = ids.size(); number >= 1; --number) {
      const ChatSession::Explained found = session.explain_token(number);
      CHECK(found.id == ids[number - 1]);
      CHECK(found.why.drawn.id == found.id);
      CHECK(found.before.size() == number - 1);
      CHECK(found.trace.stages.size() == Chain::parse(chain, session.vocabulary()).links().size());
    }
    CHECK_THROWS_AS(session.explain_token(0), ChatError);
    CHECK_THROWS_AS(session.explain_token(ids.size() + 1), ChatError);
    // The model's memory was used for it; the chat goes on as if it had not been.
    session.settings().sampling.set("sample", chain, Source::flag, "test");
    ChatSession fresh(test::demo(), session.settings());
    fresh.restore(session.save(), "test");
    CHECK(session.ask("And then?", plain).ids == fresh.ask("And then?", plain).ids);
    session.undo();
    CHECK_THROWS_AS(session.explain_token(1), ChatError);
  }
}

}  // namespace
}  // namespace kelvin
