// The limits that stop a hostile template. Work and memory are counted where they arise: the evaluator spends
// a step per node, string functions a step per 64 bytes they look at, and every string, list and dict is
// charged its bytes for as long as it lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace kelvin::jinja {

struct Limits {
  std::uint64_t steps = 10'000'000;
  std::size_t bytes = std::size_t{80} << 20;
  int depth = 1500;  // of calls, statements and expressions within one another
};

// Of one call, positional and named.
inline constexpr std::size_t max_arguments = 1000;

// Makes `limits` those of the thread until it is destroyed; earlier ones come back then. Without any
// BudgetScope nothing is limited: that is how callers build the values they hand in. Values made within a
// scope must not outlive it.
class BudgetScope {
 public:
  explicit BudgetScope(const Limits& limits);
  ~BudgetScope();
  BudgetScope(const BudgetScope&) = delete;
  BudgetScope& operator=(const BudgetScope&) = delete;

 private:
  friend class Charge;
  friend void spend(std::uint64_t);
  friend void afford(std::size_t, std::size_t);
  std::uint64_t steps_left_;
  std::size_t bytes_left_;
  BudgetScope* outer_;
};

// Counts `steps` of work; throws Failure when none are left.
void spend(std::uint64_t steps = 1);
// Counts looking at `bytes` of text.
inline void spend_scan(std::size_t bytes) { spend(1 + bytes / 64); }

// Throws Failure if `count` pieces of `size` bytes are more than what is left, before they are allocated.
void afford(std::size_t count, std::size_t size = 1);

// Holds `bytes` of the budget while it lives; throws Failure if they are not there.
class Charge {
 public:
  Charge() = default;
  explicit Charge(std::size_t bytes);
  ~Charge();
  Charge(Charge&& other) noexcept : bytes_(std::exchange(other.bytes_, 0)) {}
  Charge& operator=(Charge&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  void grow(std::size_t bytes);  // holds as many more

 private:
  std::size_t bytes_ = 0;
};

}  // namespace kelvin::jinja
