// Ctrl-C as a flag: safe in a signal handler, watched by the engine.
#pragma once

#include <atomic>

namespace kelvin {

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

}  // namespace kelvin
