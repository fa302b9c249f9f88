#include "tools/terminal/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <cstring>

namespace kelvin {
namespace {

std::atomic<bool> raised{false};
std::atomic<int> times{0};
struct sigaction before;

void on_interrupt(int) {
  times.fetch_add(1, std::memory_order_relaxed);
  raised.store(true, std::memory_order_relaxed);
}

char notice[256];  // of announce_interrupts

// The handler is gone by now (SA_RESETHAND), and the signal waits until this returns.
void on_unhandled_interrupt(int signal) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, notice, std::strlen(notice));
  raise(signal);
}

static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

}  // namespace

Interrupt::Interrupt() {
  reset();
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  // Without SA_RESTART a waiting read() returns, so that Ctrl-C is noticed there, too.
  sigaction(SIGINT, &action, &before);
}

Interrupt::~Interrupt() { sigaction(SIGINT, &before, nullptr); }

const std::atomic<bool>* Interrupt::flag() { return &raised; }
int Interrupt::count() const { return times.load(); }

void Interrupt::reset() {
  raised.store(false);
  times.store(0);
}

void heed(const std::atomic<bool>* stop) {
  if (stop && stop->load()) throw Interrupted();
}

void announce_interrupts(const std::string& program) {
  // On a terminal the line of a progress bar may stand where the text goes.
  const std::string text =
      (isatty(STDERR_FILENO) == 1 ? "\r\x1b[K" : "") + program +
      ": interrupted; the same command goes on from its --part or --out file, or begins anew\n";
  notice[text.copy(notice, sizeof notice - 1)] = 0;
  struct sigaction old {};
  if (sigaction(SIGINT, nullptr, &old) != 0 || old.sa_handler != SIG_DFL) return;
  struct sigaction action {};
  action.sa_handler = on_unhandled_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
}

}  // namespace kelvin
