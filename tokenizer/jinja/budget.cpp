#include "tokenizer/jinja/budget.h"

#include "tokenizer/jinja/error.h"

namespace kelvin::jinja {

namespace {
thread_local BudgetScope* current = nullptr;
}  // namespace

BudgetScope::BudgetScope(const Limits& limits)
    : steps_left_(limits.steps), bytes_left_(limits.bytes), outer_(current) {
  current = this;
}

BudgetScope::~BudgetScope() { current = outer_; }

void spend(std::uint64_t steps) {
  if (!current) return;
  if (steps > current->steps_left_) throw Failure("the template takes too many steps");
  current->steps_left_ -= steps;
}

void afford(std::size_t count, std::size_t size) {
  if (!current) return;
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > current->bytes_left_)
    throw Failure("the template needs too much memory");
}

Charge::Charge(std::size_t bytes) { grow(bytes); }

Charge::~Charge() {
  if (current) current->bytes_left_ += bytes_;
}

void Charge::grow(std::size_t bytes) {
  if (!current) return;
  afford(bytes);
  current->bytes_left_ -= bytes;
  bytes_ += bytes;
}

}  // namespace kelvin::jinja
