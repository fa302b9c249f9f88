// A function the linker may merge with a copy from another file would bring its file's instructions to every
// processor: kernel files must hold none.
#include <doctest/doctest.h>

#include <cstdio>
#include <sstream>
#include <string>

#include "tests/support.h"

using namespace kelvin;

TEST_CASE("kernel objects hold no weak symbols with code") {
  const std::filesystem::path library = test::bin_dir().parent_path() / "libkelvin_engine.a";
  if (!std::filesystem::exists("/usr/bin/nm") || !std::filesystem::exists(library)) {
    std::printf("SKIPPED: needs /usr/bin/nm and %s\n", library.c_str());
    return;
  }
  const test::Finished nm = test::run({"/usr/bin/nm", "--demangle", library.string()});
  REQUIRE(nm.status == 0);
  std::istringstream lines(nm.out);
  int objects = 0, functions = 0;
  bool kernel = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with(".o:")) {
      // Those compiled for more than the common instruction set.
      kernel = line.find("avx") != std::string::npos || line.find("amx") != std::string::npos ||
               line.find("vnni") != std::string::npos;
      objects += kernel;
      continue;
    }
    if (!kernel || line.size() < 20) continue;
    const char type = line[17];
    CAPTURE(line);
    // Weak data (V, u), such as sanitizers leave behind, has no instructions.
    CHECK_MESSAGE(type != 'W', "weak function in a kernel object");
    functions += type == 't';
    // Nothing that allocates, throws or runs at start.
    if (type == 'U') CHECK(line.find("operator new") == std::string::npos);
    CHECK(line.find("_GLOBAL__sub_I") == std::string::npos);
  }
#if defined(__x86_64__)
  CHECK(objects >= 2);
  CHECK(functions > 10);
#endif
}
