// The same bits on every machine, compiler and instruction set: processed logits and drawn tokens against a
// hash that stands here. A change of it is a change of what a seed gives; it needs a reason.
#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "sampling/chain.h"

using namespace kelvin;

namespace {

std::uint64_t add_to_hash(std::uint64_t hash, std::uint64_t word) { return sampling::mix_bits(hash ^ word); }

// Logits by integer arithmetic alone, spread like a model's.
std::vector<float> made_logits(std::size_t n, std::uint64_t step) {
  std::vector<float> logits(n);
  const Noise noise(2026, 0, step);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t bits = noise.bits(static_cast<int>(i));
    const auto sum = static_cast<float>((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff));
    logits[i] = bits >> 60 == 0 ? impossible : (sum - 98304.0f) / 8192.0f;
  }
  return logits;
}

std::uint64_t hash_of(const std::string& text) {
  const Chain chain = Chain::parse(text);
  ChainState state;
  std::vector<int> history;
  std::uint64_t hash = 0;
  for (std::uint64_t i = 0; i < 12; ++i) {
    std::vector<float> logits = made_logits(1003, i);
    Step step;
    step.tokens = history;
    step.seed = 1;
    const int token = chain.sample(logits, step, state);
    chain.accept(token, step, state);
    history.push_back(token % 7);
    for (const float z : logits) hash = add_to_hash(hash, std::bit_cast<std::uint32_t>(z));
    hash = add_to_hash(hash, static_cast<std::uint64_t>(token));
  }
  return hash;
}

}  // namespace

TEST_CASE("one hash on every machine") {
  std::uint64_t all = 0;
  for (const char* text :
       {"",
        "temp=0.7",
        "temp=-0.7",
        "temp=1e5",
        "beta=0.3:origin=zero",
        "temp-dynamic=1:0.7",
        "temp-top=0.3:2:1.5",
        "temp-entropy=2.5",
        "temp-schedule='0.7 + 0.5 * exp(-step / 20) + 0.1 * sin(position) + 0.01 * surprise + H ^ 0.3'",
        "top-k=40",
        "top-p=0.8",
        "min-p=0.02",
        "typical=0.6",
        "epsilon=0.001",
        "eta=0.001",
        "top-a=0.2",
        "tail-free=0.9",
        "top-n-sigma=1",
        "top-h=0.4",
        "p-less=2.5",
        "min-k",
        "xtc=0.5:threshold=0.01",
        "inverted",
        "smoothing=0.3:curve=1.5",
        "skew=0.4",
        "penalty=1.2:presence=0.3:frequency=0.1",
        "dry=0.8:allowed=1",
        "no-repeat=2",
        "mirostat=3",
        "mirostat-2=3",
        "adaptive-p=0.3",
        "penalty=1.1,top-k=40,temp=0.8,min-p=0.05",
        "temp-schedule='0.5 + varentropy / 10'"})
    all = add_to_hash(all, hash_of(text));
  CHECK(all == 4594952490561164785u);
}
