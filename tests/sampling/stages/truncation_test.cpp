// Properties that hold for every truncation, and the definitions of those no golden covers.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "sampling/logits.h"
#include "sampling/stages/descending.h"
#include "sampling/statistics/boltzmann.h"
#include "tests/sampling/applied.h"

using namespace kelvin;
using namespace kelvin::sampling;
using namespace kelvin::test;

namespace {

const std::vector<std::string> all_truncations = {"top-k=3",
                                                  "top-p=0.6",
                                                  "top-p=0.6:meaning=exclude",
                                                  "min-p=0.3",
                                                  "typical=0.5",
                                                  "epsilon=0.1",
                                                  "eta=0.1",
                                                  "top-a=0.5",
                                                  "tail-free=0.7",
                                                  "top-n-sigma=1",
                                                  "top-h=0.5",
                                                  "p-less",
                                                  "p-less=3",
                                                  "p-less=2:norm=on",
                                                  "min-k=3",
                                                  "xtc=1:threshold=0.1"};

std::vector<float> random_logits(std::size_t n, double width, std::uint64_t seed) {
  std::vector<float> logits(n);
  const Noise noise(seed, 0, 0);
  for (std::size_t i = 0; i < n; ++i)
    logits[i] = static_cast<float>(width * noise.gumbel(static_cast<int>(i)));
  return logits;
}

std::vector<std::size_t> kept(const std::vector<float>& logits) {
  std::vector<std::size_t> ids;
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (logits[i] != impossible) ids.push_back(i);
  return ids;
}

}  // namespace

TEST_CASE("something always stays, nothing comes back, what stays keeps its logit") {
  for (const std::string& text : all_truncations)
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      CAPTURE(text);
      std::vector<float> raw = random_logits(1 + seed * seed, seed % 3 == 0 ? 0.01 : 2.0, seed);
      for (std::size_t i = 1; i < raw.size(); i += 3) raw[i] = impossible;
      const auto z = applied(text, raw);
      REQUIRE(!kept(z).empty());
      for (const std::size_t i : kept(z)) REQUIRE(z[i] == raw[i]);
    }
}

TEST_CASE("order independence: a permutation of the vocabulary permutes the result") {
  for (const std::string& text : all_truncations) {
    CAPTURE(text);
    const std::vector<float> raw = random_logits(500, 1.5, 4);
    const std::vector<float> mirrored(raw.rbegin(), raw.rend());
    auto z = applied(text, raw), m = applied(text, mirrored);
    std::reverse(m.begin(), m.end());
    CHECK(z == m);
  }
}

TEST_CASE("adding a constant to all logits changes no kept set") {
  for (const std::string& text : all_truncations) {
    CAPTURE(text);
    std::vector<float> raw = random_logits(300, 1.5, 9);
    for (float& z : raw) z = std::round(z * 64) / 64;  // so that the sums below are exact
    std::vector<float> moved = raw;
    for (float& z : moved) z += 1024;
    CHECK(kept(applied(text, raw)) == kept(applied(text, moved)));
  }
}

TEST_CASE("uniform logits, one token, ties everywhere") {
  for (const std::string& text : all_truncations) {
    CAPTURE(text);
    const auto uniform = applied(text, std::vector<float>(100, 3.0f));
    CHECK(!kept(uniform).empty());
    CHECK(applied(text, {5.0f}) == std::vector<float>{5.0f});
    CHECK(!kept(applied(text, {impossible, 5.0f, impossible})).empty());
    CHECK(!kept(applied(text, {3e38f, -3e38f, 1.0f, 1e-44f})).empty());
  }
  // Where no token is likelier than another, a cut by probability alone has nothing to cut.
  for (const char* text : {"min-p=1", "p-less", "p-less=2:norm=on", "top-a=1", "min-k=3", "top-n-sigma=0"}) {
    CAPTURE(text);
    CHECK(kept(applied(text, std::vector<float>(100, -2.0f))).size() == 100);
  }
}

TEST_CASE("p-less keeps what is at least as likely as a draw is to repeat itself") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto raw = random_logits(200, 1.2, seed);
    const auto p = probabilities(raw);
    double collision = 0, cubes = 0;
    for (const double q : p) {
      collision += q * q;
      cubes += q * q * q;
    }
    const double n = static_cast<double>(p.size());
    const auto z = applied("p-less", raw), norm = applied("p-less=2:norm=on", raw),
               third = applied("p-less=3", raw);
    for (std::size_t i = 0; i < p.size(); ++i) {
      CHECK((z[i] != impossible) == (p[i] >= collision));
      CHECK((norm[i] != impossible) == (p[i] >= (n * collision - 1) / (n - 1)));
      CHECK((third[i] != impossible) == (p[i] >= std::sqrt(cubes)));
    }
  }
}

