#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "engine/kernels/cpu_features.h"
#include "engine/kernels/kernels.h"

using namespace kelvin;

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

}  // namespace

TEST_CASE("tables stand best first and match the processor") {
  const auto tables = supported_kernels();
  REQUIRE(!tables.empty());
  CHECK(std::string(tables.back()->name) == "scalar");
  const ForcedIsa none(nullptr);
  CHECK(&best_kernels() == tables.front());
  const CpuFeatures& cpu = cpu_features();
  CHECK(tables.size() == 1u + cpu.avx2 + cpu.avx_vnni + cpu.avx512 + cpu.avx512_vnni + cpu.amx_int8);
  if (cpu_features().avx512) CHECK(cpu_features().avx2);
#if defined(__x86_64__)
  // The compiler's own detection, an independent one.
  CHECK(cpu_features().avx2 == (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")));
  CHECK(cpu_features().avx512 == (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                                  __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")));
  CHECK(cpu_features().avx512_vnni == (cpu_features().avx512 && __builtin_cpu_supports("avx512vnni")));
#endif
}

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
  CHECK(message_for("sse9").find("KELVIN_ISA=sse9: unknown") != std::string::npos);
  CHECK(message_for("amx").find("KELVIN_ISA=amx") != std::string::npos);
  CHECK(message_for("AVX2").find("unknown") != std::string::npos);
  if (!cpu_features().avx512) CHECK(message_for("avx512").find("KELVIN_ISA=avx512") != std::string::npos);
}
