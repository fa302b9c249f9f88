// Thoughts and calls in a chat, with models that say one thing.
#include <doctest/doctest.h>

#include <sstream>

#include "tests/support.h"
#include "tests/tools/parrot.h"
#include "tokenizer/base/user_error.h"
#include "tools/chat/chat_commands.h"
#include "tools/options/model_options.h"

namespace kelvin {
namespace {

const std::string plain_messages =
    "{% for m in messages %}<|a|>{{ m.role }}\n{% if m.reasoning_content %}({{ m.reasoning_content }}){% "
    "endif %}"
    "{{ m.content }}{% for c in m.tool_calls or [] %}!{{ c.function|tojson }}{% endfor %}{{ m.tool_call_id "
    "}}<|e|>\n{% endfor %}";
const std::string opened =
    plain_messages +
    "{% if add_generation_prompt %}<|a|>assistant\n<think>\n{% if enable_thinking is false %}\n</think>\n\n"
    "{% endif %}{% endif %}";

struct Parrot {
  Parrot(const std::vector<std::string>& pieces, const std::string& chat_template,
         const std::string& tools = "") {
    test::write_parrot(folder.path(), pieces, chat_template);
    ModelFlags flags;
    flags.folder = folder.path().string();
    flags.threads = 1;
    model.emplace(open_model(flags));
    ChatSettings settings;
    settings.sampling.set("temp", "0", Source::flag, "test");
    if (!tools.empty()) settings.tools = parse_tools(tools, "tools.json");
    session.emplace(*model, settings);
    commands.emplace(*session, view, told);
  }
  std::string run(const std::string& line) {
    out.str("");
    then = commands->run(line);
    return out.str();
  }

