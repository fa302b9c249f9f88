// Any bytes as a chat's file: a LoadError, or a chat that is saved and read again as itself.
#include <cstdlib>
#include <string>

#include "loaders/files/load_error.h"
#include "tools/chat/session_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const kelvin::SavedChat chat =
        kelvin::parse_session(std::string(reinterpret_cast<const char*>(data), size), "fuzz");
    const std::string text = kelvin::session_text(chat);
    if (kelvin::session_text(kelvin::parse_session(text, "again")) != text) std::abort();
  } catch (const kelvin::LoadError&) {
  }
  return 0;
}
