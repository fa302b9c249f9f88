// A real browser for page tests: headless Chromium, spoken to over a pipe in the DevTools protocol.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support.h"

namespace kelvin::test {

class Browser {
 public:
  // $KELVIN_CHROMIUM, or Debian's; says on stdout what is skipped where there is none.
  static std::optional<std::string> find();

  explicit Browser(const std::string& program);
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  // Opens a file and waits until it is loaded. `hash`: "" or "#...".
  void open(const std::filesystem::path& file, const std::string& hash = "");
  // What the expression gives, as text. Throws std::runtime_error on an exception in the page.
  std::string evaluate(const std::string& expression);
  // A real mouse click at the middle of the first element that the selector finds.
  void click(const std::string& selector);
  void hover(const std::string& selector);  // the mouse moves there
  void press(const std::string& key);       // "ArrowRight", "Home", ...
  // The window's size in pixels, and whether the reader likes it dark.
  void show(int width, int height, bool dark);
  // What has gone wrong in pages so far: uncaught exceptions, what stands in the console, requests for anything but
  // files on disk.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  std::string call(const std::string& method, const std::string& parameters = "{}");
  std::string receive();
  std::string place_of(const std::string& selector);

  TemporaryFolder profile_;
  pid_t process_ = -1;
  int to_ = -1, from_ = -1;
  int last_id_ = 0;
  std::string session_, buffer_;
  std::vector<std::string> complaints_;
};

}  // namespace kelvin::test
