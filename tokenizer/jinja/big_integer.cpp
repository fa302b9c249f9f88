#include "tokenizer/jinja/big_integer.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "tokenizer/jinja/budget.h"
#include "tokenizer/jinja/error.h"

namespace kelvin::jinja {

namespace {

constexpr std::size_t max_bits = 65536, max_digits = 4300, limb_bits = 32;

void check_bits(std::size_t bits) {
  if (bits > max_bits)
    throw Failure("an integer of more than " + std::to_string(max_bits) + " bits is not supported");
}

[[noreturn]] void fail_digits() {
  throw Failure("exceeds the limit (" + std::to_string(max_digits) + " digits) for integers as text");
}

// value = value * factor + addend
void multiply_add(std::vector<std::uint32_t>& value, std::uint32_t factor, std::uint32_t addend) {
  std::uint64_t carry = addend;
  for (std::uint32_t& limb : value) {
    carry += std::uint64_t{limb} * factor;
    limb = static_cast<std::uint32_t>(carry);
    carry >>= limb_bits;
  }
  if (carry > 0) value.push_back(static_cast<std::uint32_t>(carry));
}

// value = value / divisor; the rest.
std::uint32_t divide_small(std::vector<std::uint32_t>& value, std::uint32_t divisor) {
  std::uint64_t rest = 0;
  for (std::size_t i = value.size(); i-- > 0;) {
    rest = rest << limb_bits | value[i];
    value[i] = static_cast<std::uint32_t>(rest / divisor);
    rest %= divisor;
  }
  while (!value.empty() && value.back() == 0) value.pop_back();
  return static_cast<std::uint32_t>(rest);
}

int value_of_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lowered = static_cast<char>(c | 32);
  return lowered >= 'a' && lowered <= 'z' ? lowered - 'a' + 10 : 99;
}

}  // namespace

BigInteger::BigInteger(bool negative, Limbs limbs) : negative_(negative), limbs_(std::move(limbs)) {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
  if (limbs_.empty()) negative_ = false;
  check_bits(bits());
}

BigInteger::BigInteger(std::int64_t value)
    : BigInteger(of_unsigned(value < 0 ? 0 - static_cast<std::uint64_t>(value)
                                       : static_cast<std::uint64_t>(value))) {
  negative_ = value < 0;
}

BigInteger BigInteger::of_unsigned(std::uint64_t value) {
  return {false, {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> limb_bits)}};
}

BigInteger BigInteger::of_real(double value) {
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);
  const int shift = std::max(exponent - 53, 0);
  const auto whole = static_cast<std::uint64_t>(std::ldexp(fraction, exponent - shift));
  const BigInteger magnitude = of_unsigned(whole).shifted_left(static_cast<std::size_t>(shift));
  return value < 0 ? -magnitude : magnitude;
}

std::optional<BigInteger> BigInteger::parse(std::string_view digits, int base) {
  if (digits.empty()) return std::nullopt;
  const bool of_two = (base & (base - 1)) == 0;
  Limbs limbs;
  for (const char c : digits)
    if (value_of_digit(c) >= base) return std::nullopt;
  if (!of_two && digits.size() > max_digits) fail_digits();
  if (digits.size() > max_bits) check_bits(digits.size());
  for (const char c : digits) {
    spend_scan(limbs.size() * 8);
    multiply_add(limbs, static_cast<std::uint32_t>(base), static_cast<std::uint32_t>(value_of_digit(c)));
  }
  return BigInteger(false, std::move(limbs));
}

std::size_t BigInteger::bits() const {
  return limbs_.empty()
             ? 0
             : limbs_.size() * limb_bits - static_cast<std::size_t>(std::countl_zero(limbs_.back()));
}

