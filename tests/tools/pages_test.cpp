// Every page and picture that a tool writes, in a real browser: on a wide and on a narrow window, light and dark.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support.h"
#include "tests/tools/browser.h"

namespace kelvin {
namespace {

// Long, hostile, and without a place to break.
const std::string page_text =
    "Once upon a time, a brave fox said: </script><img src=\"http://a.invalid/\">&amp;" +
    std::string(90, 'x') + "\x1b[2J The end.";

struct Written {
  std::string name;  // of NAME.html and NAME.svg
  std::vector<std::string> command;
};

void write_pages(const std::filesystem::path& folder, const std::vector<Written>& all) {
  for (const Written& of : all) {
    std::vector<std::string> argv = of.command;
    argv.insert(argv.end(), {"--html", folder / (of.name + ".html"), "--svg", folder / (of.name + ".svg")});
    const test::Finished done = test::run_tool(argv);
    REQUIRE_MESSAGE(done.status == 0, done.err);
  }
}

TEST_CASE("pages and pictures fit any window, light and dark, without an error and without a request") {
  const auto chromium = test::Browser::find();
  if (!chromium) return;
  const test::TemporaryFolder folder;
  const std::string first = folder.path() / "a", second = folder.path() / "b";
  std::ofstream(first) << "Once upon a time, there was a brave fox. The fox was happy and went home.";
  const std::string tasks = folder.path() / "tasks";
  std::ofstream(tasks)
      << R"({"prompt": "Once upon a", "answer": {"text": "time", "where": "begin"}, "max_tokens": 2})";
  std::ofstream(second) << "zq xv jk wp qq zx vb nm kj hg fd sa po iu yt re wq";
  const std::vector<Written> all = {
      {"logits",
       {"kelvin-logits", "--user", page_text, "--n", "4", "--seed", "1", "--temp", "1.2", "--lens"}},
      {"sweep", {"kelvin-sweep", "--text", page_text, "--temps", "0,0.5,1,2,inf,-1,-0"}},
      {"thermometer", {"kelvin-thermometer", "--text", page_text}},
      {"comparison", {"kelvin-thermometer", "--compare", first, second}},
      {"noise",
       {"kelvin-noise", "--text", page_text, "--runs", "q4,ulp-f32", "--draws", "1", "--positions", "8"}},
      {"glitch", {"kelvin-glitch", "--top", "20", "--repeat", "3", "--text", page_text}},
      {"duel",
       {"kelvin-duel", "--prompt", page_text, "--chains", "temp=1", "temp=-1", "--draws", "3", "--n", "8"}},
      {"score", {"kelvin-score", "--tasks", tasks, "--temps", "0.5,1,2", "--draws", "3"}}};
  write_pages(folder.path(), all);
  test::Browser browser(*chromium);
  for (const Written& of : all) {
    CAPTURE(of.name);
    browser.open(folder.path() / (of.name + ".svg"));
    CHECK(browser.evaluate("document.documentElement.tagName") == "svg");
    CHECK(browser.evaluate("document.querySelector('parsererror')") == "null");
    CHECK(test::holds(browser.evaluate("document.querySelector('metadata').textContent"), of.command[0]));
    browser.open(folder.path() / (of.name + ".html"));
    for (const int width : {1280, 400})
      for (const bool dark : {false, true}) {
        CAPTURE(width);
        CAPTURE(dark);
        browser.show(width, 900, dark);
        CHECK(browser.evaluate("document.documentElement.clientWidth") == std::to_string(width));
        CHECK(browser.evaluate("document.documentElement.scrollWidth") == std::to_string(width));
        CHECK(browser.evaluate("getComputedStyle(document.body).backgroundColor") ==
              (dark ? "rgb(20, 23, 26)" : "rgb(255, 255, 255)"));
        // No letter of a chart is smaller than 8 pixels.
        CHECK(browser.evaluate("[...document.querySelectorAll('svg.plot')].every(p => { "
                               "const scale = p.getBoundingClientRect().width / p.viewBox.baseVal.width; "
                               "return [...p.querySelectorAll('text')].every(t => "
                               "scale * parseFloat(getComputedStyle(t).fontSize) > 8); })") == "true");
      }
    CHECK(browser.evaluate("document.querySelector('footer dd').textContent") == of.command[0]);
  }
  for (const std::string& complaint : browser.complaints()) FAIL_CHECK(complaint);

  browser.open(folder.path() / "sweep.html");
  const auto shown = [&] {
    return browser.evaluate(
        "(() => { const box = document.querySelector('.under-pointer:not([hidden])'); "
        "return box ? box.textContent : ''; })()");
  };
  CHECK(shown() == "");
  // The likeliest token at infinite temperature has the share of all others.
  browser.hover(".plots > svg:last-child .value:nth-of-type(5)");
  CHECK(shown() == "T = ∞, p = 0.0004883");
  browser.press("Escape");
  browser.evaluate("document.querySelector('.plots svg').focus()");
  browser.press("ArrowRight");
  // From the left: the first is the peak below zero, between the temperatures asked for.
  CHECK(shown().starts_with("T < 0: |T| = 0.0406"));

  const auto column = [&] {
    return browser.evaluate(
        "[...document.querySelectorAll('td:first-child')].map(c => c.textContent).join(' ')");
  };
  CHECK(column() == "0⁺ 0.5 1 2 ∞ -1 0⁻");
  browser.click("th button");
  CHECK(column() == "-1 0⁻ 0⁺ 0.5 1 2 ∞");
  browser.click("th button");
  CHECK(column() == "∞ 2 1 0.5 0⁺ 0⁻ -1");
  CHECK(browser.evaluate("document.querySelector('th').getAttribute('aria-sort')") == "descending");
  for (const std::string& complaint : browser.complaints()) FAIL_CHECK(complaint);
}

}  // namespace
}  // namespace kelvin
