#include "tools/lab/thermometer/thermometer_words.h"

#include <doctest/doctest.h>

#include <random>

#include "sampling/noise.h"
#include "sampling/stages/temperature.h"
#include "tests/support.h"

namespace kelvin {
namespace {

// `steps` of a made-up model whose logits spread by `spread`, with tokens drawn from them at beta.
LabText drawn_text(double beta, int steps, float spread = 2, std::uint64_t seed = 5) {
  LabText text;
  std::mt19937_64 random(seed);
  for (int t = 0; t < steps; ++t) {
    std::vector<float> row(100);
    for (float& z : row) z = std::normal_distribution<float>(0, spread)(random);
    std::vector<float> tempered = row;
    temper(tempered, beta);
    const int id = draw(tempered, Noise(seed, 0, static_cast<std::uint64_t>(t)));
    text.steps.push_back({DensityOfStates(row), static_cast<double>(row[static_cast<std::size_t>(id)])});
  }
  return text;
}

std::string words_about(const LabText& text) {
  return temperature_in_words(text, fit_temperature(text.steps));
}

TEST_CASE("words say on which side of the model's own temperature a text is") {
  using test::holds;
  for (const auto& [drawn_at, said] : std::vector<std::pair<double, std::string>>{
           {2.5, "colder than the model's own T = 1: likely tokens came more often"},
           {1.0, "which is not told apart from the model's own T = 1"},
           {0.5, "hotter than the model's own T = 1: unlikely tokens came more often"},
           {0.0, "so hot that T = inf is not excluded"},
           {-0.6, "below zero, which is hotter than infinity"},
           {infinity, "Every token was the model's first choice"},
           {-infinity, "Every token was the model's last choice"}}) {
    const double beta = drawn_at;
    CAPTURE(beta);
    const std::string words = words_about(drawn_text(beta, 400));
    CAPTURE(words);
    CHECK(holds(words, said));
    CHECK(holds(words, "That does not mean that the text was drawn from this model"));
    CHECK_FALSE(holds(words, "Warning"));
  }
  CHECK(holds(words_about(drawn_text(1, 400, 0)), "The model held all tokens equally likely"));
}

TEST_CASE("first tokens that decide alone are told, and only where nothing stood before them") {
  using test::holds;
  LabText text = drawn_text(2.0, 200);
  for (std::size_t t = 0; t < text.steps.size(); ++t)
    text.facts.push_back({static_cast<int>(t) + 1, 0, 1, 1, 0, 0});
  const TemperatureFit usual = fit_temperature(text.steps);
  text.is_plain = true;
  CHECK(!deciding_beginning(text, usual));
  // Two tokens at the beginning that were the least likely of all.
  for (std::size_t t = 0; t < 2; ++t) text.steps[t].observed = text.steps[t].states.smallest();
  const TemperatureFit fit = fit_temperature(text.steps);
  const auto beginning = deciding_beginning(text, fit);
  REQUIRE(beginning);
  CHECK(beginning->tokens == 2);
  CHECK(beginning->rest.beta ==
        doctest::Approx(fit_temperature(std::span(text.steps).subspan(2)).beta).epsilon(1e-12));
  CHECK(holds(words_about(text), "Warning: the first 2 judged tokens had hardly anything before them"));
  text.is_plain = false;
  CHECK(!holds(words_about(text), "had hardly anything before"));
}

TEST_CASE("draws are told with their chain") {
  using test::holds;
  LabText text = drawn_text(2.0, 100);
  text.chains = {"temp=0.5"};
  CHECK(holds(words_about(text), " It was drawn with temp=0.5."));
  CHECK(!holds(words_about(text), "That does not mean"));
  text.chains = {"min-p=0.05,temp=0.5", ""};
  CHECK(
      holds(words_about(text), " It was drawn with min-p=0.05,temp=0.5; no sampler, and stages that remove"));
}

TEST_CASE("words say which of two texts is hotter, or that nobody knows") {
  const LabText cold = drawn_text(2.0, 400), hot = drawn_text(0.5, 400), hotter = drawn_text(-0.7, 400),
                cold_too = drawn_text(2.0, 400, 2, 6), none = drawn_text(infinity, 400);
  const auto words = [](const LabText& a, const LabText& b) {
    return comparison_in_words("a", "b", compare_fits(a, b));
  };
  CHECK(words(cold, hot).starts_with("b (T = "));
  CHECK(words(hot, cold).starts_with("a (T = "));
  CHECK(words(hot, hotter).starts_with("b (T = -"));
  CHECK(test::holds(words(cold, hot), ") is hotter than a (T = "));
  CHECK(test::holds(words(cold, cold_too),
                    " are not told apart: texts of one temperature differ as much with probability 0."));
  CHECK(test::holds(words(cold, none), "are not compared"));
}

TEST_CASE("a text of which few tokens decide comes with a warning") {
  using test::holds;
  CHECK(holds(words_about(drawn_text(1.0, 12)), " of 12 tokens decide this"));
  // One token has no spread, which is not to say that it is sure.
  const LabText one = drawn_text(1.0, 1);
  const TemperatureFit fit = fit_temperature(one.steps);
  REQUIRE(fit.kind == FitKind::finite);
  CHECK(holds(temperature_in_words(one, fit), text_of(temperature_interval(fit.beta, fit.standard_error))));
  // 500 more at which the model was certain decide nothing.
  LabText text = drawn_text(1.0, 12);
  std::vector<float> certain(100, -1000.0f);
  certain[3] = 0;
  const double before = deciding_tokens(text.steps, 1);
  for (int t = 0; t < 500; ++t) text.steps.push_back({DensityOfStates(certain), 0.0});
  CHECK(deciding_tokens(text.steps, 1) == doctest::Approx(before));
  CHECK(before <= 12);
  CHECK(holds(words_about(text), " of 512 tokens decide this"));
  // Alike in all, each counts.
  LabText same;
  for (int t = 0; t < 50; ++t)
    same.steps.push_back({DensityOfStates(std::vector<float>{0, 1, 2}), t % 3 + 0.0});
  CHECK(deciding_tokens(same.steps, 0.7) == doctest::Approx(50));
  CHECK_FALSE(holds(words_about(same), "Warning"));
}

}  // namespace
}  // namespace kelvin
