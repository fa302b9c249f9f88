// Steps after the first allocate nothing: every stage, the default chain, a long one, and the draw.
#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <new>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "sampling/settings.h"

namespace {

// Of this thread, so that nothing else in the test program counts.
thread_local std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
// std::stable_sort asks for its buffer this way.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size > 0 ? size : 1);
}
// Not inlined: GCC 12 would warn that free() does not fit operator new.
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

using namespace kelvin;

namespace {

const std::vector<std::string> words = [] {
  std::vector<std::string> all;
  for (int i = 0; i < 3000; ++i) all.push_back(" w" + std::to_string(i));
  return all;
}();

// Values for the stages that have no default or do nothing by default.
const std::map<std::string, std::string> examples = {
    {"allow", "=id:0-2000"},
    {"ban", "=id:0-99"},
    {"string-ban", "='w17 w18'"},
    {"bias", "=1:id:0-99"},
    {"penalty", "=1.2"},
    {"frequency", "=0.3"},
    {"presence", "=0.3"},
    {"sequence-bias", "=1:'3 4'"},
    {"end-decay", "=2:1.05:id:7"},
    {"min-new", "=9:id:7"},
    {"xtc", "=1"},
    {"skew", "=0.5"},
    {"temp-schedule", "='0.8 + 0.1*H + 0.05*surprise + step/1000'"}};

std::size_t allocations_after_first(const Chain& chain) {
  constexpr std::size_t n_steps = 40, warm = 8, n_prompt = 200;
  std::vector<int> tokens;
  tokens.reserve(n_prompt + n_steps);
  for (std::size_t i = 0; i < n_prompt; ++i) tokens.push_back(static_cast<int>(i * 7 % 50));
  std::vector<float> logits(words.size());
  ChainState state;
  std::size_t before = 0;
  for (std::size_t i = 0; i < n_steps; ++i) {
    if (i == warm) before = allocations;
    const Noise noise(9, 0, i);
    for (std::size_t id = 0; id < logits.size(); ++id)
      logits[id] = static_cast<float>(2 * noise.gumbel(static_cast<int>(id)));
    Step step;
    step.tokens = tokens;
    step.n_prompt = n_prompt;
    step.seed = 4;
    const int token = chain.sample(logits, step, state);
    chain.accept(token, step, state);
    tokens.push_back(token);
  }
  return allocations - before;
}

}  // namespace

TEST_CASE("the count counts") {
  const std::size_t before = allocations;
  const std::vector<int> some(10);
  CHECK(allocations == before + (some.empty() ? 0 : 1));
}

TEST_CASE("a stage allocates at its first steps only") {
  const Vocabulary vocabulary{words, {}};
  for (const StageType& type : stage_types()) {
    CAPTURE(type.name);
    const auto example = examples.find(type.name);
    const std::string text = example == examples.end() ? type.name : type.name + example->second;
    CHECK(allocations_after_first(Chain::parse(text, vocabulary)) == 0);
    CHECK(allocations_after_first(Chain::parse("temp=-1," + text, vocabulary)) == 0);
  }
}

TEST_CASE("chains allocate at their first steps only") {
  const Vocabulary vocabulary{words, {}};
  CHECK(allocations_after_first(SamplerSettings().chain(vocabulary)) == 0);
  for (const char* chain :
       {"temp-schedule='0.8 + 0.1*varentropy + (last(16) ~ /w1+7/ ? 1 : 0) + count(/w\\d00/) / (1 + "
        "since(/w9/))'",
        "penalty=1.1,dry=0.8,top-k=40,top-p=0.95,min-p=0.05,xtc=0.5,temp=0.8",
        "ban=id:3,temp=2,typical=0.9,tail-free=0.9,eta=0.001,temp-dynamic=1,mirostat=4",
        "string-ban=w100,top-p=0.9:meaning=exclude,temp-entropy=2,p-less,adaptive-p=0.4"}) {
    CAPTURE(chain);
    CHECK(allocations_after_first(Chain::parse(chain, vocabulary)) == 0);
  }
}
