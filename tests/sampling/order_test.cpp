// The named orders against straight definitions of what those engines do with the same settings.
#include "sampling/order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "sampling/settings.h"

using namespace kelvin;

namespace {

constexpr double none = -std::numeric_limits<double>::infinity();

// One engine's step, written out: every operation edits z in place.
struct Reference {
  std::vector<double> z;
  std::vector<int> text;
  std::size_t n_prompt;

  std::vector<double> probabilities() const {
    const double top = *std::max_element(z.begin(), z.end());
    std::vector<double> p(z.size());
    for (std::size_t i = 0; i < z.size(); ++i) p[i] = std::exp(z[i] - top);
    const double total = std::accumulate(p.begin(), p.end(), 0.0);
    for (double& value : p) value /= total;
    return p;
  }
  std::vector<std::size_t> descending() const {
    std::vector<std::size_t> ids(z.size());
    std::iota(ids.begin(), ids.end(), std::size_t{0});
    std::stable_sort(ids.begin(), ids.end(), [&](auto a, auto b) { return z[a] > z[b]; });
    return ids;
  }
  void keep_first(std::size_t n) {
    const auto ids = descending();
    for (std::size_t rank = n; rank < ids.size(); ++rank) z[ids[rank]] = none;
  }

  void penalties(double repeat, double frequency, double presence, std::size_t first_repeated,
                 std::size_t first_counted) {
    std::map<int, int> counts;
    for (std::size_t i = first_counted; i < text.size(); ++i) ++counts[text[i]];
    for (const int id :
         std::vector<int>(text.begin() + static_cast<std::ptrdiff_t>(first_repeated), text.end()))
      repeated[id] = true;
    for (const auto& [id, yes] : repeated) {
      double& value = z[static_cast<std::size_t>(id)];
      value = value > 0 ? value / repeat : value * repeat;
    }
    for (const auto& [id, count] : counts) z[static_cast<std::size_t>(id)] -= count * frequency + presence;
  }
  void temperature(double t) {
    for (double& value : z) value /= t;
  }
  void top_k(std::size_t k) { keep_first(k); }
  void top_k_with_ties(std::size_t k) {
    const double border = z[descending()[k - 1]];
    for (double& value : z) value = value < border ? none : value;
  }
  void top_p_with_crossing(double wanted) {
    const auto p = probabilities();
    const auto ids = descending();
    double sum = 0;
    std::size_t n = 0;
    while (n < ids.size() && sum < wanted) sum += p[ids[n++]];
    keep_first(n);
  }
  // Drops from the bottom while what is dropped adds up to no more than 1 - wanted.
  void top_p_from_below(double wanted) {
    const auto p = probabilities();
    const auto ids = descending();
    double sum = 0;
    for (std::size_t rank = ids.size(); rank-- > 1;) {
      sum += p[ids[rank]];
      if (sum <= 1 - wanted) z[ids[rank]] = none;
    }
  }
  void min_p(double share) {
    const double border = *std::max_element(z.begin(), z.end()) + std::log(share);
    for (double& value : z) value = value < border ? none : value;
  }
  // With probability 1.
  void xtc(double threshold) {
    const auto p = probabilities();
    const auto ids = descending();
    for (std::size_t rank = 0; rank + 1 < ids.size() && p[ids[rank + 1]] >= threshold; ++rank)
      z[ids[rank]] = none;
  }

  std::map<int, bool> repeated = {};
};

struct Engine {
  std::string name;
  bool has_xtc, has_counts;
  std::function<void(Reference&)> step;
};

std::size_t window(const Reference& r, std::size_t last) {
  return r.text.size() < last ? 0 : r.text.size() - last;
}

const std::vector<Engine> engines = {
    {"llama.cpp", true, true,
     [](Reference& r) {
       r.penalties(1.3, 0.2, 0.4, window(r, 64), window(r, 64));
       r.top_k(30);
       r.top_p_with_crossing(0.9);
       r.min_p(0.05);
       r.xtc(0.1);
       r.temperature(0.7);
     }},
    {"hf", false, false,
     [](Reference& r) {
       r.penalties(1.3, 0, 0, 0, r.text.size());
       r.temperature(0.7);
       r.top_k_with_ties(30);
       r.top_p_from_below(0.9);
       r.min_p(0.05);
     }},
    {"vllm", false, true,
     [](Reference& r) {
       r.penalties(1.3, 0.2, 0.4, 0, r.n_prompt);
       r.temperature(0.7);
       r.min_p(0.05);
       r.top_k_with_ties(30);
       r.top_p_from_below(0.9);
     }},
    {"mlx", true, false,
     [](Reference& r) {
       r.penalties(1.3, 0, 0, window(r, 20), r.text.size());
       r.top_p_from_below(0.9);
       r.min_p(0.05);
       r.xtc(0.1);
       r.top_k(30);
       r.temperature(0.7);
     }},
    {"ollama", false, true,
     [](Reference& r) {
       r.penalties(1.3, 0.2, 0.4, window(r, 64), window(r, 64));
       r.top_k(30);
       r.temperature(0.7);
       r.top_p_with_crossing(0.9);
       r.min_p(0.05);
     }},
};

void compare(const Engine& engine, const std::vector<float>& logits, const std::vector<int>& text) {
  CAPTURE(engine.name);
  SamplerSettings settings;
  const auto set = [&](const char* name, const char* value) {
    settings.set(name, value, Source::flag, std::string("--") + name);
  };
  set("order", engine.name.c_str());
  set("temp", "0.7");
  set("top-k", "30");
  set("top-p", "0.9");
  set("min-p", "0.05");
  set("penalty", "1.3");
  if (engine.has_counts) set("frequency", "0.2");
  if (engine.has_counts) set("presence", "0.4");
  if (engine.has_xtc) set("xtc", "1");
  std::vector<float> found = logits;
  Step step;
  step.tokens = text;
  step.n_prompt = text.size() / 2;
  ChainState state;
  settings.chain().apply(found, step, state);

  Reference reference{{logits.begin(), logits.end()}, text, step.n_prompt};
  engine.step(reference);
  bool same_set = true, same_logits = true;
  for (std::size_t i = 0; i < found.size(); ++i) {
    same_set = same_set && (found[i] != impossible) == (reference.z[i] != none);
    if (found[i] != impossible && reference.z[i] != none)
      same_logits = same_logits && std::fabs(static_cast<double>(found[i]) - reference.z[i]) < 1e-5;
  }
  CHECK(same_set);
  CHECK(same_logits);
}

}  // namespace

TEST_CASE("the same settings keep what each engine keeps, with its logits") {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  for (const float width : {1.0f, 2.0f, 4.0f})
    for (const float grain : {0.0f, 0.25f}) {  // as they come, and with many ties
      std::vector<float> logits(1000);
      for (float& z : logits) {
        z = width * normal(random);
        if (grain > 0) z = grain * std::round(z / grain);
      }
      std::vector<int> text(200);
      for (int& id : text) id = static_cast<int>(random() % 300);
      for (const Engine& engine : engines) compare(engine, logits, text);
    }
}
