#include "tools/terminal/terminal_mode.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <utility>

#include "tools/terminal/terminal_keys.h"

namespace kelvin {
namespace {

// How the terminal was before us: set back at the end, however the program ends by itself.
std::optional<termios> found;

// What change_terminal() has set last.
termios changed;

int quiet_terminals = 0;  // that live

volatile std::sig_atomic_t stops = 0;

void restore_terminal() {
  if (found) tcsetattr(STDIN_FILENO, TCSADRAIN, &*found);
}

bool change_terminal(bool signals) {
  if (!found) {
    termios now{};
    if (tcgetattr(STDIN_FILENO, &now) != 0) return false;
    found = now;
    std::atexit(restore_terminal);
  }
  termios mode = *found;
  mode.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | IEXTEN);
  if (!signals) {
    mode.c_lflag &= ~static_cast<tcflag_t>(ISIG);
    mode.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
  }
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  changed = mode;
  return tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) == 0;
}

// A handler for as long as this lives.
class SignalHandler {
 public:
  SignalHandler(int signal, void (*handler)(int)) : signal_(signal) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigaction(signal, &action, &before_);
  }
  ~SignalHandler() { sigaction(signal_, &before_, nullptr); }
  SignalHandler(const SignalHandler&) = delete;
  SignalHandler& operator=(const SignalHandler&) = delete;

 private:
  int signal_;
  struct sigaction before_ {};
};

// Whoever started us has no job control: nobody would let us go on.
bool stops_are_ignored() {
  struct sigaction now {};
  sigaction(SIGTSTP, nullptr, &now);
  return now.sa_handler == SIG_IGN;
}

// Ctrl-Z while an answer runs, sent to the whole job. Only calls that POSIX allows in a handler.
void on_stop(int) {
  const int error = errno;
  restore_terminal();
  struct sigaction usual {
  }, ours{};
  usual.sa_handler = SIG_DFL;
  sigaction(SIGTSTP, &usual, &ours);
  sigset_t stop, mask;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  pthread_sigmask(SIG_UNBLOCK, &stop, &mask);
  raise(SIGTSTP);  // stops here
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  sigaction(SIGTSTP, &ours, nullptr);
  stops = stops + 1;
  // In the background the terminal is the shell's.
  if (tcgetpgrp(STDIN_FILENO) == getpgrp()) tcsetattr(STDIN_FILENO, TCSADRAIN, &changed);
  errno = error;
}

// A pipe wakes poll(), whichever thread the signal comes to.
int resize_pipe[2] = {-1, -1};

void on_resize(int) {
  const int error = errno;
  if (write(resize_pipe[1], "", 1) < 0) errno = error;  // full: there is enough in it to wake
}

}  // namespace

int times_stopped() { return stops; }

bool input_waits(int milliseconds) {
  pollfd waiting{STDIN_FILENO, POLLIN, 0};
  return poll(&waiting, 1, milliseconds) > 0;
}

struct RawMode::ResizeWatch {
  const SignalHandler handler{SIGWINCH, on_resize};
};

RawMode::RawMode() {
  if (resize_pipe[0] >= 0 || pipe2(resize_pipe, O_CLOEXEC | O_NONBLOCK) == 0)
    resize_ = std::make_unique<ResizeWatch>();
  change_terminal(false);
  std::cerr << "\x1b[?2004h" << std::flush;
}

RawMode::~RawMode() {
  std::cerr << "\x1b[?2004l" << std::flush;
  if (quiet_terminals > 0)
    change_terminal(true);
  else
    restore_terminal();
}

int RawMode::next_byte(int milliseconds) {
  pollfd waiting[] = {{STDIN_FILENO, POLLIN, 0}, {resize_pipe[0], POLLIN, 0}};
  for (;;) {
    const int ready = poll(waiting, milliseconds < 0 ? 2 : 1, milliseconds);
    if (ready == 0) return byte_timeout;
    if (ready < 0 && errno != EINTR) return byte_closed;
    if (ready < 0) continue;
    char bytes[64];
    if (waiting[0].revents == 0) {
      while (::read(resize_pipe[0], bytes, sizeof bytes) > 0) {
      }
      return byte_resized;
    }
    const ssize_t got = ::read(STDIN_FILENO, bytes, 1);
    if (got == 1) return static_cast<unsigned char>(bytes[0]);
    if (got == 0 || errno != EINTR) return byte_closed;
  }
}

void RawMode::suspend() {
  if (stops_are_ignored()) return;
  std::cerr << "\x1b[?2004l" << std::flush;
  restore_terminal();
  kill(0, SIGTSTP);  // stops here, or in on_stop()
  change_terminal(false);
  std::cerr << "\x1b[?2004h" << std::flush;
}

struct QuietTerminal::Mode {
  const std::optional<SignalHandler> stop =
      stops_are_ignored() ? std::optional<SignalHandler>()
                          : std::optional<SignalHandler>(std::in_place, SIGTSTP, on_stop);
};

QuietTerminal::QuietTerminal() {
  if (!isatty(STDIN_FILENO) || !change_terminal(true)) return;
  mode_ = std::make_unique<Mode>();
  ++quiet_terminals;
}
QuietTerminal::~QuietTerminal() {
  if (mode_ && --quiet_terminals == 0) restore_terminal();
}

}  // namespace kelvin
