#include "tests/tools/browser.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "loaders/json/json.h"
#include "loaders/json/json_writer.h"

extern char** environ;

namespace kelvin::test {
namespace {

constexpr int patience = 60'000;  // ms

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    // Out of the way of the child's 3 and 4.
    out = fcntl(ends[0], F_DUPFD_CLOEXEC, 20);
    in = fcntl(ends[1], F_DUPFD_CLOEXEC, 20);
    close(ends[0]);
    close(ends[1]);
  }
  int out, in;
};

bool is_complaint(std::string_view event, const JsonValue& message) {
  if (event == "Network.requestWillBeSent") {
    const std::string_view url = message.at("params").at("request").at("url").as_string();
    return !url.starts_with("file:") && !url.starts_with("about:");
  }
  return event == "Runtime.exceptionThrown" || event == "Runtime.consoleAPICalled" ||
         event == "Log.entryAdded";
}

}  // namespace

std::optional<std::string> Browser::find() {
  if (slow_build()) {
    std::puts("a page's script is the same in every build: the optimised one runs it");
    return std::nullopt;
  }
  if (const char* own = std::getenv("KELVIN_CHROMIUM")) return own;
  for (const char* path : {"/usr/bin/chromium", "/usr/bin/chromium-browser"})
    if (access(path, X_OK) == 0) return path;
  std::puts("SKIPPED: no /usr/bin/chromium here; pages are not tested in a browser");
  return std::nullopt;
}

Browser::Browser(const std::string& program) {
  const Pipe commands, answers;
  std::vector<std::string> words = {program,
                                    "--headless",
                                    "--no-sandbox",
                                    "--disable-gpu",
                                    "--hide-scrollbars",  // pages have the whole window
                                    "--no-first-run",
                                    "--window-size=1200,1600",
                                    "--user-data-dir=" + profile_.path().string(),
                                    "--remote-debugging-pipe"};
  std::vector<char*> args;
  for (std::string& word : words) args.push_back(word.data());
  args.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, commands.out, 3);
  posix_spawn_file_actions_adddup2(&actions, answers.in, 4);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int failed = posix_spawn(&process_, args[0], &actions, &attributes, args.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(commands.out);
  close(answers.in);
  to_ = commands.in;
  from_ = answers.out;
  if (failed) throw std::runtime_error("cannot start " + program);

  const std::string target = call("Target.createTarget", R"({"url":"about:blank"})");
  const std::string id(parse_json(target).root().at("targetId").as_string());
  const std::string attached =
      call("Target.attachToTarget", R"({"targetId":)" + json_string(id) + R"(,"flatten":true})");
  session_ = parse_json(attached).root().at("sessionId").as_string();
  for (const char* domain : {"Page", "Runtime", "Log", "Network"}) call(domain + std::string(".enable"));
}

Browser::~Browser() {
  // Its own process group: helpers end with it.
  if (process_ > 0) {
    kill(-process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  close(to_);
  close(from_);
}

std::string Browser::receive() {
  while (true) {
    if (const std::size_t end = buffer_.find('\0'); end != std::string::npos) {
      std::string message = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return message;
    }
    pollfd waiting{from_, POLLIN, 0};
    if (poll(&waiting, 1, patience) <= 0) throw std::runtime_error("the browser does not answer");
    std::array<char, 65536> piece;
    const ssize_t n = read(from_, piece.data(), piece.size());
    if (n <= 0) throw std::runtime_error("the browser has gone");
    buffer_.append(piece.data(), static_cast<std::size_t>(n));
  }
}

std::string Browser::call(const std::string& method, const std::string& parameters) {
  const int id = ++last_id_;
  JsonWriter json;
  json.begin_object().member("id", id).member("method", method).key("params").raw(parameters);
  if (!session_.empty()) json.member("sessionId", session_);
  const std::string message = json.end_object().text() + '\0';
  if (::write(to_, message.data(), message.size()) != static_cast<ssize_t>(message.size()))
    throw std::runtime_error("the browser does not listen");
  while (true) {
    const std::string text = receive();
    const JsonDocument document = parse_json(text, "browser");
    const JsonValue root = document.root();
    if (const auto event = root.find("method"))
      if (is_complaint(event->as_string(), root)) complaints_.push_back(text);
    if (const auto answered = root.find("id"); !answered || answered->as_int() != id) continue;
    if (!root.find("result")) throw std::runtime_error(method + ": " + text);
    // The result's own text: it is the last or the only object of the answer.
    const std::size_t begin = text.find("\"result\":") + 9;
    int depth = 0;
    bool quoted = false;
    for (std::size_t at = begin; at < text.size(); ++at) {
      if (text[at] == '\\')
        ++at;
      else if (text[at] == '"')
        quoted = !quoted;
      else if (!quoted && text[at] == '{')
        ++depth;
      else if (!quoted && text[at] == '}' && --depth == 0)
        return text.substr(begin, at + 1 - begin);
    }
  }
}

void Browser::open(const std::filesystem::path& file, const std::string& hash) {
  // A change of the hash alone would be no navigation.
  call("Page.navigate", R"({"url":"about:blank"})");
  call("Page.navigate", R"({"url":)" + json_string("file://" + file.string() + hash) + "}");
  for (int i = 0; i < 1000; ++i) {
    if (evaluate("location.protocol + document.readyState") == "file:complete") return;
    usleep(20'000);
  }
  throw std::runtime_error("the page does not load");
}

std::string Browser::evaluate(const std::string& expression) {
  const std::string answer = call("Runtime.evaluate", R"({"returnByValue":true,"expression":)" +
                                                          json_string("String(" + expression + ")") + "}");
  const JsonDocument document = parse_json(answer, "browser");
  if (document.root().find("exceptionDetails")) throw std::runtime_error(expression + ": " + answer);
  return std::string(document.root().at("result").at("value").as_string());
}

std::string Browser::place_of(const std::string& selector) {
  return evaluate("(() => { const e = document.querySelector(" + json_string(selector) +
                  "); e.scrollIntoView({block: 'center'}); const r = e.getClientRects()[0]; "
                  "return `\"x\":${r.x + r.width / 2},\"y\":${r.y + r.height / 2}`; })()");
}

void Browser::click(const std::string& selector) {
  const std::string place = place_of(selector);
  for (const char* type : {"mousePressed", "mouseReleased"})
    call("Input.dispatchMouseEvent",
         R"({"button":"left","clickCount":1,"type":")" + std::string(type) + "\"," + place + "}");
}

void Browser::hover(const std::string& selector) {
  call("Input.dispatchMouseEvent", R"({"type":"mouseMoved",)" + place_of(selector) + "}");
}

void Browser::show(int width, int height, bool dark) {
  call("Emulation.setDeviceMetricsOverride", R"({"width":)" + std::to_string(width) + R"(,"height":)" +
                                                 std::to_string(height) +
                                                 R"(,"deviceScaleFactor":1,"mobile":false})");
  call("Emulation.setEmulatedMedia", R"({"features":[{"name":"prefers-color-scheme","value":")" +
                                         std::string(dark ? "dark" : "light") + R"("}]})");
}

void Browser::press(const std::string& key) {
  for (const char* type : {"keyDown", "keyUp"})
    call("Input.dispatchKeyEvent",
         R"({"type":")" + std::string(type) + R"(","key":)" + json_string(key) + "}");
}

}  // namespace kelvin::test
