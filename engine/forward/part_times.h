// Where a forward pass spends its time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

namespace kelvin {

enum class PassPart {
  embedding,      // rows of the embedding, angles of RoPE
  norms,          // of the residual stream
  projections,    // queries, keys and values
  rotation,       // norms of heads, RoPE, storing keys and values
  attention,      // over what is stored
  attention_out,  // its output projection, added to the residual stream
  mlp_up,         // gate, up and the activation; all of experts
  mlp_down,       // down, added to the residual stream
  head            // final norm and logits
};
constexpr std::size_t part_count = 9;
constexpr const char* part_names[part_count] = {"embedding", "norms",     "projections",
                                                "rotation",  "attention", "attention_out",
                                                "mlp_up",    "mlp_down",  "head"};

using PartTimes = std::array<double, part_count>;  // seconds

// Measures from one call to the next; costs nothing without `times`.
class PartClock {
 public:
  using Clock = std::chrono::steady_clock;

  void start(PartTimes* times) {
    times_ = times;
    restart();
  }
  // The time since the last call was spent elsewhere.
  void restart() {
    if (times_) last_ = Clock::now();
  }
  // The time since the last call was spent on `part`.
  void record(PassPart part) {
    if (!times_) return;
    const Clock::time_point now = Clock::now();
    (*times_)[static_cast<std::size_t>(part)] += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  PartTimes* times_ = nullptr;
  Clock::time_point last_;
};

}  // namespace kelvin
