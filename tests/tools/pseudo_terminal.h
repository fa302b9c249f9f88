// A terminal without a person, for what writes to one.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace kelvin::test {

// The side of a pseudo-terminal that programs write to, `columns` wide.
class PseudoTerminal {
 public:
  explicit PseudoTerminal(unsigned short columns) : master_(posix_openpt(O_RDWR | O_NOCTTY)) {
    REQUIRE(master_ >= 0);
    REQUIRE(grantpt(master_) == 0);
    REQUIRE(unlockpt(master_) == 0);
    side_ = open(ptsname(master_), O_RDWR | O_NOCTTY);
    REQUIRE(side_ >= 0);
    resize(columns);
  }
  ~PseudoTerminal() {
    close(side_);
    close(master_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  void resize(unsigned short columns) {
    const winsize size{24, columns, 0, 0};
    REQUIRE(ioctl(side_, TIOCSWINSZ, &size) == 0);
  }
  int descriptor() const { return side_; }

 private:
  int master_, side_ = -1;
};

}  // namespace kelvin::test
