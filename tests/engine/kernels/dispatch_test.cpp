#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/kernels/instruction_sets.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/quantized.h"

using namespace kelvin;
using namespace kelvin::kernels;

namespace {

// Sets KELVIN_ISA and puts the old value back.
class ForcedIsa {
 public:
  explicit ForcedIsa(const char* value) {
    if (const char* before = std::getenv("KELVIN_ISA")) before_ = before;
    value ? setenv("KELVIN_ISA", value, 1) : unsetenv("KELVIN_ISA");
  }
  ~ForcedIsa() { before_ ? setenv("KELVIN_ISA", before_->c_str(), 1) : unsetenv("KELVIN_ISA"); }

 private:
  std::optional<std::string> before_;
};

std::string message_for(const char* isa) {
  const ForcedIsa forced(isa);
  try {
    best_kernels();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

bool runs(const InstructionSet& set) { return set.runs_here && set.runs_here(); }

}  // namespace

TEST_CASE("tables stand best first and match the processor") {
  const auto tables = supported_kernels();
  REQUIRE(!tables.empty());
  CHECK(std::string(tables.back()->name) == "scalar");
  const ForcedIsa none(nullptr);
  CHECK(&best_kernels() == tables.front());
  std::vector<std::string> expected, found;
  for (const InstructionSet& set : instruction_sets())
    if (runs(set)) expected.push_back(set.name);
  expected.push_back("scalar");
  for (const Kernels* table : tables) {
    found.push_back(table->name);
    CHECK(std::string(table->quantized->name) == table->name);
  }
  CHECK(found == expected);
}

TEST_CASE("a table leaves nothing out") {
  for (const Kernels* table : supported_kernels()) {
    CAPTURE(table->name);
    QuantizedKernels integers = *table->quantized;
    CHECK((integers.sub_blocks.pack == nullptr));  // nothing is packed to these formats
    integers.sub_blocks.pack = integers.q8.pack;
    // All members are pointers: to a name, to functions, to another such table.
    for (const void* const* member = reinterpret_cast<const void* const*>(table);
         member != reinterpret_cast<const void* const*>(table + 1); ++member)
      CHECK(*member != nullptr);
    for (const void* const* member = reinterpret_cast<const void* const*>(&integers);
         member != reinterpret_cast<const void* const*>(&integers + 1); ++member)
      CHECK(*member != nullptr);
  }
}

#if defined(__x86_64__)
TEST_CASE("detection agrees with the compiler's own, an independent one") {
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  for (const InstructionSet& set : instruction_sets()) {
    CAPTURE(set.name);
    const std::string name = set.name;
    REQUIRE((set.runs_here != nullptr));
    if (name == "avx2") CHECK(set.runs_here() == avx2);
    if (name == "avx512") CHECK(set.runs_here() == avx512);
    if (name == "avx512_vnni") CHECK(set.runs_here() == (avx512 && __builtin_cpu_supports("avx512vnni")));
    if (set.runs_here()) CHECK(avx2);
  }
}
#endif

TEST_CASE("an empty KELVIN_ISA forces nothing") {
  const ForcedIsa empty("");
  CHECK(&best_kernels() == supported_kernels().front());
}

TEST_CASE("KELVIN_ISA forces every supported table") {
  for (const Kernels* table : supported_kernels()) {
    const ForcedIsa forced(table->name);
    CHECK(&best_kernels() == table);
  }
}

TEST_CASE("a word that is unknown or cannot run is an error that names it") {
  const std::string unknown = message_for("sse9");
  CHECK(unknown.find("KELVIN_ISA=sse9: unknown; expected scalar, ") == 0);
  CHECK(message_for("AVX2").find("unknown") != std::string::npos);
  for (const InstructionSet& set : instruction_sets()) {
    CAPTURE(set.name);
    CHECK(unknown.find(set.name) < unknown.find("; here run: "));
    const std::string message = message_for(set.name);
    if (runs(set)) continue;
    CHECK(message.find("KELVIN_ISA=" + std::string(set.name) + ": this ") == 0);
    CHECK(message.find(" does not have it; here run: ") != std::string::npos);
  }
}
