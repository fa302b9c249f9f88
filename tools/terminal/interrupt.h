// Ctrl-C as a flag: safe in a signal handler, watched by the engine.
#pragma once

#include <atomic>
#include <stdexcept>
#include <string>

namespace kelvin {

// Work that gave up after Ctrl-C. The text says what is saved and how to go on.
struct Interrupted : std::runtime_error {
  explicit Interrupted(
      const std::string& text = "interrupted; nothing was saved, the same command begins anew")
      : std::runtime_error(text) {}
};

// From construction on SIGINT sets a flag instead of ending the program. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();  // as before
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  static const std::atomic<bool>* flag();
  int count() const;  // of SIGINTs since reset()
  void reset();
};

// Throws Interrupted where `stop` is there and set.
void heed(const std::atomic<bool>* stop);

// Outside of any Interrupt SIGINT says on stderr how to go on, after the name of the program, and ends the process as it
// would have. Does nothing where SIGINT is ignored.
void announce_interrupts(const std::string& program);

}  // namespace kelvin
