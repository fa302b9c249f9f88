// printf's formats, into a string of whatever length it takes.
#pragma once

#include <string>

namespace kelvin {

// A C variadic function, so that the compiler compares the format with the arguments.
[[gnu::format(printf, 1, 2)]] std::string formatted(const char* format, ...);

}  // namespace kelvin
