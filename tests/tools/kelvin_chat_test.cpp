#include <doctest/doctest.h>

#include <algorithm>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support.h"
#include "tests/tools/parrot.h"

namespace kelvin {
namespace {

namespace fs = std::filesystem;
test::Finished chat(std::vector<std::string> options, const std::string& input) {
  options.insert(options.begin(), "kelvin-chat");
  return test::run_tool(options, input);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST_CASE("each line of a pipe is a turn, and only answers go to stdout") {
  const test::Finished done =
      chat({"--temp", "0"},
           "Tell me a story about a brave fox.\n\nTell me a story about a shy dragon in the library.");
  CHECK(done.status == 0);
  const std::vector<std::string> answers = lines_of(done.out);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].starts_with("Once upon a time, a brave fox"));
  CHECK(test::holds(answers[1], "dragon"));
  CHECK(done.err.starts_with("seed "));
}

TEST_CASE("the same seed and the same lines give the same chat, whatever the threads") {
  const std::string input = "Tell me a story.\nWhat is temperature?\n";
  const test::Finished one = chat({"--temp", "1.2", "--seed", "5", "--threads", "1"}, input);
  CHECK(chat({"--temp", "1.2", "--seed", "5", "--threads", "3"}, input).out == one.out);
  CHECK(chat({"--temp", "1.2", "--seed", "6"}, input).out != one.out);
  CHECK(one.err == "seed 5\n");
}

TEST_CASE("one message on the command line has one answer, as others type it") {
  const std::string message = "Tell me a story about a brave fox.";
  const test::Finished piped = chat({"--temp", "0"}, message + "\n");
  const std::string model = (test::source_dir() / "tools" / "ember").string();
  for (const std::vector<std::string>& ways : std::vector<std::vector<std::string>>{
           {"-m", model, "-p", message}, {model, "--prompt", message}, {"-p", message, "--model", model}}) {
    std::vector<std::string> options = ways;
    options.insert(options.end(), {"--temp", "0"});
    const test::Finished once = chat(options, "not read\n");
    CHECK(once.status == 0);
    CHECK(once.out == piped.out);
    CHECK(once.err.starts_with("seed "));
  }
  const test::Finished cut = chat({"-p", message, "-n", "5", "--temp", "0"}, "");
  CHECK(piped.out.starts_with(cut.out.substr(0, cut.out.size() - 1)));
  CHECK(test::holds(cut.err, "[cut after 5 tokens"));
}

TEST_CASE("an answer ends before a stop text, and the chat goes on") {
  const std::string message = "Tell me a story about a brave fox.\n";
  const std::string whole = chat({"--temp", "0"}, message).out;
  const std::size_t at = whole.find("brave");
  REQUIRE(at != whole.npos);
  const test::Finished done = chat({"--temp", "0", "--stop", "nowhere", "--stop", "brave"}, message);
  CHECK(done.out == whole.substr(0, at) + "\n");
  const test::Finished later = chat({"--temp", "0", "--stop", "brave"}, message + "/set stop off\n/regen\n");
  CHECK(later.out.size() > whole.size() / 2);
  CHECK(chat({"--stop", ""}, message).status == 2);
}

TEST_CASE("an answer that is begun goes on from there") {
  const std::string message = "Tell me a story about a brave fox.";
  const test::Finished done = chat({"--temp", "0", "--assistant", "In the deep sea,", "-p", message}, "");
  CHECK(done.out.starts_with("In the deep sea,"));
  CHECK(done.out.size() > 30);
  const test::Finished set =
      chat({"--temp", "0"}, "/set assistant In the deep sea,\n" + message + "\n/set assistant off\n/regen\n");
  CHECK(set.out.starts_with(done.out));
  CHECK_FALSE(set.out.substr(done.out.size()).starts_with("In the deep sea,"));
}

TEST_CASE("a context beyond what the model was made for is said to be one") {
  CHECK(test::holds(chat({"--ctx", "100000", "-p", "hello", "-n", "3"}, "").err,
                    "note: --ctx 100000 is more than the "));
  CHECK_FALSE(test::holds(chat({"--ctx", "100", "-p", "hello", "-n", "3"}, "").err, "note"));
}

TEST_CASE("every temperature of the real line answers") {
  for (const char* temperature : {"0", "-0", "0.001", "-0.001", "0.8", "1e5", "-1e5", "inf", "-inf"}) {
    CAPTURE(temperature);
    const test::Finished done = chat({"--temp", temperature, "--seed", "1", "--n", "15"}, "hello\n");
    CHECK(done.status == 0);
    CHECK(done.out.size() > 1);
  }
  CHECK(chat({"--temp", "nan"}, "").status == 2);
}

TEST_CASE("commands change the chat, errors are not sent to the model") {
  const test::Finished done =
      chat({"--seed", "1"},
           "/set temp 0\n/sett temp 1\n/set tmep 1\n/set temp hot\n/nonsense\n"
           "Tell me a story about a brave fox.\n/undo\n/undo\n/show\n/exit\nnot read\n");
  CHECK(done.status == 1);  // some turns of the pipe were refused
  CHECK(lines_of(done.out).size() == 1);
  CHECK(test::holds(done.err, "chain temp=0\n"));
  CHECK(test::holds(done.err, "error: unknown command /sett; did you mean /set?"));
  CHECK(test::holds(done.err, "error: unknown setting \"tmep\"; did you mean temp?"));
  CHECK(test::holds(done.err, "error: unknown command /nonsense ("));
  CHECK(test::holds(done.err, "error: there is nothing to take back"));
  CHECK(test::holds(done.err, "0 messages"));
  CHECK(test::holds(done.err, "(--seed)"));
  CHECK(test::holds(done.err, "generation_config.json"));
}

TEST_CASE("/show prompt is the exact prompt, special tokens marked") {
  const test::Finished done = chat({"--system", "Be kind."}, "/show prompt\n");
  CHECK(test::holds(
      done.err,
      "[[<|begin_of_text|>]][[<|start_header_id|>]]system[[<|end_header_id|>]]\n\nBe kind.[[<|eot_id|>]]"
      "[[<|start_header_id|>]]assistant[[<|end_header_id|>]]\n\n"));
}

TEST_CASE("a saved chat goes on as if it had not been interrupted") {
  const test::TemporaryFolder folder;
  const std::string file = (folder.path() / "chat.json").string();
  const std::vector<std::string> options = {"--seed", "9", "--temp", "1.1", "--top-k", "50"};
  const std::string first = "Tell me a story.\n", second = "Tell me another one.\n";
  const test::Finished whole = chat(options, first + second);
  const test::Finished begun = chat(options, first + "/save " + file + "\n");
  CHECK(begun.status == 0);
  const test::Finished resumed = chat({}, "/load " + file + "\n" + second);
  CHECK(resumed.status == 0);
  CHECK(begun.out + resumed.out == whole.out);
  CHECK(resumed.err.ends_with("seed 9\n"));
  CHECK(chat({"--load", file}, second).out == resumed.out);
  // Settings stay changeable where a whole chain came out of the file.
  CHECK(test::holds(chat({"--load", file}, "/set temp -0.001\n").err, "chain top-k=50,temp=-0.001\n"));
}

TEST_CASE("a broken session is refused and the chat goes on") {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "chat.json";
  std::ofstream(file) << "{\"format\":\"kelvin-chat\",\"version\":1,\"seed\":";
  const test::Finished done = chat({"--temp", "0"}, "/load " + file.string() + "\n/load\nhello\n");
  CHECK(test::holds(done.err, "error: " + file.string()));
  CHECK(test::holds(done.err, "error: /load needs a file name"));
  CHECK(lines_of(done.out).size() == 1);
  CHECK(chat({"--load", file.string()}, "").status == 2);
  CHECK(chat({"--load", "/nonexistent"}, "").status == 2);
}

TEST_CASE("/regen gives another answer, /undo and the same question the same one") {
  const std::string question = "Tell me a story.\n";
  const std::vector<std::string> out =
      lines_of(chat({"--seed", "4", "--temp", "0.6"}, question + "/regen\n/undo\n" + question).out);
  REQUIRE(out.size() == 3);
  CHECK(out[0] != out[1]);
  CHECK(out[0] == out[2]);
}

TEST_CASE("a full context is told, never passed over") {
  const test::Finished cut =
      chat({"--temp", "0", "--ctx", "40"}, "Tell me a story about a brave fox.\nhello\n/show\n");
  CHECK(test::holds(cut.err, "the context of 40 tokens is full, the answer is cut here"));
  CHECK(test::holds(cut.err, "error: the conversation would need"));
  CHECK(test::holds(cut.err, "2 messages"));  // the second was not taken
  const test::Finished warned = chat({"--temp", "0", "--ctx", "160"}, "Tell me a story about a brave fox.\n");
  CHECK(test::holds(warned.err, " of 160 tokens of the context are used]"));
  const test::Finished limited = chat({"--temp", "0", "--n", "5"}, "Tell me a story about a brave fox.\n");
  CHECK(test::holds(limited.err, "[cut after 5 tokens"));
}

TEST_CASE("statistics come on stderr when asked for") {
  const test::Finished done = chat({"--temp", "0", "--stats"}, "hello\nTell me a story.\n");
  CHECK(test::holds(done.err, "mean ln p -"));
  CHECK(test::holds(done.err, "cached"));
  CHECK(test::holds(done.err, "tok/s"));
}

TEST_CASE("Ctrl-C stops the answer and keeps the chat; twice ends it") {
  const test::TemporaryFolder folder;
  const fs::path script = folder.path() / "script";
  // The first answer would never end; the signal is sent once its text begins to come, and not for the text of an
  // earlier run: the shell's child may not have emptied the file yet, and ignores the signal until it is the chat.
  std::ofstream(script)
      << "program=$1; dir=$2; times=$3; cd \"$dir\"; rm -f out err\n"
         "\"$program\" --temp 1e5 --ban id:2044,2047 --n 0 --ctx 1000000 --seed 1 --threads 1 <in >out 2>err "
         "&\n"
         "pid=$!\n"
         "while [ ! -s out ] && kill -0 $pid; do sleep 0.05; done\n"
         "kill -INT $pid; [ $times = 1 ] || kill -INT $pid\n"
         "wait $pid; echo $?\n";
  std::ofstream(folder.path() / "in") << "hello\n/set n 4\nagain\n";
  const auto with_signals = [&](const std::string& times) {
    return test::run_tool({"/bin/sh", script.string(), (test::bin_dir() / "kelvin-chat").string(),
                           folder.path().string(), times})
        .out;
  };
  CHECK(with_signals("1") == "0\n");
  const std::string err = test::read_text(folder.path() / "err");
  CHECK(test::holds(err, "[stopped]\n"));
  CHECK(test::holds(err, "[cut after 4 tokens"));
  CHECK(with_signals("2") != "");
}

TEST_CASE("the demo model is found beside an installed program") {
  const test::TemporaryFolder folder;
  const fs::path bin = folder.path() / "bin", share = folder.path() / "share" / "kelvin";
  fs::create_directories(bin);
  fs::create_directories(share);
  fs::copy(test::bin_dir() / "kelvin-chat", bin);
  fs::copy(test::source_dir() / "tools" / "ember", share / "ember");
  const test::Finished done =
      test::run_tool({(bin / "kelvin-chat").string(), "--temp", "0", "--threads", "1"}, "/show\n");
  CHECK(done.status == 0);
  CHECK(test::holds(done.err, (share / "ember").string()));
}

TEST_CASE("tools are refused where nothing would name them, and where they are none") {
  const test::TemporaryFolder folder;
  const std::string file = (folder.path() / "tools.json").string();
  std::ofstream(file) << R"([{"type": "function", "function": {"name": "clock"}}])";
  const test::Finished refused = chat({"--tools", file}, "hello\n");
  CHECK(refused.status == 2);
  CHECK(refused.err.find("--tools") != std::string::npos);
  std::ofstream(file) << R"({"name": "clock"})";
  const test::Finished odd = chat({"--tools", file}, "hello\n");
  CHECK(odd.status == 2);
  CHECK(odd.err.find("tools.json: a list") != std::string::npos);
}

TEST_CASE("folders that are no models are refused in one line") {
  const test::TemporaryFolder folder;
  for (const std::string& model :
       {std::string("/nonexistent"), folder.path().string(), std::string("/etc/passwd")}) {
    const test::Finished done = chat({"--model", model}, "hello\n");
    CHECK(done.status == 2);
    CHECK(test::holds(done.err, model));
    CHECK(std::count(done.err.begin(), done.err.end(), '\n') == 1);
  }
}

TEST_CASE("a pipe gets a thought as it is written, or the answer alone") {
  const test::TemporaryFolder folder;
  test::write_parrot(folder.path(), {"Let me see.\n", "</think>\n\n", "Yes."},
                     "{% for m in messages %}{{ m.content }}{% endfor %}<|a|><think>\n{% if thinking is "
                     "false %}</think>\n{% endif %}");
  const std::string model = folder.path().string();
  const test::Finished whole = chat({"-m", model, "-p", "hello?", "--temp", "0"}, "");
  CHECK(whole.out == "<think>\nLet me see.\n</think>\n\nYes.\n");
  const test::Finished folded =
      chat({"-m", model, "--temp", "0", "--think", "fold"}, "hello?\n/show thought\n");
  CHECK(folded.out == "Yes.\n");
  CHECK(test::holds(folded.err, "[thought for 2 tokens; /show thought shows it]\nLet me see.\n"));
  const test::Finished off = chat({"-m", model, "--temp", "0", "--think", "off"}, "hello?\n/show prompt\n");
  CHECK(test::holds(off.err, "<think>\n</think>"));
  CHECK(test::holds(chat({"--think", "off"}, "").err, "no switch"));
  CHECK(test::holds(chat({"--template-arg", "a=1", "-p", "hello", "-n", "1"}, "").err, "never looks at a"));
}

}  // namespace
}  // namespace kelvin
