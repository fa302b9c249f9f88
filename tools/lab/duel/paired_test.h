// Do paired measurements differ, and what did pairing save?
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kelvin {

struct PairedTest {
  std::size_t pairs = 0;         // in which both have a value
  double first = 0, second = 0;  // means
  double difference = 0;         // second - first
  double error = 0;              // its standard error from the differences of pairs; NaN for one pair
  double unpaired_error = 0;     // what it would be had the draws nothing in common
  double correlation = 0;        // of the pairs; NaN where one of them never varies
  // Chance of a difference as large where the sign of each pair's is as likely as the other: exact (all signs) up to 14 pairs, else
  // (1 + as large) / (1 + 9999) of random signs.
  double p = 1;
  // (unpaired_error / error)^2: how many times as many draws without pairing would have told as much; +inf where all pairs differ alike.
  double fewer = 1;
};

// first, second: (draws,), NaN where there is no value.
PairedTest paired_test(std::span<const double> first, std::span<const double> second, std::uint64_t seed);

}  // namespace kelvin
