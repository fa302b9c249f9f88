#include "tools/terminal/interrupt.h"

#include <signal.h>

namespace kelvin {
namespace {

std::atomic<bool> raised{false};
std::atomic<int> times{0};
struct sigaction before;

void on_interrupt(int) {
  times.fetch_add(1, std::memory_order_relaxed);
  raised.store(true, std::memory_order_relaxed);
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

}  // namespace kelvin
