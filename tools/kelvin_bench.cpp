// kelvin-bench: how fast a model runs here, and how fast it could.
#include <chrono>
#include <cstdio>
#include <iostream>

#include "engine/kernels/kernels.h"
#include "loaders/json_writer.h"
#include "loaders/model_folder.h"
#include "tools/bench/stage_bench.h"
#include "tools/bench_run.h"
#include "tools/options/model_folder_option.h"
#include "tools/options/model_options.h"
#include "tools/options/run_main.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

struct Options {
  ModelFlags model;
  BenchSize size{512, 32, 3};
  bool stages = false, json = false;
};

struct Report {
  Options options;
  std::string folder, isa, weights;
  int threads;
  double load_s, peak_rss_mib, bytes_per_token, prefill_operations;
  BenchFigures figures;
  MachineLimits limits;

  double prefill_tok_s() const { return options.size.prefill / figures.prefill_seconds; }
  double prefill_gflops() const { return prefill_operations / figures.prefill_seconds / 1e9; }
  double decode_tok_s() const { return options.size.decode / figures.decode_seconds; }
  double read_gb_s() const { return bytes_per_token * decode_tok_s() / 1e9; }
};

bool parse(Options& options, int argc, char** argv) {
  Flags flags("kelvin-bench", "speed and memory of a model, beside the limits of the machine");
  options.model.add_to(flags);
  flags.group("measurement");
  flags.option("prefill", "N", "tokens of the prompt (default 512)", to(options.size.prefill, 1, 1 << 20));
  flags.option("decode", "N", "tokens after the prompt, one by one (default 32)",
               to(options.size.decode, 1, 1 << 20));
  flags.option("repeat", "N", "times; the best counts (default 3)", to(options.size.repeat, 1, 1000));
  flags.toggle(
      "stages",
      "instead of a model: every sampler, the default chain and the draw at 128,256 tokens on one thread",
      options.stages);
  flags.group("output");
  flags.toggle("json", "one JSON object", options.json);
  return flags.parse(argc, argv);
}

void print_json(const Report& r) {
  JsonWriter json;
  json.begin_object();
  json.member("model", r.folder)
      .member("weights", r.weights)
      .member("isa", r.isa)
      .member("threads", r.threads);
  json.member("prefill", r.options.size.prefill).member("decode", r.options.size.decode);
  json.member("prefill_tok_s", r.prefill_tok_s()).member("decode_tok_s", r.decode_tok_s());
  json.member("load_s", r.load_s).member("peak_rss_mib", r.peak_rss_mib);
  json.member("bytes_per_token", r.bytes_per_token).member("read_gb_s", r.read_gb_s());
  json.member("machine_read_gb_s", r.limits.read_gb_s);
  json.member("prefill_gflops", r.prefill_gflops()).member("machine_fma_gflops", r.limits.fma_gflops);
  json.member("logits_sha256", r.figures.logits_sha256);
  std::cout << json.end_object().text() << '\n';
}

void print_text(const Report& r) {
  std::printf("%s, %s weights, %s kernels, %d threads\n", r.folder.c_str(), r.weights.c_str(), r.isa.c_str(),
              r.threads);
  std::printf("load     %8.3f s     peak memory %.0f MiB\n", r.load_s, r.peak_rss_mib);
  std::printf("prefill  %8.1f tok/s  %7.1f GFLOP/s = %3.0f %% of %.1f (fused multiply-adds of this table)\n",
              r.prefill_tok_s(), r.prefill_gflops(), 100 * r.prefill_gflops() / r.limits.fma_gflops,
              r.limits.fma_gflops);
  std::printf("decode   %8.1f tok/s  %7.1f GB/s    = %3.0f %% of %.1f (reading memory)\n", r.decode_tok_s(),
              r.read_gb_s(), 100 * r.read_gb_s() / r.limits.read_gb_s, r.limits.read_gb_s);
  std::printf("logits   %s\n", r.figures.logits_sha256.c_str());
}

int bench_stages(bool json) {
  constexpr std::size_t vocabulary = 128'256;
  constexpr int repeat = 25;
  ProgressBar bar("stages", "stages");
  const StageBench bench =
      run_stage_bench(vocabulary, repeat, [&](int done, int total) { bar.update(done, total); });
  bar.finish();
  std::cout << (json ? stage_bench_json(bench) + "\n" : stage_bench_text(bench));
  return 0;
}

int bench(int argc, char** argv) {
  Options options;
  if (!parse(options, argc, argv)) return 0;
  if (options.stages) return bench_stages(options.json);
  const std::filesystem::path folder = model_folder(options.model.folder);
  const auto start = std::chrono::steady_clock::now();
  LoadedModel loaded = load_model(folder, options.model.load_options());
  Model model(loaded.config, std::move(loaded.weights), {options.model.threads, nullptr, options.model.kv});
  const double load_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  BenchFigures figures;
  {
    ProgressBar bar("running", "tok");
    figures = run_bench(model, options.size, [&](int done, int total) { bar.update(done, total); });
  }
  // Before measuring the machine, which takes memory of its own.
  const double rss = peak_rss_mib();
  const double attended = options.size.prefill + 0.5 * (options.size.decode + 1);
  const Report report{options,
                      folder.string(),
                      model.kernels().name,
                      model.weights().kind().name(),
                      model.threads(),
                      load_s,
                      rss,
                      bytes_per_token(model, attended),
                      prefill_operations(model, options.size.prefill),
                      figures,
                      measure_machine(model.kernels(), model.threads())};
  options.json ? print_json(report) : print_text(report);
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::bench); }
