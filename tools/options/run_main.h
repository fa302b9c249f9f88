// What every main does around its work.
#pragma once

#include <string>

namespace kelvin {

// Runs `tool`; an exception becomes one line on stderr ("program: what"). Status 2 for what the user can mend
// (UserError), 130 after Ctrl-C (Interrupted), 1 for any other error and for output that could not be written.
int run_main(int argc, char** argv, int (*tool)(int argc, char** argv));

// "go on with: build/bin/kelvin-sweep 'a text' --part p": the command that run_main() was given, for a shell, after
// `verb`; where a word of it is "-", that stdin has to be the same.
std::string same_command(const std::string& verb);

}  // namespace kelvin
