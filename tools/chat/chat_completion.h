// What Tab offers in a chat.
#pragma once

#include <string>

#include "tools/terminal/tab_completion.h"

namespace kelvin {

// Behind "/": commands; behind /set and /show: settings; behind /save and /load: files. Nothing in a message.
Completions complete_chat_line(const std::string& before_cursor);

}  // namespace kelvin
