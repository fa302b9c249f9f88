# cmake -DASSET=page.css -DHEADER=page.css.h -P embed_asset.cmake: a header that holds the text of a file, byte for
# byte, as kelvin::assets::page_css.
file(READ "${ASSET}" text)
string(FIND "${text}" ")asset\"" end)
if(NOT end EQUAL -1)
  message(FATAL_ERROR "${ASSET} holds what would end a string of C++: )asset\"")
endif()
get_filename_component(name "${ASSET}" NAME)
string(MAKE_C_IDENTIFIER "${name}" identifier)
file(WRITE "${HEADER}" "// Made of ${name}.
#pragma once

#include <string_view>

namespace kelvin::assets {

inline constexpr std::string_view ${identifier} = R\"asset(${text})asset\";

}  // namespace kelvin::assets
")
