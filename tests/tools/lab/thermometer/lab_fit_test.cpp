#include "tools/lab/thermometer/lab_fit.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <random>

#include "loaders/files/load_error.h"
#include "sampling/noise.h"
#include "sampling/stages/temperature.h"
#include "tests/support.h"
#include "tools/lab/reading/raw_text.h"

namespace kelvin {
namespace {

// Rows of a model that has never been, and tokens drawn from them at beta.
struct Sampled {
  int vocabulary;
  std::vector<float> logits;  // (steps, vocabulary)
  std::vector<int> ids;       // (steps,)
};

Sampled sample_at(double beta, int steps, std::uint64_t seed, int vocabulary = 100) {
  Sampled s{vocabulary, {}, {}};
  std::mt19937_64 random(seed);
  for (int t = 0; t < steps; ++t) {
    std::vector<float> row(static_cast<std::size_t>(vocabulary));
    for (float& z : row) z = std::normal_distribution<float>(0, 2)(random);
    s.logits.insert(s.logits.end(), row.begin(), row.end());
    temper(row, beta);
    s.ids.push_back(draw(row, Noise(seed, 0, static_cast<std::uint64_t>(t))));
  }
  return s;
}

void write_floats(const std::filesystem::path& path, const std::vector<float>& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(float)));
}

LabText text_of_sample(const Sampled& s) {
  const test::TemporaryFolder folder;
  write_floats(folder.path() / "rows", s.logits);
  return read_raw_logits(folder.path() / "rows", s.vocabulary, s.ids, false);
}

TEST_CASE("texts drawn at a temperature are given it back, at any number of steps and either sign") {
  std::size_t place = 0;
  for (const double temperature : {0.3, 0.7, 1.0, 1.7, -0.5, 4.0}) {
    if (test::left_out_today(place++, 6)) continue;
    CAPTURE(temperature);
    double squares = 0;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      const TemperatureFit fit = fit_temperature(text_of_sample(sample_at(1 / temperature, 400, seed)).steps);
      const double deviation = (fit.beta - 1 / temperature) / fit.standard_error;
      CHECK(std::fabs(deviation) < 4);
      squares += deviation * deviation;
      CHECK(fit.robust_error == doctest::Approx(fit.standard_error).epsilon(0.25));
    }
    // Eight squares of unit variance: between the 0.1 % points of chi-square.
    CHECK(squares > 0.85);
    CHECK(squares < 26.2);
  }
}

TEST_CASE("facts of a token: ranks from both ends, ties by id, impossible tokens left out") {
  const float off = -std::numeric_limits<float>::infinity();
  const std::vector<float> row = {1, 3, off, 3, 0, 1, 0, off};
  const DensityOfStates states(row);
  const auto ranks = [&](int id) {
    const TokenFacts f = token_facts(row, states, 0, id);
    CHECK(f.first_choice == 1);
    CHECK(f.last_choice == 4);
    return std::pair(f.rank, f.rank_from_end);
  };
  CHECK(ranks(1) == std::pair<std::size_t, std::size_t>(1, 5));
  CHECK(ranks(3) == std::pair<std::size_t, std::size_t>(2, 6));
  CHECK(ranks(5) == std::pair<std::size_t, std::size_t>(4, 4));
  CHECK(ranks(4) == std::pair<std::size_t, std::size_t>(5, 1));
  CHECK(ranks(6) == std::pair<std::size_t, std::size_t>(6, 2));
}