std::optional<std::int64_t> BigInteger::to_int64() const {
  if (bits() > 64) return std::nullopt;
  std::uint64_t magnitude = 0;
  for (std::size_t i = limbs_.size(); i-- > 0;) magnitude = magnitude << limb_bits | limbs_[i];
  if (magnitude > (std::uint64_t{1} << 63) - (negative_ ? 0 : 1)) return std::nullopt;
  return static_cast<std::int64_t>(negative_ ? 0 - magnitude : magnitude);
}

double BigInteger::to_real() const {
  // The 64 highest bits, the last of which also stands for all below: enough for one correct rounding.
  std::uint64_t top = 0;
  bool below = false;
  const std::size_t size = bits(), dropped = size > 64 ? size - 64 : 0;
  for (std::size_t i = 0; i < limbs_.size(); ++i) {
    const std::size_t begin = i * limb_bits;
    if (begin + limb_bits <= dropped) {
      below = below || limbs_[i] != 0;
    } else if (begin < dropped) {
      const std::size_t cut = dropped - begin;
      below = below || (limbs_[i] & ((std::uint32_t{1} << cut) - 1)) != 0;
      top |= limbs_[i] >> cut;
    } else {
      top |= std::uint64_t{limbs_[i]} << (begin - dropped);
    }
  }
  const double magnitude = std::ldexp(static_cast<double>(top | (below ? 1 : 0)), static_cast<int>(dropped));
  return negative_ ? -magnitude : magnitude;
}

std::string BigInteger::digits(int base) const {
  if (zero()) return "0";
  // 2^10 > 10^3.01: more bits than this are certainly too many digits.
  if (base == 10 && bits() > max_digits * 10 / 3 + 10) fail_digits();
  Limbs left = limbs_;
  std::string text;
  while (!left.empty()) {
    spend_scan(left.size() * 8);
    text += "0123456789abcdefghijklmnopqrstuvwxyz"[divide_small(left, static_cast<std::uint32_t>(base))];
  }
  if (base == 10 && text.size() > max_digits) fail_digits();
  std::reverse(text.begin(), text.end());
  return text;
}

BigInteger BigInteger::operator-() const { return {!negative_, limbs_}; }

std::strong_ordering BigInteger::compare(const Limbs& a, const Limbs& b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  return std::lexicographical_compare_three_way(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

std::strong_ordering BigInteger::operator<=>(const BigInteger& other) const {
  if (negative_ != other.negative_)
    return negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  return negative_ ? compare(other.limbs_, limbs_) : compare(limbs_, other.limbs_);
}

BigInteger::Limbs BigInteger::added(const Limbs& a, const Limbs& b) {
  Limbs sum(std::max(a.size(), b.size()) + 1);
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    carry += (i < a.size() ? std::uint64_t{a[i]} : 0) + (i < b.size() ? b[i] : 0);
    sum[i] = static_cast<std::uint32_t>(carry);
    carry >>= limb_bits;
  }
  return sum;
}

BigInteger::Limbs BigInteger::taken(const Limbs& a, const Limbs& b) {
  Limbs difference = a;
  std::int64_t borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    borrow += std::int64_t{a[i]} - (i < b.size() ? std::int64_t{b[i]} : 0);
    difference[i] = static_cast<std::uint32_t>(borrow);
    borrow >>= limb_bits;
  }
  return difference;
}

BigInteger operator+(const BigInteger& a, const BigInteger& b) {
  spend_scan(8 * (a.limbs_.size() + b.limbs_.size()));
  if (a.negative_ == b.negative_) return {a.negative_, BigInteger::added(a.limbs_, b.limbs_)};
  if (BigInteger::compare(a.limbs_, b.limbs_) < 0)
    return {b.negative_, BigInteger::taken(b.limbs_, a.limbs_)};
  return {a.negative_, BigInteger::taken(a.limbs_, b.limbs_)};
}

