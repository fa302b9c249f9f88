// What every main does around its work.
#pragma once

namespace kelvin {

// Runs `tool`; an exception becomes one line on stderr ("program: what"). Status 2 for what the user can mend
// (UserError), 1 for any other error and for output that could not be written.
int run_main(int argc, char** argv, int (*tool)(int argc, char** argv));

}  // namespace kelvin
