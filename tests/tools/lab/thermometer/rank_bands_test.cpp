#include "tools/lab/thermometer/rank_bands.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <vector>

namespace kelvin {
namespace {

std::vector<float> normal_row(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> row(count);
  for (float& z : row) z = std::normal_distribution<float>(0, 2)(random);
  return row;
}

std::vector<float> with_noise(std::vector<float> row, float size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (float& z : row) z += size * std::normal_distribution<float>()(random);
  return row;
}

TEST_CASE("bands cover every rank once, and none is a sliver") {
  for (const std::size_t vocabulary : {1, 2, 3, 21, 99, 200, 300, 2048, 2222, 32000, 128256}) {
    CAPTURE(vocabulary);
    std::size_t from_top = 0, from_end = 0, before = 0;
    bool first_of_end = true;
    for (const RankBand& band : rank_bands(vocabulary)) {
      CHECK(band.first <= band.last);
      if (!band.from_end) {
        CHECK(band.first == from_top + 1);
        from_top = band.last;
        CHECK(band.size() >= before);
      } else {
        if (!first_of_end) CHECK(band.last + 1 == from_end);
        if (!first_of_end) CHECK(band.size() <= before);
        if (first_of_end) CHECK(band.last + from_top == vocabulary);
        first_of_end = false;
        from_end = band.first;
      }
      before = band.size();
    }
  }
  CHECK(rank_bands(2048)[3].name() == "top 101-1024");
  CHECK(rank_bands(2048).back().name() == "last 1");
  CHECK(rank_bands(128256)[4].name() == "top 1001-10000");
}

TEST_CASE("agreement, correlation and error of a band are those of a plain computation") {
  const auto a = normal_row(500, 1), b = with_noise(a, 0.05f, 2);
  const auto bands = rank_bands(a.size());
  const auto found = compare_bands(a, b, bands);
  const auto rank_in = [](const std::vector<float>& row, std::size_t id) {
    return static_cast<std::size_t>(
        1 + std::count_if(row.begin(), row.end(), [&](float z) { return z > row[id]; }));
  };
  for (std::size_t i = 0; i < bands.size(); ++i) {
    CAPTURE(bands[i].name());
    const std::size_t low = bands[i].from_end ? 501 - bands[i].last : bands[i].first,
                      high = low + bands[i].size() - 1;
    std::vector<std::pair<std::size_t, std::size_t>> members;  // ranks in a and in b
    std::vector<double> errors;
    for (std::size_t id = 0; id < 500; ++id)
      if (const std::size_t rank = rank_in(a, id); rank >= low && rank <= high) {
        members.emplace_back(rank, rank_in(b, id));
        errors.push_back(std::fabs(static_cast<double>(a[id]) - b[id]));
      }
    const auto shared = std::count_if(members.begin(), members.end(),
                                      [&](const auto& m) { return m.second >= low && m.second <= high; });
    CHECK(found[i].agreement ==
          doctest::Approx(static_cast<double>(shared) / static_cast<double>(members.size())));
    std::sort(errors.begin(), errors.end());
    const std::size_t half = errors.size() / 2;
    CHECK(found[i].median_error ==
          doctest::Approx(errors.size() % 2 ? errors[half] : (errors[half - 1] + errors[half]) / 2));
    if (members.size() < 2) {
      CHECK(std::isnan(found[i].correlation));
      continue;
    }
    // Pearson's correlation of the ranks within the band.
    double xy = 0, xx = 0;
    const double n = static_cast<double>(members.size()), mean = (n - 1) / 2;
    for (const auto& one : members) {
      const auto place = [&](auto key) {
        return static_cast<double>(std::count_if(members.begin(), members.end(),
                                                 [&](const auto& other) { return key(other) < key(one); })) -
               mean;
      };
      const double x = place([](const auto& m) { return m.first; });
      xy += x * place([](const auto& m) { return m.second; });
      xx += x * x;
    }
    CHECK(found[i].correlation == doctest::Approx(xy / xx).epsilon(1e-9));
  }
}

TEST_CASE("noise is told from signal") {
  const auto bands = rank_bands(1000);
  std::vector<std::vector<BandComparison>> close, shuffled;
  for (std::uint64_t step = 0; step < 60; ++step) {
    const auto a = normal_row(1000, 10 + step);
    close.push_back(compare_bands(a, with_noise(a, 0.01f, step), bands));
    shuffled.push_back(compare_bands(a, normal_row(1000, 5000 + step), bands));
  }
  for (const BandSummary& band : summarise_bands(bands, close, 1000))
    CHECK(band.strength == Strength::strong);
  for (const BandSummary& band : summarise_bands(bands, shuffled, 1000)) {
    CAPTURE(band.band.name());
    CHECK(band.strength == Strength::noise);
    CHECK(std::fabs(band.agreement - band.by_chance) < 4 * band.agreement_error);
  }
}

// Steps of one band of one token in 1000, which keeps its token in `kept` of each `of` steps.
BandSummary of_repeated(std::size_t steps, std::size_t kept, std::size_t of, std::size_t draws = 1) {
  const std::vector<RankBand> band = {{1, 1, true}};
  std::vector<std::vector<BandComparison>> all;
  for (std::size_t draw = 0; draw < draws; ++draw)
    for (std::size_t i = 0; i < steps; ++i) all.push_back({{i % of < kept ? 1.0 : 0.0, 0, 0.5}});
  return summarise_bands(band, all, 1000, draws).front();
}

TEST_CASE("a signal is weak where half of the places are lost, or where few steps tell") {
  const BandSummary most = of_repeated(200, 4, 5), some = of_repeated(200, 2, 5),
                    never = of_repeated(200, 0, 5);
  CHECK(most.strength == Strength::strong);
  CHECK(some.strength == Strength::weak);
  CHECK(never.strength == Strength::noise);
  CHECK(most.kept == doctest::Approx((0.8 - 0.001) / 0.999));
  CHECK(most.agreement_error == doctest::Approx(std::sqrt(0.8 * 0.2 / 200)).epsilon(0.02));
  // All of a few steps agree, and yet little is known.
  CHECK(of_repeated(1, 1, 1).strength == Strength::noise);
  CHECK(of_repeated(4, 1, 1).strength == Strength::weak);
  CHECK(of_repeated(20, 1, 1).strength == Strength::strong);
  // A shuffle keeps one of 20 steps with 2 %, two of them with 0.02 %.
  CHECK(of_repeated(20, 1, 20).strength == Strength::noise);
  CHECK(of_repeated(20, 2, 20).strength == Strength::weak);
  // The same tokens drawn again are no new tokens.
  CHECK(of_repeated(40, 4, 5, 9).agreement_error == doctest::Approx(of_repeated(40, 4, 5).agreement_error));
}

TEST_CASE("steps that err together count as few") {
  const std::vector<RankBand> band = {{1, 1, true}};
  std::vector<std::vector<BandComparison>> runs, mixed;
  for (std::size_t i = 0; i < 240; ++i) {
    runs.push_back({{i / 20 % 2 == 0 ? 1.0 : 0.0, 0, 0.5}});
    mixed.push_back({{i % 2 == 0 ? 1.0 : 0.0, 0, 0.5}});
  }
  const double together = summarise_bands(band, runs, 1000).front().agreement_error,
               apart = summarise_bands(band, mixed, 1000).front().agreement_error;
  // Twelve batches of 1 or 0: the spread of 12 numbers, not of 240.
  CHECK(together == doctest::Approx(0.5 / std::sqrt(11)));
  CHECK(apart == doctest::Approx(0.5 / std::sqrt(240)).epsilon(0.02));
}

TEST_CASE("divergence of two rows") {
  const auto a = normal_row(300, 1), b = with_noise(a, 0.3f, 2);
  double za = 0, zb = 0, kl = 0;
  for (std::size_t i = 0; i < 300; ++i)
    za += std::exp(static_cast<double>(a[i])), zb += std::exp(static_cast<double>(b[i]));
  for (std::size_t i = 0; i < 300; ++i)
    kl += std::exp(static_cast<double>(a[i])) / za * ((a[i] - std::log(za)) - (b[i] - std::log(zb)));
  CHECK(kl_of_rows(a, b) == doctest::Approx(kl).epsilon(1e-9));
  CHECK(kl_of_rows(a, a) == 0);
  std::vector<float> moved = a;
  for (float& z : moved) z += 3;
  CHECK(kl_of_rows(a, moved) < 1e-12);
}

}  // namespace
}  // namespace kelvin
