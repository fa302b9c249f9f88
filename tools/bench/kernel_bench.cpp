#include "tools/bench/kernel_bench.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "engine/forward/quantized_activations.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/packed_formats.h"
#include "engine/weights/aligned_buffer.h"
#include "engine/weights/packed.h"
#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/bench/machine_limits.h"

namespace kelvin {
namespace {

constexpr int cols = 2048;

// Bytes of which any two are a positive number, as float16 and as bfloat16, and not a subnormal one, which is slow.
void fill(std::byte* to, std::size_t n) {
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < n; ++i) {
    state = state * 1664525 + 1013904223;
    to[i] = static_cast<std::byte>(0x20 | state >> 27);
  }
}

class ProductTimer {
 public:
  ProductTimer(const Kernels& kernels, int rows, int repeat)
      : kernels_(*kernels.quantized),
        rows_(rows),
        repeat_(repeat),
        x_(static_cast<std::size_t>(cols)),
        y_(static_cast<std::size_t>(rows) * most_tokens),
        scratch_(kernels::matmul_scratch(most_tokens) * sizeof(float)) {
    for (std::size_t k = 0; k < x_.size(); ++k) x_[k] = static_cast<float>(k % 29) - 14.0f;
  }

  KernelSpeed speed(Storage storage) {
    const std::size_t bytes = packed_bytes(storage, rows_, cols);
    AlignedBuffer weights(bytes);
    fill(weights.data(), bytes);
    const double weights_of_matrix = static_cast<double>(rows_) * cols;
    KernelSpeed speed{name_of(storage), 8 * static_cast<double>(bytes) / weights_of_matrix, {}, 0};
    for (const int tokens : kernel_bench_tokens) {
      const double seconds = seconds_of(storage, weights.data(), tokens);
      speed.giga_macs_s.push_back(weights_of_matrix * tokens / seconds / 1e9);
      if (tokens == 1) speed.read_gb_s = static_cast<double>(bytes) / seconds / 1e9;
    }
    return speed;
  }

 private:
  static constexpr int most_tokens = std::ranges::max(kernel_bench_tokens);

  double seconds_of(Storage storage, const std::byte* weights, int tokens) {
    const kernels::PackedFormat& format = format_of(storage);
    engine::ActivationBuffer buffer;
    buffer.reserve(tokens, cols);
    const kernels::QuantizedActivations x = buffer.view(tokens, cols, format.short_activations);
    for (int t = 0; t < tokens; ++t) kernels_.quantize_activations(x_.data(), x, t);
    const kernels::QuantizedMatmul product{.w = weights,
                                           .rows = rows_,
                                           .x = x,
                                           .bias = nullptr,
                                           .y = y_.data(),
                                           .y_stride = static_cast<std::size_t>(rows_),
                                           .scratch = scratch_.floats(),
                                           .format = &format};
    double best = 1e9;
    for (int i = 0; i < repeat_; ++i) {
      const auto start = std::chrono::steady_clock::now();
      (kernels_.*format.kernels).matmul(product);
      best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
  }

  const QuantizedKernels& kernels_;
  int rows_, repeat_;
  std::vector<float> x_;  // (cols,)
  std::vector<float> y_;  // (most_tokens, rows)
  AlignedBuffer scratch_;
};

}  // namespace

KernelBench run_kernel_bench(const Kernels& kernels, int rows, int repeat,
                             const std::function<void(int, int)>& progress) {
  ProductTimer timer(kernels, rows, repeat);
  KernelBench bench{kernels.name, int8_gops(kernels, 1) / 2, {}};
  const int first = static_cast<int>(first_packed), last = static_cast<int>(last_storage);
  for (int i = first; i <= last; ++i) {
    bench.formats.push_back(timer.speed(Storage{static_cast<std::uint8_t>(i)}));
    progress(i - first + 1, last - first + 1);
  }
  return bench;
}

std::string kernel_bench_text(const KernelBench& bench) {
  std::string text =
      formatted("%s, one thread, weights in cache; limit %.0f GMAC/s\n          bits  1 token: GB/s",
                bench.isa.c_str(), bench.limit_giga_macs_s);
  for (const int tokens : kernel_bench_tokens) text += formatted("  %3d: GMAC/s", tokens);
  text += "  share of the limit\n";
  for (const KernelSpeed& speed : bench.formats) {
    text += formatted("%-8s %5.2f  %13.1f", speed.format.c_str(), speed.bits, speed.read_gb_s);
    for (const double rate : speed.giga_macs_s) text += formatted("  %10.1f", rate);
    text += formatted("  %16.0f %%\n", 100 * speed.giga_macs_s.back() / bench.limit_giga_macs_s);
  }
  return text;
}

std::string kernel_bench_json(const KernelBench& bench) {
  JsonWriter json;
  json.begin_object().member("isa", bench.isa).member("threads", 1).member("cols", cols);
  json.member("limit_giga_macs_s", bench.limit_giga_macs_s).key("tokens").begin_array();
  for (const int tokens : kernel_bench_tokens) json.value(tokens);
  json.end_array().key("formats").begin_array();
  for (const KernelSpeed& speed : bench.formats) {
    json.begin_object().member("format", speed.format).member("bits", speed.bits);
    json.member("read_gb_s", speed.read_gb_s).key("giga_macs_s").begin_array();
    for (const double rate : speed.giga_macs_s) json.value(rate);
    json.end_array().end_object();
  }
  return json.end_array().end_object().text();
}

}  // namespace kelvin
