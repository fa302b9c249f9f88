// Integers of any size up to a bound: what Python's int is where 64 bits are too few.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin::jinja {

class BigInteger {
 public:
  BigInteger() = default;
  BigInteger(std::int64_t value);
  static BigInteger of_unsigned(std::uint64_t value);
  // Towards zero; `value` must be finite.
  static BigInteger of_real(double value);
  // Digits of `base` (2 to 36) without a sign, at most 4,300 of them as in Python; nullopt if there is another character.
  static std::optional<BigInteger> parse(std::string_view digits, int base);

  bool negative() const { return negative_; }
  bool zero() const { return limbs_.empty(); }
  std::size_t bits() const;  // of the magnitude
  std::optional<std::int64_t> to_int64() const;
  // Rounded to nearest, ties to even; infinite beyond the range.
  double to_real() const;
  // Digits without a sign. Throws Failure above 4,300 decimal digits, as Python does.
  std::string digits(int base) const;
  std::string text() const { return (negative_ ? "-" : "") + digits(10); }

  BigInteger operator-() const;
  // All throw Failure for results of more than 65,536 bits; work is counted.
  friend BigInteger operator+(const BigInteger& a, const BigInteger& b);
  friend BigInteger operator-(const BigInteger& a, const BigInteger& b) { return a + -b; }
  friend BigInteger operator*(const BigInteger& a, const BigInteger& b);
  BigInteger shifted_left(std::size_t bits) const;
  bool operator==(const BigInteger&) const = default;
  std::strong_ordering operator<=>(const BigInteger& other) const;

  struct Quotient;
  // Rounded towards minus infinity; the rest has the sign of `b`, which is not zero.
  static Quotient divide(const BigInteger& a, const BigInteger& b);
  // a / b, correctly rounded; `b` is not zero.
  static double true_quotient(const BigInteger& a, const BigInteger& b);

 private:
  using Limbs = std::vector<std::uint32_t>;  // least significant first, none of them zero at the end
  BigInteger(bool negative, Limbs limbs);
  static std::strong_ordering compare(const Limbs& a, const Limbs& b);
  static Limbs added(const Limbs& a, const Limbs& b);
  static Limbs taken(const Limbs& a, const Limbs& b);  // a >= b
  static Limbs divided(const Limbs& a, const Limbs& b, Limbs& rest);

  bool negative_ = false;
  Limbs limbs_;
};

struct BigInteger::Quotient {
  BigInteger quotient, rest;
};

// base to the power of an exponent that is not negative.
BigInteger power(BigInteger base, std::uint64_t exponent);

}  // namespace kelvin::jinja
