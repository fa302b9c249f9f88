#include "tools/options/run_main.h"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "engine/platform/available_memory.h"
#include "tokenizer/base/user_error.h"
#include "tools/output/provenance.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/terminal_text.h"

namespace kelvin {
namespace {

std::vector<std::string> command;  // argv of run_main()

}  // namespace

std::string same_command(const std::string& verb) {
  std::string text = verb + ":";
  for (const std::string& word : command) text += " " + shell_word(word);
  const bool reads = std::find(command.begin(), command.end(), "-") != command.end();
  return text + (reads ? "  (with the same text on stdin)" : "");
}

int run_main(int argc, char** argv, int (*tool)(int, char**)) {
  // Through C's stdout a write that a signal interrupts would count as failed (Ctrl-C while a pipe is full).
  std::ios::sync_with_stdio(false);
  const std::string program =
      argc > 0 ? std::filesystem::path(argv[0]).filename().string() : std::string("kelvin");
  command.assign(argv, argv + argc);
  announce_interrupts(program);
  const auto fail = [&](const std::string& what, int status) {
    std::cout.flush();
    TerminalText told(std::cerr, STDERR_FILENO);
    told << program << ": " << what << "\n";
    return status;
  };
  try {
    const int status = tool(argc, argv);
    std::cout.flush();
    if (!std::cout) return fail("cannot write to standard output", 1);
    return status;
  } catch (const UserError& error) {
    return fail(error.what(), 2);
  } catch (const Interrupted& interrupted) {
    return fail(interrupted.what(), 130);
  } catch (const OutOfMemory& error) {
    return fail(error.what(), 1);
  } catch (const std::bad_alloc&) {
    return fail("out of memory", 1);
  } catch (const std::exception& error) {
    return fail(error.what(), 1);
  }
}

}  // namespace kelvin
