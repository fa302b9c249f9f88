// The one way to read a whole file that a user names.
#pragma once

#include <string>

namespace kelvin {

// The bytes of a file or pipe, or of stdin for "-". Throws UserError that names the path and the reason.
std::string read_file(const std::string& path);

}  // namespace kelvin
