// boltzmann.h on its own: no other file of Kelvin, no library of it.
#include <cstdio>
#include <span>
#include <vector>

#include "sampling/statistics/boltzmann.h"

int main() {
  const std::vector<float> logits = {3.0f, 1.0f, -2.0f};
  std::vector<double> p(logits.size());
  for (const double beta : {1.0, 0.0, -kelvin::infinity}) {
    const kelvin::Thermo t = kelvin::softmax(std::span<const float>(logits), beta, std::span<double>(p));
    std::printf("%.3f %.3f %.3f S=%.3f\n", p[0], p[1], p[2], t.entropy);
  }
}