  test::TemporaryFolder folder;
  std::optional<OpenModel> model;
  std::optional<ChatSession> session;
  ChatView view;
  std::ostringstream out;
  TerminalText told{out, -1};
  std::optional<ChatCommands> commands;
  ChatCommands::Then then = ChatCommands::Then::read_on;
};

TEST_CASE("a thought that the prompt opens belongs to the answer") {
  Parrot parrot({"Let me", " see.\n", "</th", "ink>", "\n\nYes."}, opened);
  std::string streamed;
  ChatTurn turn;
  turn.on_text = [&](std::string_view text, double) { streamed += text; };
  const Continuation reply = parrot.session->ask("hello?", turn);
  CHECK(reply.text == "<think>\nLet me see.\n</think>\n\nYes.");
  CHECK(streamed == reply.text);
  CHECK(parrot.run("/show thought") == "Let me see.\n");
  CHECK(parrot.session->thought_tokens() == 4);
  CHECK(parrot.session->prompt_text().ends_with("<|a|>assistant\n<think>\n"));
  // In the history it stands where the template has it.
  parrot.session->ask("and?", turn);
  CHECK(
      test::holds(parrot.session->prompt_text(), "<|a|>assistant\n(Let me see.)Yes.<|e|>\n<|a|>user\nand?"));
  // Another answer, a saved chat, and explanations know nothing of it.
  CHECK(parrot.session->regenerate(turn).text == reply.text);
  CHECK(parrot.session->explain_token(3).id == reply.ids[2]);
  const SavedChat saved = parrot.session->save();
  ChatSession other(*parrot.model, parrot.session->settings());
  other.restore(parse_session(session_text(saved), "chat"), "chat");
  CHECK(session_text(other.save()) == session_text(saved));
  CHECK(other.prompt_text() == parrot.session->prompt_text());
  CHECK(parrot.session->undo());
  CHECK(parrot.session->undo());
  CHECK_THROWS_AS(parrot.run("/show thought"), ChatError);
}

TEST_CASE("a marker that the user writes begins no thought") {
  Parrot parrot({"Yes."}, "{% for m in messages %}{{ m.content }}{% endfor %}");
  parrot.session->ask("What is <think>", {});
  CHECK(parrot.session->messages()[1].content == "Yes.");
}

TEST_CASE("the switch is set, shown, saved and refused") {
  Parrot parrot({"Yes."}, opened);
  CHECK(parrot.run("/show think") == "think    as the template does (its switch is enable_thinking)\n");
  CHECK(parrot.run("/set think off") == "think    off (its switch is enable_thinking)\n");
  CHECK(parrot.session->ask("hello?", {}).text == "Yes.");
  CHECK(parrot.session->prompt_text().ends_with("<think>\n</think>\n\n"));
  CHECK_THROWS_AS(parrot.run("/set think high"), UserError);
  CHECK(test::holds(parrot.run("/set think fold"), "off (its switch is enable_thinking), folded"));
  CHECK(parrot.view.fold_thoughts);
  const SavedChat saved = parrot.session->save();
  CHECK(saved.chat_template.think == "off");
  parrot.run("/set think auto");
  parrot.session->restore(parse_session(session_text(saved), "chat"), "chat");
  CHECK(parrot.session->settings().chat_template.think == "off");
  CHECK(parrot.run("/set template-arg enable_thinking=true") == "template-arg enable_thinking=true\n");
  CHECK(parrot.session->ask("hello?", {}).text == "<think>\nYes.");
  CHECK(test::holds(parrot.run("/set template-arg enable_thnking=1"),
                    "never looks at enable_thnking; did you mean enable_thinking?"));
  CHECK(parrot.run("/set template-arg off") == "template-arg none\n");

  Parrot without({"Yes."}, plain_messages + "<|a|>assistant\n");
  CHECK_THROWS_WITH_AS(without.run("/set think off"), doctest::Contains("no switch"), UserError);
  CHECK(test::holds(without.run("/show think"), "(it has no switch)"));
  // A chat of another model may be loaded all the same.
  without.session->restore(saved, "chat");
  CHECK(without.session->settings().chat_template.think == "");
}

TEST_CASE("parallel calls get their results one by one, before the model is asked") {
  Parrot parrot(
      {"<think>", "[now()]", "</think>", "<tool_call>{\"name\": \"now\", \"arguments\": {}}</tool_call>",
       "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1}}</tool_call>"},
      "{{ tools|length }}" + plain_messages + "<|a|>assistant\n", R"([{"name": "now"}, {"name": "add"}])");
  parrot.session->ask("both please", {});
  REQUIRE(parrot.session->open_calls().size() == 2);
  CHECK(test::holds(parrot.run("/tool 12:00"), "/tool TEXT answers add with {\"a\": 1}"));
  CHECK(parrot.then == ChatCommands::Then::read_on);
  CHECK(parrot.session->open_calls().size() == 1);
  CHECK_THROWS_AS(parrot.session->ask("another question", {}), ChatError);
  // What is kept is saved, and taken back first.
  const SavedChat saved = parrot.session->save();
  CHECK(saved.messages.size() == 3);
  parrot.session->restore(parse_session(session_text(saved), "chat"), "chat");
  CHECK(test::holds(parrot.run("/undo"), "took back the result \"12:00\""));
  CHECK(parrot.session->open_calls().size() == 2);
  parrot.run("/tool 12:00");
  parrot.run("/tool 7");
  CHECK(parrot.then == ChatCommands::Then::answer_tool);
  parrot.session->ask(parrot.commands->tool_text(), {}, "tool");
  CHECK(parrot.session->messages().size() == 5);
  CHECK(test::holds(parrot.session->prompt_text(),
                    "<|a|>assistant\n([now()])!{\"name\": \"now\", \"arguments\": {}}!{\"name\": \"add\", "
                    "\"arguments\": {\"a\": 1}}<|e|>\n"
                    "<|a|>tool\n12:00000000001<|e|>\n<|a|>tool\n7000000002<|e|>\n<|a|>assistant"));
  // Both results go with their answer.
  CHECK(parrot.session->undo());
  CHECK(parrot.session->messages().size() == 2);
  CHECK(parrot.session->open_calls().size() == 2);
}

TEST_CASE("calls that a thought drafts are none") {
  for (const std::string opening : {"", "<think>\n"}) {
    CAPTURE(opening);
    Parrot parrot({opening.empty() ? "<think>" : "Hm. ",
                   "<tool_call>{\"name\": \"now\", \"arguments\": {}}</tool_call>", "</think>", "Noon."},
                  "{{ tools|length }}" + plain_messages + "<|a|>assistant\n" + opening,
                  R"([{"name": "now"}])");
    parrot.session->ask("what time?", {});
    CHECK(parrot.session->open_calls().empty());
    CHECK(parrot.session->last_split().answer == "Noon.");
    CHECK(parrot.session->messages()[1].content.starts_with("<think>"));
  }
}

TEST_CASE("the prompt before the first message is shown, or why there is none") {
  Parrot strict({"Yes."}, "{% if messages[0].role == 'system' %}S{% endif %}" + plain_messages);
  CHECK(strict.run("/show prompt") ==
        "no message yet, and this model's chat template cannot do without one\n");
  CHECK(test::holds(strict.run("/show"), "context  0 of"));
  strict.session->settings().system = "Be kind.";
  CHECK(test::holds(strict.run("/show prompt"), "Be kind."));
  Parrot raising({"Yes."},
                 "{% if messages|length == 0 %}{{ raise_exception('no') }}{% endif %}" + plain_messages);
  CHECK(test::holds(raising.run("/show prompt"), "no message yet"));
  Parrot lenient({"Yes."}, "Begin. " + plain_messages);
  CHECK(lenient.run("/show prompt") == "Begin. \n(7 tokens)\n");
}

}  // namespace
}  // namespace kelvin