TEST_CASE("raw logits are read row by row, shifted or not, and refused where they do not fit") {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "rows";
  write_floats(path, {0, 1, 2, 5, 4, 3});
  const LabText aligned = read_raw_logits(path, 3, std::vector<int>{2, 1}, false);
  REQUIRE(aligned.steps.size() == 2);
  CHECK(aligned.steps[0].observed == 2);
  CHECK(aligned.steps[1].observed == 4);
  CHECK(aligned.facts[1].rank == 2);
  const LabText shifted = read_raw_logits(path, 3, std::vector<int>{2, 1}, true);
  REQUIRE(shifted.steps.size() == 1);
  CHECK(shifted.steps[0].observed == 1);
  CHECK(read_raw_logits(path, 3, std::vector<int>{0, 2, 1}, true).steps[1].observed == 4);
  CHECK(read_raw_logits(path, 3, std::vector<int>{0, 2, 1}, false).steps[1].observed == 4);
  CHECK_THROWS_AS(read_raw_logits(path, 3, std::vector<int>{2, 1, 0, 1}, false), LoadError);
  CHECK_THROWS_AS(read_raw_logits(path, 4, std::vector<int>{2, 1}, false), UserError);
  CHECK_THROWS_AS(read_raw_logits(path, 0, std::vector<int>{}, false), UsageError);
  // Without a vocabulary: six numbers are two rows of three for two ids, as no others are for one row less.
  CHECK_THROWS_AS(read_raw_logits(path, 0, std::vector<int>{2, 1}, false), UsageError);
  CHECK(read_raw_logits(path, 0, std::vector<int>{0, 1, 1, 0}, false).steps.size() == 3);

  CHECK_THROWS_AS(read_raw_logits(path, 3, std::vector<int>{2, 3}, false), UsageError);
  write_floats(path, {0, 1, std::numeric_limits<float>::quiet_NaN(), 5, 4, 3});
  CHECK_THROWS_WITH(read_raw_logits(path, 3, std::vector<int>{2, 1}, false),
                    "logits that led to position 0: a logit is NaN or +inf");
}

TEST_CASE("many rows on several threads are one row after the other") {
  const Sampled s = sample_at(1, 2000, 3);
  LabText one, four;
  RowReader first(one, s.vocabulary, 1), second(four, s.vocabulary, 4);
  for (RowReader* reader : {&first, &second}) {
    for (std::size_t t = 0; t < s.ids.size(); ++t)
      reader->add(std::span(s.logits).subspan(t * 100, 100), static_cast<int>(t), s.ids[t]);
    reader->finish();
  }
  REQUIRE(one.steps.size() == 2000);
  CHECK(fit_temperature(one.steps).beta == fit_temperature(four.steps).beta);
  for (std::size_t t = 0; t < 2000; t += 37) CHECK(one.facts[t].rank == four.facts[t].rank);
}

TEST_CASE("an interval of beta around 0 is one of T through infinity") {
  CHECK(text_of(temperature_interval(2.0, 0.1)) == "0.4554 to 0.5543");
  CHECK(text_of(temperature_interval(-2.0, 0.1)) == "-0.5543 to -0.4554");
  CHECK(text_of(temperature_interval(0.1, 0.1)) == "above 3.378 or below -10.42");
  CHECK(temperature_text(infinity) == "0+");
  CHECK(temperature_text(-infinity) == "-0");
  CHECK(temperature_text(0) == "inf");
  CHECK(temperature_text(-4) == "-0.25");
}

TEST_CASE("confidence and accuracy at the temperature a text was drawn at agree") {
  const LabText text = text_of_sample(sample_at(2.0, 6000, 9));
  const auto at_own = reliability(predictions(text, 2.0), Binning::equal_mass);
  const auto too_hot = reliability(predictions(text, 1.0), Binning::equal_mass);
  CHECK(expected_calibration_error(at_own) < 0.04);
  CHECK(expected_calibration_error(too_hot) > 0.2);
  const LabText upside_down = text_of_sample(sample_at(-2.0, 6000, 9));
  CHECK(expected_calibration_error(reliability(predictions(upside_down, -2.0), Binning::equal_mass)) < 0.04);
}