TEST_CASE("min-k cuts at the steepest relative drop") {
  // Drops 1/1, 3/2, 0.1/3: the second is the steepest, two tokens stay. tau / range asks for more where it is
  // larger.
  const std::vector<float> raw = {10, 9, 6, 5.9f, 5};
  CHECK(kept(applied("min-k=0", raw)) == std::vector<std::size_t>{0, 1});
  CHECK(kept(applied("min-k=15", raw)) == std::vector<std::size_t>{0, 1, 2});
  CHECK(kept(applied("min-k=500", raw)).size() == 5);
  CHECK(kept(applied("temp=0.3,min-k=0", raw)) == kept(applied("min-k=0", raw)));
  CHECK(kept(applied("min-k=0", {10, 9, 6, impossible})) == std::vector<std::size_t>{0, 1});
}

TEST_CASE("inverted exchanges ranks") {
  CHECK(applied("inverted", {3, impossible, 1, 2, 7}) == std::vector<float>{2, impossible, 7, 3, 1});
}

TEST_CASE("skew bends the cumulative distribution") {
  const auto raw = random_logits(50, 1.5, 3);
  const auto p = probabilities(raw);
  std::vector<std::size_t> order(raw.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return raw[a] > raw[b]; });
  for (const double s : {-1.0, 0.4, 2.0}) {
    const auto q = probabilities(applied("skew=" + std::to_string(s), raw));
    double before = 0;
    for (const std::size_t i : order) {
      const double expected = std::pow(before + p[i], std::exp(s)) - std::pow(before, std::exp(s));
      CHECK(q[i] == doctest::Approx(expected).epsilon(1e-5));
      before += p[i];
    }
  }
  // Many tokens of small shares: sums over blocks of ranks, which the definition gives without cancellation.
  const auto many = random_logits(20000, 0.5, 8);
  const auto flat = probabilities(many), bent = probabilities(applied("skew=0.7", many));
  std::vector<std::size_t> ranks(many.size());
  std::iota(ranks.begin(), ranks.end(), 0u);
  std::sort(ranks.begin(), ranks.end(), [&](auto a, auto b) { return many[a] > many[b]; });
  double plain_sum = 0, bent_sum = 0;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    plain_sum += flat[ranks[rank]];
    bent_sum += bent[ranks[rank]];
    if (rank % 1000 == 10)
      CHECK(bent_sum == doctest::Approx(std::pow(plain_sum, std::exp(0.7))).epsilon(1e-5));
  }
  CHECK(applied("skew=0", raw) == raw);
  for (const float z : applied("skew=20", random_logits(5000, 8, 1))) CHECK(std::isfinite(z));
  for (const float z : applied("skew=-20", random_logits(5000, 8, 1))) CHECK(std::isfinite(z));
}

TEST_CASE("XTC acts with its probability, by a coin of its own") {
  const std::vector<float> raw = {2, 2, 2, 0};
  int acted = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed)
    acted += kept(applied("xtc=0.3:threshold=0.1", raw, {}, 0, seed)).size() == 2;
  CHECK(acted > 1080);
  CHECK(acted < 1320);
}

TEST_CASE("the largest logits in descending order, ids settle ties") {
  Scratch scratch;
  for (const std::size_t n : {1, 2, 7, 300, 5000})
    for (const double width : {0.0, 1e-3, 2.0, 1e30}) {
      auto logits = random_logits(n, width, n);
      for (std::size_t i = 0; i < n; i += 5) logits[i] = logits[n / 2];
      for (std::size_t i = 3; i < n; i += 7) logits[i] = impossible;
      std::vector<std::size_t> expected = kept(logits);
      std::stable_sort(expected.begin(), expected.end(),
                       [&](auto a, auto b) { return logits[a] > logits[b]; });
      Descending order(logits, scratch);
      REQUIRE(order.size() == expected.size());
      for (std::size_t rank = 0; rank < expected.size(); ++rank)
        REQUIRE(static_cast<std::size_t>(order[rank].id()) == expected[rank]);
      for (const std::size_t k : {std::size_t{1}, std::size_t{2}, std::size_t{100}, std::size_t{400}})
        CHECK(static_cast<std::size_t>(last_of(static_cast<double>(k), logits, scratch).id()) ==
              expected[std::min(k, expected.size()) - 1]);
    }
}

