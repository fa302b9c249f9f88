// The report of kelvin-logits --html: its size, its safety, and in a real browser its numbers.
#include "tools/inspect/page/logits_page.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>
#include <sstream>

#include "loaders/tokenizer/tokenizer_json.h"
#include "tests/support.h"
#include "tests/tools/browser.h"

namespace kelvin {
namespace {

// Every token is hostile in its own way.
Tokenizer hostile_tokenizer() {
  const std::string json =
      R"({"model": {"vocab": {"</script><script>document.title='taken'</script>": 0,
          "<img src=x onerror=\"document.title='taken'\">": 1, "\u202eover\u2066": 2, "\u0000\u0007": 3,
          "<!--<script>": 4, "\\u003c\"'`${document.title='taken'}": 5, "&lt;b&gt;": 6}, "merges": []}})";
  return Tokenizer(read_tokenizer_json(std::as_bytes(std::span(json)), "tokenizer.json"));
}

// A page of random logits; ids count up.
LogitsPage random_page(const Tokenizer& tokenizer, std::size_t tokens, std::size_t vocabulary) {
  static const Chain chain = Chain::parse("min-p=0.01,temp=0.8");
  std::vector<int> ids;
  for (std::size_t i = 0; i < tokens; ++i) ids.push_back(static_cast<int>(i % 7));
  LogitsPage page(tokenizer, {"a </script> model", chain.text(), 7, tokens, vocabulary}, ids);
  std::mt19937_64 random(5);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> logits(vocabulary);
  for (std::size_t i = 0; i < tokens; ++i) {
    for (float& z : logits) z = normal(random);
    ChainState state;
    Step step;
    step.tokens = std::span(ids).first(i + 1);
    StepRecordOptions options;
    options.chain = &chain;
    options.ends = LogitsPage::ends_for(tokens);
    options.detailed = page.has_room();
    const auto next = i + 1 < tokens ? std::optional(ids[i + 1]) : std::nullopt;
    page.add(record_step({static_cast<int>(i), ids[i], next, logits, {}}, step, state, options),
             options.detailed);
  }
  return page;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST_CASE("a long text keeps the page below 2 MB, and the page says what it leaves out") {
  if (test::left_out_today(0, 3)) return;
  const Tokenizer tokenizer = hostile_tokenizer();
  const std::string page = random_page(tokenizer, 700, 3000).html({});
  CHECK(page.size() < LogitsPage::max_bytes);
  CHECK(page.size() > LogitsPage::max_bytes / 2);
  CHECK(count(page, ",null") > 50);
  const std::string small = random_page(tokenizer, 30, 7).html({});
  CHECK(count(small, "null") < count(small, "\"listed\""));
  CHECK(small.size() < 200'000);
}

TEST_CASE("hostile tokens stay text") {
  const Tokenizer tokenizer = hostile_tokenizer();
  const std::string page = random_page(tokenizer, 8, 7).html({});
  // The data and the scripts of plots, of tables and of this page.
  CHECK(count(page, "<script") == 4);
  CHECK(count(page, "</script>") == 4);
  CHECK(count(page, "<img") == 0);
  CHECK(count(page, "<!--") == 0);
  CHECK(count(page, "\xE2\x80\xAE") == 0);
  CHECK(page.find('\0') == std::string::npos);
  for (const char* outside : {"http://", "https://", "src=\"", "@import", "url("})
    CHECK(count(page, outside) == (std::string(outside) == "http://" ? 1 : 0));  // the name of SVG

  const auto chromium = test::Browser::find();
  if (!chromium) return;
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "page.html", std::ios::binary) << page;
  test::Browser browser(*chromium);
  browser.open(folder.path() / "page.html");
  CHECK(browser.evaluate("document.title") == "What the model thought");
  CHECK(browser.evaluate("document.querySelectorAll('#text .token').length") == "9");
  CHECK(browser.evaluate("document.getElementById('token-1').textContent").starts_with("<img src=x"));
  CHECK(browser.evaluate("document.getElementById('token-2').textContent") == "\\u{202E}over\\u{2066}");
  CHECK(browser.complaints().empty());
}

// The page of a text of the demo model, and its logits.
struct Report {
  test::TemporaryFolder folder;
  std::filesystem::path html;
  std::vector<float> logits;  // (positions, 2048)

  Report() : html(folder.path() / "report.html") {
    const std::string raw = (folder.path() / "raw").string();
    const test::Finished done =
        test::run({"kelvin-logits", "--prompt", "Once upon a time, there was a fox. He said: </script>",
                   "--n", "12", "--temp", "1.2", "--min-p", "0.02", "--seed", "3", "--lens", "--html",
                   html.string(), "--raw", raw, "--threads", "1"});
    REQUIRE_MESSAGE(done.status == 0, done.err);
    logits = test::read_array<float>(raw);
  }
  std::span<const float> step(std::size_t token) const {
    return std::span(logits).subspan((token - 1) * 2048, 2048);
  }
};

double number(const std::string& text) {
  return std::stod(text == "Infinity" ? "inf" : text == "-Infinity" ? "-inf" : text);
}

// Moves the slider; then S, E, F, C, ln Z and, of some rows, token and p, as the page has them.
std::vector<double> readings(test::Browser& browser, int place) {
  const std::string all = browser.evaluate(
      "(() => { const s = document.getElementById('beta-slider'); s.value = " + std::to_string(place) +
      "; s.dispatchEvent(new Event('input'));"
      "const shown = ['S', 'E', 'F', 'C', 'logZ'].map(n => document.getElementById('out-' + "
      "n).dataset.value);"
      "document.querySelectorAll('#raw tr[data-id]').forEach((row, i) => {"
      "  if (i % 7 === 0) shown.push(row.dataset.id, row.cells[5].dataset.value); });"
      "return shown.join(' '); })()");
  std::vector<double> numbers;
  std::istringstream in(all);
  for (std::string word; in >> word;) numbers.push_back(number(word));
  return numbers;
}

void check_close(double shown, double exact) {
  if (std::fabs(exact) == infinity)
    CHECK(shown == exact);
  else
    CHECK(std::fabs(shown - exact) <= 1e-3 * std::max(1.0, std::fabs(exact)));
}

TEST_CASE("the page's numbers are those of boltzmann.h wherever the slider stands") {
  const Report report;
  const auto chromium = test::Browser::find();
  if (!chromium) return;
  test::Browser browser(*chromium);
  browser.open(report.html);
  const int tokens = std::stoi(browser.evaluate("document.querySelectorAll('#text .token').length"));
  CHECK(tokens == static_cast<int>(report.logits.size() / 2048) + 1);

  std::size_t sample = 0;
  for (const int token : {1, 5, tokens - 1}) {
    CAPTURE(token);
    browser.click("#token-" + std::to_string(token));
    CHECK(browser.evaluate("document.querySelector('.selected').id") == "token-" + std::to_string(token));
    const std::span<const float> logits = report.step(static_cast<std::size_t>(token));
    for (const int place : {-1000, -990, -700, -120, 0, 3, 400, 730, 999, 1000}) {
      if (test::left_out_today(sample++, 5)) continue;
      CAPTURE(place);
      const std::vector<double> shown = readings(browser, place);
      REQUIRE(shown.size() >= 5 + 2 * 200 / 7);
      const double u = place / 1000.0;
      const double beta = std::fabs(u) == 1 ? u * infinity : u / (1 - std::fabs(u));
      const Thermo exact = thermo<float>(logits, beta);
      check_close(shown[0], exact.entropy);
      check_close(shown[1], -exact.mean);
      check_close(shown[2], beta == 0 ? -exact.log_z : exact.free_energy);
      check_close(shown[3], exact.heat_capacity);
      check_close(shown[4], exact.log_z);
      for (std::size_t i = 5; i < shown.size(); i += 2)
        check_close(shown[i + 1], exp_exact(exact.log_p(logits[static_cast<std::size_t>(shown[i])])));
    }
  }
  CHECK(browser.complaints().empty());
}

TEST_CASE("the page by keyboard: tokens, temperature typed, colours, curves") {
  const auto chromium = test::Browser::find();
  if (!chromium) return;
  const Report report;
  test::Browser browser(*chromium);
  browser.open(report.html, "#token=2&beta=0.5&colour=stage");
  const auto value = [&](const std::string& id) {
    return browser.evaluate("document.getElementById('" + id + "').value");
  };
  CHECK(browser.evaluate("document.querySelector('.selected').id") == "token-2");
  CHECK(value("temperature-box") == "2");
  CHECK(browser.evaluate("document.querySelector('#modes input:checked').value") == "stage");
  browser.evaluate("document.getElementById('text').focus()");
  browser.press("ArrowRight");
  CHECK(browser.evaluate("document.querySelector('.selected').id") == "token-3");
  browser.press("Home");
  CHECK(browser.evaluate("document.getElementById('note').textContent").starts_with("Nothing stands before"));
  browser.press("End");
  CHECK(browser.evaluate("document.getElementById('title').textContent").starts_with("What comes next"));
  browser.click("#token-4");
  const auto type = [&](const std::string& text) {
    browser.evaluate("(() => { const b = document.getElementById('temperature-box'); b.focus(); b.value = '" +
                     text + "'; b.dispatchEvent(new Event('input')); })()");
    return value("beta-box");
  };
  CHECK(type("-4") == "-0.25");
  CHECK(type("inf") == "0");
  CHECK(type("0") == "\xE2\x88\x9E");
  CHECK(type("-0") == "-\xE2\x88\x9E");
  const auto curves = [&] { return browser.evaluate("document.querySelectorAll('#curves .name').length"); };
  const int before = std::stoi(curves());
  browser.click("#raw tr:nth-child(6) input");
  CHECK(std::stoi(curves()) == before + 1);
  const std::string colour = "getComputedStyle(document.getElementById('token-4')).backgroundColor";
  const std::string by_stage = browser.evaluate(colour);
  browser.click("#modes input[value=temperature]");
  CHECK(browser.evaluate(colour) != by_stage);
  CHECK(browser.evaluate("document.getElementById('lens').rows.length") == "6");
  CHECK(browser.evaluate("document.getElementById('luck').rows[1].cells.length") == "14");
  CHECK(browser.evaluate("document.getElementById('stages').rows.length") == "3");
  CHECK(browser.complaints().empty());
}

}  // namespace
}  // namespace kelvin
