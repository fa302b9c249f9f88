#include "tools/bench/bench_report.h"

#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"

namespace kelvin {
namespace {

bool integers(const PartWork& work) { return work[static_cast<std::size_t>(PassPart::mlp_up)].integers; }

double peak(const BenchReport& r) {
  return integers(r.prefill_work) ? r.limits.int8_gops : r.limits.fma_gflops;
}

double rate(double amount, double seconds) { return seconds > 0 ? amount / seconds / 1e9 : 0; }

// How much of what the machine could do at most a part reached; 0 where it neither reads nor computes much.
double share(const Work& work, double seconds, const MachineLimits& limits) {
  return seconds > 0 ? work.min_seconds(limits) / seconds : 0;
}

void add_parts(std::string& text, const char* title, const PartTimes& times, const PartWork& work,
               double total, const MachineLimits& limits) {
  text += formatted("\n%-14s %9s %6s %9s %9s %9s\n", title, "ms", "time", "GB/s", "GOP/s", "of limit");
  for (std::size_t i = 0; i < part_count; ++i) {
    text += formatted("%-14s %9.2f %5.1f%% ", part_names[i], 1e3 * times[i], 100 * times[i] / total);
    if (work[i].operations > 0)
      text += formatted("%9.1f %9.1f %7.0f %%", rate(work[i].bytes, times[i]),
                        rate(work[i].operations, times[i]), 100 * share(work[i], times[i], limits));
    text += "\n";
  }
}

void write_parts(JsonWriter& json, const char* key, const PartTimes& times, const PartWork& work,
                 const MachineLimits& limits) {
  json.key(key).begin_array();
  for (std::size_t i = 0; i < part_count; ++i) {
    json.begin_object().member("part", part_names[i]).member("seconds", times[i]);
    json.member("gb_s", rate(work[i].bytes, times[i])).member("gop_s", rate(work[i].operations, times[i]));
    json.member("share_of_limit", share(work[i], times[i], limits)).end_object();
  }
  json.end_array();
}

}  // namespace

ThreadsFigures threads_figures(const BenchReport& r) {
  return {r.threads, r.prefill_tok_s(), r.decode_tok_s(), r.limits.read_gb_s, peak(r)};
}

std::string bench_text(const BenchReport& r) {
  std::string text =
      formatted("%s, %s weights, %s cache, %s kernels, %d thread%s\n", r.model.c_str(), r.weights.c_str(),
                r.kv.c_str(), r.isa.c_str(), r.threads, r.threads == 1 ? "" : "s");
  text += formatted("load     %8.3f s     peak memory %.0f MiB\n", r.load_s, r.peak_rss_mib);
  text += formatted("prefill  %8.1f tok/s  %7.1f GOP/s   = %3.0f %% of %.1f (%s of this table)\n",
                    r.prefill_tok_s(), r.prefill_gflops(), 100 * r.prefill_gflops() / peak(r), peak(r),
                    integers(r.prefill_work) ? "8-bit multiply-adds" : "fused multiply-adds");
  text +=
      formatted("decode   %8.1f tok/s  %7.1f GB/s    = %3.0f %% of %.1f (reading memory)", r.decode_tok_s(),
                r.read_gb_s(), 100 * r.read_gb_s() / r.limits.read_gb_s, r.limits.read_gb_s);
  if (r.size.sequences > 1) text += formatted(", %d sequences at once", r.size.sequences);
  text += formatted(", from position %d on\n", r.size.before_decode());
  text += formatted("machine  reads %.1f GB/s, multiplies and adds %.1f GFLOP/s", r.limits.read_gb_s,
                    r.limits.fma_gflops);
  if (r.limits.vnni_gops) text += formatted(", %.1f GOP/s in 8 bits (VNNI)", *r.limits.vnni_gops);
  if (r.limits.amx_gops) text += formatted(", %.1f (AMX)", *r.limits.amx_gops);
  text += formatted("\nlogits   %s\n", r.figures.logits_sha256.c_str());
  if (r.profile) {
    add_parts(text, "prefill", r.figures.prefill_parts, r.prefill_work, r.figures.prefill_seconds, r.limits);
    add_parts(text, "decode", r.figures.decode_parts, r.decode_work, r.figures.decode_seconds, r.limits);
    text += formatted("%-14s %9.2f  (the default chain; kelvin-bench --stages has all)\n", "sampling",
                      1e3 * r.figures.sampling_seconds);
  }
  if (!r.sweep.empty()) text += "\nthreads   prefill tok/s   decode tok/s   read GB/s   GOP/s\n";
  for (const ThreadsFigures& at : r.sweep)
    text += formatted("%7d %15.1f %14.1f %11.1f %7.0f\n", at.threads, at.prefill_tok_s, at.decode_tok_s,
                      at.machine_read_gb_s, at.machine_gops);
  return text;
}

std::string bench_json(const BenchReport& r) {
  JsonWriter json;
  json.begin_object();
  json.member("model", r.model).member("weights", r.weights).member("kv", r.kv).member("isa", r.isa);
  json.member("threads", r.threads).member("prefill", r.size.prefill).member("decode", r.size.decode);
  json.member("sequences", r.size.sequences).member("context", r.size.before_decode());
  json.member("prefill_tok_s", r.prefill_tok_s()).member("decode_tok_s", r.decode_tok_s());
  json.member("load_s", r.load_s).member("peak_rss_mib", r.peak_rss_mib);
  json.member("bytes_per_token", r.bytes_per_token).member("read_gb_s", r.read_gb_s());
  json.member("machine_read_gb_s", r.limits.read_gb_s);
  json.member("prefill_gflops", r.prefill_gflops()).member("machine_fma_gflops", r.limits.fma_gflops);
  json.member("machine_int8_gops", r.limits.int8_gops);
  json.member("machine_vnni_gops", r.limits.vnni_gops).member("machine_amx_gops", r.limits.amx_gops);
  json.member("logits_sha256", r.figures.logits_sha256);
  if (r.profile) {
    json.key("profile").begin_object();
    write_parts(json, "prefill", r.figures.prefill_parts, r.prefill_work, r.limits);
    write_parts(json, "decode", r.figures.decode_parts, r.decode_work, r.limits);
    json.member("sampling_seconds", r.figures.sampling_seconds).end_object();
  }
  if (!r.sweep.empty()) {
    json.key("sweep").begin_array();
    for (const ThreadsFigures& at : r.sweep) {
      json.begin_object().member("threads", at.threads).member("prefill_tok_s", at.prefill_tok_s);
      json.member("decode_tok_s", at.decode_tok_s).member("machine_read_gb_s", at.machine_read_gb_s);
      json.member("machine_gops", at.machine_gops).end_object();
    }
    json.end_array();
  }
  return json.end_object().text();
}

}  // namespace kelvin
