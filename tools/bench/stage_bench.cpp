#include "tools/bench/stage_bench.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "engine/kernels/kernels.h"
#include "engine/platform/available_processors.h"
#include "loaders/json/json_writer.h"
#include "sampling/chain.h"
#include "sampling/noise.h"
#include "sampling/settings.h"
#include "sampling/stages/temperature.h"
#include "tokenizer/base/formatted.h"
#include "tools/bench/machine_limits.h"
#include "tools/options/model_options.h"

namespace kelvin {
namespace {

constexpr std::size_t history = 2048;
constexpr double llama_1b_bytes = 2.0 * 1'235'814'400;
constexpr const char* long_chain =
    "penalty=1.1:last=64,dry=0.8,top-k=40,top-p=0.95,min-p=0.05,xtc=1,temp=0.8";

// Values for the stages that do nothing, or not at every step, by default.
const std::map<std::string, std::string> examples = {{"allow", "id:0-2499"},
                                                     {"ban", "id:0-999"},
                                                     {"string-ban", "'never so'"},
                                                     {"bias", "1:id:0-999"},
                                                     {"sequence-bias", "1:'3 4'"},
                                                     {"min-new", "10000:id:7"},
                                                     {"end-decay", "2:1.05:id:7"},
                                                     {"penalty", "1.1"},
                                                     {"frequency", "0.5"},
                                                     {"presence", "0.5"},
                                                     {"beta", "0.7"},
                                                     {"xtc", "1"},
                                                     {"temp-schedule", "'0.7 + 0.3*exp(-step/20) + 0.1*H'"}};

std::vector<float> made_up_logits(std::size_t vocabulary) {
  const Noise noise(1, 0, 0);
  std::vector<float> logits(vocabulary);
  for (std::size_t i = 0; i < vocabulary; ++i)
    logits[i] = static_cast<float>(2 * noise.gumbel(static_cast<int>(i)));
  return logits;
}

class StageTimer {
 public:
  StageTimer(std::size_t vocabulary, int repeat)
      : repeat_(repeat), raw_(made_up_logits(vocabulary)), inverted_(raw_), hot_(raw_), words_(vocabulary) {
    temper(inverted_, -1);
    temper(hot_, 0.01);
    for (std::size_t i = 0; i < vocabulary; ++i) words_[i] = " w" + std::to_string(i);
    const Noise noise(2, 0, 0);
    for (std::size_t i = 0; i < history; ++i)
      tokens_.push_back(
          static_cast<int>(noise.bits(static_cast<int>(i)) % std::min<std::size_t>(vocabulary, 500)));
  }

  Vocabulary vocabulary() const { return {words_, {}}; }

  StageCost cost(const Chain& chain, bool with_draw = false) const {
    return {chain.text(), best_of(chain, raw_, with_draw), best_of(chain, inverted_, with_draw),
            best_of(chain, hot_, with_draw)};
  }

  double draw_milliseconds() const {
    return best([&](const Step& step) { draw(raw_, draw_noise(step)); });
  }

 private:
  double best_of(const Chain& chain, const std::vector<float>& given, bool with_draw) const {
    std::vector<float> logits;
    ChainState state;
    return best(
        [&](const Step& step) {
          const int token =
              with_draw ? chain.sample(logits, step, state) : (chain.apply(logits, step, state), 0);
          chain.accept(token, step, state);
        },
        [&] { logits = given; });
  }

  template <class Run, class Prepare = void (*)()>
  double best(
      const Run& run, const Prepare& prepare = [] {}) const {
    double min = 1e9;
    for (int i = 0; i < repeat_; ++i) {
      prepare();
      const Step step{tokens_, history / 2, static_cast<std::uint64_t>(i)};
      const auto start = std::chrono::steady_clock::now();
      run(step);
      min = std::min(
          min, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    return min;
  }

  int repeat_;
  std::vector<float> raw_, inverted_, hot_;  // (vocabulary,)
  std::vector<std::string> words_;           // (vocabulary,)
  std::vector<int> tokens_;                  // (history,)
};

}  // namespace

StageBench run_stage_bench(std::size_t vocabulary, int repeat,
                           const std::function<void(int, int)>& progress) {
  const StageTimer bench(vocabulary, repeat);
  StageBench result{};
  result.vocabulary = vocabulary;
  const int total = static_cast<int>(stage_types().size());
  for (const StageType& type : stage_types()) {
    const auto example = examples.find(type.name);
    Chain chain;
    chain.add(example == examples.end() ? type.name : type.name + "=" + example->second, bench.vocabulary());
    result.stages.push_back(bench.cost(chain));
    progress(static_cast<int>(result.stages.size()), total);
  }
  result.usual = bench.cost(SamplerSettings().chain(), true);
  result.long_chain = bench.cost(Chain::parse(long_chain, bench.vocabulary()), true);
  result.draw_milliseconds = bench.draw_milliseconds();
  const int threads = available_processors();
  result.read_gb_s = measure_machine(chosen_kernels(), threads).read_gb_s;
  result.decode_milliseconds = llama_1b_bytes / result.read_gb_s / 1e6;
  return result;
}

std::string stage_bench_text(const StageBench& bench) {
  const auto row = [](const StageCost& cost) {
    return formatted("%9.3f %9.3f %9.3f  %s\n", cost.milliseconds, cost.below_zero_milliseconds,
                     cost.hot_milliseconds, cost.chain.c_str());
  };
  std::string text = formatted(
      "%zu tokens, one thread, ms a step\n       ms   T = -1   T = 100  stage, alone\n", bench.vocabulary);
  for (const StageCost& cost : bench.stages) text += row(cost);
  text += formatted("%9.3f %19s  the draw\n\n", bench.draw_milliseconds, "");
  text += "       ms   T = -1   T = 100  chain, with its draw\n" + row(bench.usual) + row(bench.long_chain);
  return text + formatted(
                    "The default chain takes %.2f %% of a decode step of Llama-3.2-1B: bfloat16 weights take "
                    "%.1f ms or more\nat the %.1f GB/s that this machine reads.\n",
                    100 * bench.usual.milliseconds / bench.decode_milliseconds, bench.decode_milliseconds,
                    bench.read_gb_s);
}

std::string stage_bench_json(const StageBench& bench) {
  JsonWriter json;
  const auto write = [&](const StageCost& cost) {
    json.begin_object().member("chain", cost.chain).member("ms", cost.milliseconds);
    json.member("below_zero_ms", cost.below_zero_milliseconds);
    json.member("hot_ms", cost.hot_milliseconds).end_object();
  };
  json.begin_object().member("vocabulary", bench.vocabulary).member("threads", 1).key("stages").begin_array();
  for (const StageCost& cost : bench.stages) write(cost);
  json.end_array().member("draw_ms", bench.draw_milliseconds).key("default_chain");
  write(bench.usual);
  json.key("long_chain");
  write(bench.long_chain);
  json.member("machine_read_gb_s", bench.read_gb_s).member("decode_ms", bench.decode_milliseconds);
  json.member("share_of_decode", bench.usual.milliseconds / bench.decode_milliseconds);
  return json.end_object().text();
}

}  // namespace kelvin
