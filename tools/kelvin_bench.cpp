// kelvin-bench: how fast a model runs here, and how fast it could.
#include <chrono>
#include <iostream>
#include <optional>
#include <utility>
#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/platform/available_processors.h"
#include "loaders/model/model_folder.h"
#include "tools/bench/bench_report.h"
#include "tools/bench/kernel_bench.h"
#include "tools/bench/stage_bench.h"
#include "tools/options/model_folder_option.h"
#include "tools/options/model_origin.h"
#include "tools/options/run_main.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

struct Options {
  ModelFlags model;
  BenchSize size{512, 32, 3};
  bool profile = false, sweep = false, stages = false, kernels = false, json = false;
};

bool parse(Options& options, int argc, char** argv) {
  Flags flags("kelvin-bench", "speed and memory of a model, beside the limits of the machine");
  options.model.add_to(flags);
  flags.group("measurement");
  flags.option("prefill", "N", "tokens of the prompt (default 512)", to(options.size.prefill, 1, 1 << 20));
  flags.option("decode", "N", "tokens after the prompt, one by one (default 32)",
               to(options.size.decode, 1, 1 << 20));
  flags.option("repeat", "N", "times; the best counts (default 3)", to(options.size.repeat, 1, 1000));
  flags.option("sequences", "N", "decode so many at once, each with tokens of its own (default 1)",
               to(options.size.sequences, 1, 4096));
  flags.option("context", "N", "tokens before the decoded ones (default: those of the prompt)",
               to(options.size.context, 1, 1 << 20));
  flags.toggle("profile", "time of every part: matrix products, attention, norms, head, sampling",
               options.profile);
  flags.toggle("sweep-threads", "with 1, 2, 4, ... threads too, up to all processors or --threads",
               options.sweep);
  flags.toggle(
      "stages",
      "instead of a model: every sampler, the default chain and the draw at 128,256 tokens on one thread",
      options.stages);
  flags.toggle("kernels", "instead of a model: the products of every packed format on one thread, from cache",
               options.kernels);
  flags.group("output");
  flags.toggle("json", "one JSON object", options.json);
  flags.examples({"kelvin-bench --prefill 64 --decode 8 --repeat 1",
                  "kelvin-bench --weights q4 --prefill 64 --decode 8 --repeat 1 --profile",
                  "kelvin-bench --prefill 16 --decode 8 --repeat 1 --sequences 4 --json"});
  return flags.parse(argc, argv);
}

int bench_stages(bool json, const Provenance& made) {
  constexpr std::size_t vocabulary = 128'256;
  constexpr int repeat = 25;
  ProgressBar bar("stages", "stages");
  const StageBench bench = run_stage_bench(vocabulary, repeat, bar.updates());
  bar.finish();
  std::cout << (json ? with_provenance(stage_bench_json(bench), made) + "\n"
                     : stage_bench_text(bench) + provenance_line(made));
  return 0;
}

int bench_kernels(bool json, const Provenance& made) {
  constexpr int rows = 1024, repeat = 40;  // as many bytes as a second-level cache holds
  ProgressBar bar("kernels", "formats");
  const KernelBench bench = run_kernel_bench(chosen_kernels(), rows, repeat, bar.updates());
  bar.finish();
  std::cout << (json ? with_provenance(kernel_bench_json(bench), made) + "\n"
                     : kernel_bench_text(bench) + provenance_line(made));
  return 0;
}

BenchReport measure(const Options& options) {
  const std::filesystem::path folder = model_folder(options.model.folder);
  const auto start = std::chrono::steady_clock::now();
  std::optional<ProgressBar> bar(std::in_place, "loading", "B");
  LoadOptions load = options.model.load_options();
  load.progress = bar->updates();
  LoadedModel loaded = load_model(folder, load);
  Model model(loaded.config, std::move(loaded.weights), {options.model.threads, nullptr, options.model.kv});
  const double load_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  bar.reset();
  BenchReport report{};
  report.size = options.size;
  report.model = folder.string();
  report.isa = model.kernels().name;
  report.weights = model.weights().kind().name();
  report.kv = name_of(options.model.kv);
  report.threads = model.threads();
  report.load_s = load_s;
  report.profile = options.profile;
  bar.emplace("running", "tok");
  report.figures = run_bench(model, options.size, options.profile, bar->updates());
  bar.reset();
  // Before measuring the machine, which takes memory of its own.
  report.peak_rss_mib = peak_rss_mib();
  report.origin = origin_of(folder, model, load.lora);
  const BenchSize& size = options.size;
  report.prefill_work = part_work(model, prefill_passes(size.prefill));
  report.decode_work = part_work(model, decode_passes(size.before_decode(), size.decode, size.sequences));
  report.bytes_per_token = bytes_of(report.decode_work) / (static_cast<double>(size.decode) * size.sequences);
  bar.emplace("measuring the machine");
  report.limits = measure_machine(model.kernels(), model.threads());
  return report;
}

int bench(int argc, char** argv) {
  Options options;
  if (!parse(options, argc, argv)) return 0;
  Provenance made = provenance_of(argc, argv);
  if (options.stages) return bench_stages(options.json, made);
  if (options.kernels) return bench_kernels(options.json, made);
  const int max_threads = options.model.threads > 0 ? options.model.threads : available_processors();
  options.model.threads = max_threads;
  // First, for the peak of memory is that of the process.
  BenchReport report = measure(options);
  for (int threads = 1; options.sweep && threads < max_threads; threads *= 2) {
    options.model.threads = threads;
    report.sweep.push_back(threads_figures(measure(options)));
  }
  if (options.sweep) report.sweep.push_back(threads_figures(report));
  made.model = report.origin;
  std::cout << (options.json ? with_provenance(bench_json(report), made) + "\n"
                             : bench_text(report) + provenance_line(made));
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::bench); }
