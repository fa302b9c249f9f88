#include "tools/output/npy_file.h"

#include <doctest/doctest.h>

#include <vector>

TEST_CASE("an array's header is that of NumPy's format 1.0") {
  const std::string header = kelvin::npy_header(std::vector<std::size_t>{5, 2048});
  CHECK(header.size() % 64 == 0);
  CHECK(header.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  const auto length = static_cast<unsigned char>(header[8]) + 256u * static_cast<unsigned char>(header[9]);
  CHECK(10 + length == header.size());
  CHECK(header.find("{'descr': '<f4', 'fortran_order': False, 'shape': (5, 2048), }") == 10);
  CHECK(header.back() == '\n');
  CHECK(kelvin::npy_header(std::vector<std::size_t>{7}).find("(7,)") != std::string::npos);
}