TEST_CASE("two texts: different temperatures are told apart, equal ones are not") {
  const LabText cool = text_of_sample(sample_at(1.5, 900, 1)), same = text_of_sample(sample_at(1.5, 900, 2)),
                warm = text_of_sample(sample_at(1.0, 900, 3));
  const FitComparison different = compare_fits(cool, warm), equal = compare_fits(cool, same);
  CHECK(different.difference == doctest::Approx(different.first.beta - different.second.beta));
  CHECK(different.difference_p < 1e-4);
  CHECK(different.likelihood_p < 1e-6);
  CHECK(equal.difference_p > 0.01);
  // Near the root the likelihood is a parabola.
  const double z = equal.difference / std::hypot(equal.first.standard_error, equal.second.standard_error);
  CHECK(equal.likelihood_ratio == doctest::Approx(z * z).epsilon(0.05));
  const double batch =
      equal.difference_error / std::hypot(equal.first.standard_error, equal.second.standard_error);
  CHECK(batch > 0.5);
  CHECK(batch < 1.6);
  CHECK(different.common.beta < different.first.beta);
  CHECK(different.common.beta > different.second.beta);
}

TEST_CASE("texts whose mood changes in long stretches are not told apart by chance") {
  if (test::left_out_today(0, 2)) return;
  // Stretches of 20 tokens at T = 0.5 or T = 2: tokens err together, and errors that ignore it are too small.
  const auto moody = [](std::uint64_t seed) {
    Sampled all{30, {}, {}};
    for (std::uint64_t stretch = 0; stretch < 24; ++stretch) {
      const std::uint64_t own = sampling::mix_bits(seed * 1000 + stretch);
      const Sampled s = sample_at(own % 2 == 0 ? 2.0 : 0.5, 20, own, all.vocabulary);
      all.logits.insert(all.logits.end(), s.logits.begin(), s.logits.end());
      all.ids.insert(all.ids.end(), s.ids.begin(), s.ids.end());
    }
    return text_of_sample(all);
  };
  int rejected = 0, naive = 0;
  const std::uint64_t pairs = test::slow_build() ? 10 : 40;
  for (std::uint64_t pair = 0; pair < pairs; ++pair) {
    const FitComparison c = compare_fits(moody(2 * pair), moody(2 * pair + 1));
    rejected += c.difference_p < 0.05;
    naive += std::fabs(c.difference) > 1.96 * std::hypot(c.first.robust_error, c.second.robust_error);
  }
  MESSAGE(rejected << " of " << pairs << ", naive " << naive);
  // Two of 40 are expected; more than seven, and more than three of ten, come once in a thousand times.
  CHECK(rejected <= (pairs == 40 ? 7 : 3));
  CHECK(naive > (pairs == 40 ? 10 : 2));
}

TEST_CASE("Student's t") {
  // Tables: two-sided 5 % points.
  for (const auto& [freedom, t] : std::vector<std::pair<double, double>>{
           {1, 12.7062}, {2, 4.30265}, {7, 2.36462}, {22, 2.07387}, {1000, 1.96234}})
    CHECK(student_p(t, freedom) == doctest::Approx(0.05).epsilon(1e-4));
  CHECK(student_p(0, 3) == doctest::Approx(1));
  CHECK(student_p(-2.36462, 7) == doctest::Approx(0.05).epsilon(1e-4));
  CHECK(student_p(30, 10) < 1e-9);
}

TEST_CASE("cost in nats, bits and per byte") {
  LabText text = text_of_sample(sample_at(1, 100, 4));
  CHECK_FALSE(text_cost(text, 50).bits_per_byte);
  text.bytes = 400;
  const TextCost cost = text_cost(text, 50);
  CHECK(cost.perplexity == doctest::Approx(std::exp(0.5)));
  CHECK(cost.bits_per_token == doctest::Approx(0.5 / std::log(2.0)));
  CHECK(*cost.bits_per_byte == doctest::Approx(50 / (std::log(2.0) * 400)));
}

}  // namespace
}  // namespace kelvin