TEST_CASE("partial selection is full sorting") {
  // Large vocabularies of many shapes, with ties and masks, against definitions that sort everything.
  Scratch scratch;
  for (const double width : {0.0, 1e-4, 0.5, 2.0, 6.0})
    for (const double sign : {1.0, -1.0}) {
      CAPTURE(width);
      CAPTURE(sign);
      auto logits = random_logits(20000, sign * width, 12);
      for (std::size_t i = 0; i < logits.size(); i += 3) logits[i] = std::round(logits[i] * 8) / 8;
      for (std::size_t i = 1; i < logits.size(); i += 11) logits[i] = impossible;
      std::vector<std::size_t> ranked = kept(logits);
      std::stable_sort(ranked.begin(), ranked.end(), [&](auto a, auto b) { return logits[a] > logits[b]; });
      const std::size_t n = ranked.size();
      const auto p = probabilities(logits);

      const auto all = Descending(logits, scratch).all();
      REQUIRE(all.size() == n);
      for (std::size_t rank = 0; rank < n; ++rank)
        REQUIRE(static_cast<std::size_t>(all[rank].id()) == ranked[rank]);
      for (const std::size_t count : {std::size_t{1}, std::size_t{700}, n / 2, n - 1, n}) {
        auto cut = logits;
        const auto first = Descending(logits, scratch).first(count);
        REQUIRE(first.size() == count);
        for (std::size_t rank = 0; rank < count; ++rank)
          REQUIRE(static_cast<std::size_t>(first[rank].id()) == ranked[rank]);
        remove_after(cut, logits, first.back());
        std::vector<std::size_t> stay(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count));
        std::sort(stay.begin(), stay.end());
        REQUIRE(kept(cut) == stay);
      }
      for (const double share : {0.3, 0.9, 0.99}) {
        CAPTURE(share);
        const std::string text = std::to_string(share);
        double sum = 0;
        std::size_t nucleus = 0;
        while (nucleus < n && sum < share) sum += p[ranked[nucleus++]];
        CHECK(kept(applied("top-p=" + text, logits)).size() == nucleus);

        std::vector<double> bends;
        for (std::size_t r = 0; r + 2 < n; ++r)
          bends.push_back(std::fabs(p[ranked[r]] - 2 * p[ranked[r + 1]] + p[ranked[r + 2]]));
        const double bend = std::accumulate(bends.begin(), bends.end(), 0.0);
        std::size_t tail = 0;
        sum = 0;
        for (; tail < bends.size(); ++tail) {
          sum += bend > 1e-6 ? bends[tail] / bend : 1.0 / static_cast<double>(bends.size());
          if (sum > share && tail > 0) break;
        }
        CHECK(kept(applied("tail-free=" + text, logits)).size() == (tail == bends.size() ? n : tail));

        double entropy = 0;
        for (const std::size_t i : ranked) entropy -= p[i] * std::log(p[i]);
        const auto distance = [&](std::size_t i) {
          return static_cast<float>(std::fabs(-std::log(p[i]) - entropy));
        };
        std::vector<std::size_t> near = ranked;
        std::sort(near.begin(), near.end());
        std::stable_sort(near.begin(), near.end(), [&](auto a, auto b) { return distance(a) < distance(b); });
        std::size_t typical = 0;
        for (sum = 0; typical < n && sum < share;) sum += p[near[typical++]];
        const auto size = static_cast<double>(kept(applied("typical=" + text, logits)).size());
        CHECK(size == doctest::Approx(static_cast<double>(typical)).epsilon(2e-4));
      }
      const auto turned = applied("inverted", logits);
      for (std::size_t rank = 0; rank < n; ++rank)
        REQUIRE(turned[ranked[rank]] == logits[ranked[n - 1 - rank]]);
    }
}

TEST_CASE("helpers agree with their definitions on odd lengths") {
  Scratch scratch;
  for (const std::size_t n : {1, 15, 16, 17, 255, 257, 1000}) {
    auto logits = random_logits(n, 2, n);
    if (n > 4) logits[2] = logits[n - 1] = impossible;
    CHECK(largest(logits) == *std::max_element(logits.begin(), logits.end()));
    CHECK(first_of(logits, largest(logits)) ==
          static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
    CHECK(count_possible(logits) == kept(logits).size());
    const Thermo t = thermo(std::span<const float>(logits), 1.0),
                 flat = thermo(std::span<const float>(logits), 0.0);
    const Spread spread = spread_of(logits, scratch);
    CHECK(std::log(spread.total) == doctest::Approx(t.log_z_shifted).epsilon(1e-13));
    CHECK(spread.entropy == doctest::Approx(t.entropy).epsilon(1e-13));
    CHECK(variance_of(logits, scratch) == doctest::Approx(flat.variance).epsilon(1e-12));
  }
}
