// Another program as the judge of an answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kelvin {

struct JudgeCommand {
  std::vector<std::string> words;  // the program and its arguments; no shell reads them
  std::vector<std::pair<std::string, std::string>> files;  // name, content: beside answer.txt in the folder
  double seconds = 10;                            // of time on the clock, and (rounded up) of the processor
  std::uint64_t memory = std::uint64_t{1} << 30;  // bytes of address space
};

enum class CommandEnd { right, wrong, timeout };

// Runs it in a new temporary folder, which is removed afterwards, with the answer in answer.txt and on its stdin: right
// where it exits with status 0. Its environment is PATH, HOME and TMPDIR (the folder) and LANG; its output is dropped; a
// file may have 64 MB. After `seconds`, and when it ends, all of its process group is killed. This bounds mistakes; it
// is no jail: the program can read what the user can, and reach the network. Throws UserError where it cannot be
// started.
CommandEnd run_judge(const JudgeCommand& command, std::string_view answer);

}  // namespace kelvin
