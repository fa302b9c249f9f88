// Real vocabularies out of the shared folder, unpacked once per build folder.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "tests/support.h"

namespace kelvin::test {

// The folder with one folder per tokenizer; empty, and said so, where there is none.
inline std::filesystem::path third_party_tokenizers() {
  namespace fs = std::filesystem;
  if (!shared_has("third_party/unpack.sh")) return {};
  const fs::path ready = bin_dir().parent_path() / "tokenizers";
  if (fs::exists(ready)) return ready;
  // Under a name of its own and then renamed: two tests may unpack at a time.
  const fs::path own = ready.string() + "." + std::to_string(::getpid());
  const Finished unpacked =
      run({"/bin/sh", (shared_dir() / "third_party" / "unpack.sh").string(), own.string()});
  if (unpacked.status != 0) {
    std::printf("SKIPPED: unpack.sh failed: %s\n", unpacked.err.c_str());
    return {};
  }
  std::error_code taken;
  fs::rename(own, ready, taken);
  if (taken) fs::remove_all(own);
  return ready;
}

}  // namespace kelvin::test
