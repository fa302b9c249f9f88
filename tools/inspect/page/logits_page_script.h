// The fixed parts of the page of kelvin-logits (logits_page.h).
#pragma once

#include <string>

namespace kelvin {

std::string logits_page_body();    // markup that the script fills
std::string logits_page_style();   // rules beside those of every page
std::string logits_page_script();  // arithmetic, then the view

}  // namespace kelvin