BigInteger operator*(const BigInteger& a, const BigInteger& b) {
  check_bits(std::max(a.bits() + b.bits(), std::size_t{1}) - 1);
  spend(1 + a.limbs_.size() * b.limbs_.size() / 16);
  BigInteger::Limbs product(a.limbs_.size() + b.limbs_.size());
  for (std::size_t i = 0; i < a.limbs_.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t k = 0; k < b.limbs_.size(); ++k) {
      carry += std::uint64_t{a.limbs_[i]} * b.limbs_[k] + product[i + k];
      product[i + k] = static_cast<std::uint32_t>(carry);
      carry >>= limb_bits;
    }
    product[i + b.limbs_.size()] = static_cast<std::uint32_t>(carry);
  }
  return {a.negative_ != b.negative_, std::move(product)};
}

BigInteger BigInteger::shifted_left(std::size_t count) const {
  check_bits(bits() + count);
  Limbs limbs(count / limb_bits);
  const std::size_t shift = count % limb_bits;
  std::uint64_t carry = 0;
  for (const std::uint32_t limb : limbs_) {
    carry |= std::uint64_t{limb} << shift;
    limbs.push_back(static_cast<std::uint32_t>(carry));
    carry >>= limb_bits;
  }
  limbs.push_back(static_cast<std::uint32_t>(carry));
  return {negative_, std::move(limbs)};
}

// Bit by bit: numbers are short, and longer ones pay by the square.
BigInteger::Limbs BigInteger::divided(const Limbs& a, const Limbs& b, Limbs& rest) {
  if (b.size() == 1) {
    Limbs quotient = a;
    rest = {divide_small(quotient, b[0])};
    return quotient;
  }
  spend(1 + a.size() * b.size() * 4);
  Limbs quotient(a.size());
  rest.clear();
  for (std::size_t bit = a.size() * limb_bits; bit-- > 0;) {
    multiply_add(rest, 2, a[bit / limb_bits] >> (bit % limb_bits) & 1);
    while (!rest.empty() && rest.back() == 0) rest.pop_back();
    if (compare(rest, b) < 0) continue;
    rest = taken(rest, b);
    while (!rest.empty() && rest.back() == 0) rest.pop_back();
    quotient[bit / limb_bits] |= std::uint32_t{1} << (bit % limb_bits);
  }
  return quotient;
}

BigInteger::Quotient BigInteger::divide(const BigInteger& a, const BigInteger& b) {
  Limbs rest;
  Limbs limbs = divided(a.limbs_, b.limbs_, rest);
  Quotient result{{a.negative_ != b.negative_, std::move(limbs)}, {a.negative_, std::move(rest)}};
  if (!result.rest.zero() && result.rest.negative_ != b.negative_) {
    result.quotient = result.quotient + BigInteger(-1);
    result.rest = result.rest + b;
  }
  return result;
}

double BigInteger::true_quotient(const BigInteger& a, const BigInteger& b) {
  // A quotient of 65 bits or more, and whether something is left: enough for one correct rounding.
  const std::size_t shift = b.bits() + 66 > a.bits() ? b.bits() + 66 - a.bits() : 0;
  const Limbs numerator = a.shifted_left(shift).limbs_;
  Limbs rest;
  BigInteger quotient(a.negative_ != b.negative_, divided(numerator, b.limbs_, rest));
  if (std::any_of(rest.begin(), rest.end(), [](std::uint32_t limb) { return limb != 0; }))
    quotient.limbs_[0] |= 1;
  return std::ldexp(quotient.to_real(), -static_cast<int>(shift));
}

BigInteger power(BigInteger base, std::uint64_t exponent) {
  BigInteger result(1);
  if (base.bits() > 1) check_bits(exponent > max_bits ? max_bits + 1 : (base.bits() - 1) * exponent);
  if (base.bits() <= 1) return exponent % 2 == 0 && !base.zero() ? result : exponent == 0 ? result : base;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result = result * base;
    if (exponent > 1) base = base * base;
  }
  return result;
}

}  // namespace kelvin::jinja
