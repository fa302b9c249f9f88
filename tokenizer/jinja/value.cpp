#include "tokenizer/jinja/value.h"

#include <algorithm>
#include <cmath>
#include <compare>

#include "tokenizer/jinja/object.h"
#include "tokenizer/unicode/case.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

constexpr int max_value_depth = 256;
// Books of the allocator and of std::shared_ptr for one string or list.
constexpr std::size_t overhead = 48;

int nested(int depth) {
  if (depth >= max_value_depth) throw Failure("values are nested too deeply");
  return depth + 1;
}

// One U+FFFD for each byte that is part of no character.
std::string repaired(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = unicode::utf8_length(text);
    result += length > 0 ? text.substr(0, length) : std::string_view("\uFFFD");
    text.remove_prefix(length > 0 ? length : 1);
  }
  return result;
}

// Exact where converting to double would round.
std::strong_ordering order_numbers(const Value& a, const Value& b) {
  if (a.is_integral() && b.is_integral())
    return a.is_big() || b.is_big() ? a.as_big() <=> b.as_big() : a.as_integer() <=> b.as_integer();
  if (a.is_real() && b.is_real()) {
    const double x = a.as_number(), y = b.as_number();
    if (std::isnan(x) || std::isnan(y)) return std::isnan(y) <=> std::isnan(x);
    return x < y   ? std::strong_ordering::less
           : x > y ? std::strong_ordering::greater
                   : std::strong_ordering::equal;
  }
  if (b.is_real()) return 0 <=> order_numbers(b, a);
  const double real = a.as_number();
  if (std::isnan(real)) return std::strong_ordering::less;
  if (std::isinf(real)) return real < 0 ? std::strong_ordering::less : std::strong_ordering::greater;
  // The whole part decides, then what is behind the point.
  const double whole = std::trunc(real);
  const std::strong_ordering order = BigInteger::of_real(whole) <=> b.as_big();
  if (order != 0) return order;
  return real < whole   ? std::strong_ordering::less
         : real > whole ? std::strong_ordering::greater
                        : std::strong_ordering::equal;
}

bool is_nan(const Value& value) { return value.is_real() && std::isnan(value.as_number()); }

int rank(const Value& key) {
  return key.is_number() ? 1 : key.is_string() ? 2 : key.is_sequence() ? 3 : key.is_undefined() ? 4 : 0;
}

SequenceKind comparable_kind(const Value& value) {
  const SequenceKind kind = value.as_sequence().kind;
  return kind == SequenceKind::group ? SequenceKind::tuple : kind;
}

}  // namespace

std::strong_ordering order_keys(const Value& a, const Value& b) {
  spend();
  if (rank(a) != rank(b)) return rank(a) <=> rank(b);
  if (a.is_number()) return order_numbers(a, b);
  if (a.is_string()) return a.as_string() <=> b.as_string();
  if (!a.is_sequence()) return std::strong_ordering::equal;
  const std::vector<Value>&x = a.as_sequence().items, &y = b.as_sequence().items;
  return std::lexicographical_compare_three_way(x.begin(), x.end(), y.begin(), y.end(), order_keys);
}

Value::Value(std::string bytes, bool markup) {
  if (!unicode::is_utf8(bytes)) bytes = repaired(bytes);
  spend_scan(bytes.size());
  Charge charge(overhead + sizeof(Text) + bytes.size());
  const std::size_t length = unicode::count_chars(bytes);
  data_ = std::make_shared<const Text>(Text{std::move(bytes), length, markup, std::move(charge)});
}

Value Value::sequence(std::vector<Value> items, SequenceKind kind, std::string label) {
  spend_scan(items.size() * sizeof(Value));
  Charge charge(overhead + sizeof(Sequence) + items.size() * sizeof(Value));
  int depth = 0;
  for (const Value& item : items) depth = std::max(depth, item.depth());
  Value value;
  value.data_ = std::make_shared<const Sequence>(
      Sequence{std::move(items), kind, nested(depth), std::move(label), std::move(charge)});
  return value;
}

Value Value::integer(const BigInteger& integer) {
  if (const auto small = integer.to_int64()) return *small;
  Value value;
  value.data_ = std::make_shared<const BigInteger>(integer);
  return value;
}

std::int64_t Value::as_integer() const {
  if (is_big()) throw Failure("an integer does not fit into 64 bits");
  return is_bool() ? as_bool() : std::get<std::int64_t>(data_);
}

BigInteger Value::as_big() const {
  return is_big() ? *std::get<std::shared_ptr<const BigInteger>>(data_) : BigInteger(as_integer());
}

double Value::as_number() const {
  if (is_real()) return std::get<double>(data_);
  if (!is_big()) return static_cast<double>(as_integer());
  const double real = as_big().to_real();
  if (std::isinf(real)) throw Failure("an integer is too large for a float");
  return real;
}

Value Value::dict(std::vector<Entry> entries) {
  Value value;
  value.data_ = std::make_shared<const Dict>(std::move(entries));
  return value;
}

Value Value::undefined(std::string reason) {
  Value value;
  Charge charge(overhead + sizeof(Reason) + reason.size());
  value.data_ = Undefined{std::make_shared<const Reason>(Reason{std::move(reason), std::move(charge)})};
  return value;
}

bool Value::is_sequence(SequenceKind sequence_kind) const {
  return is_sequence() && as_sequence().kind == sequence_kind;
}

int Value::depth() const {
  if (is_sequence()) return as_sequence().depth;
  if (is_dict()) return as_dict().depth();
  return is_object() ? as_object()->depth() : 0;
}

bool Value::truth() const {
  switch (kind()) {
    case Kind::undefined:
    case Kind::none:
      return false;
    case Kind::boolean:
      return as_bool();
    case Kind::integer:
      return as_integer() != 0;
    case Kind::real:
      return as_number() != 0;
    case Kind::string:
      return as_text().length != 0;
    case Kind::sequence:
      return is_sequence(SequenceKind::generator) || !as_sequence().items.empty();
    case Kind::dict:
      return !as_dict().entries().empty();
    case Kind::object:
    case Kind::big:
      return true;
  }
  return true;
}

bool Value::same(const Value& other) const {
  if (kind() != other.kind()) return false;
  switch (kind()) {
    case Kind::string:
      return &as_text() == &other.as_text();
    case Kind::sequence:
      return &as_sequence() == &other.as_sequence();
    case Kind::dict:
      return &as_dict() == &other.as_dict();
    case Kind::object:
      return as_object() == other.as_object();
    case Kind::undefined:
      return false;
    default:
      return equal(*this, other);
  }
}

Dict::Dict(std::vector<Entry> entries)
    : entries_(std::move(entries)),
      charge_(overhead + sizeof(Dict) + entries_.size() * (sizeof(Entry) + sizeof(std::uint32_t))) {
  for (const Entry& entry : entries_)
    if (!is_hashable(entry.first))
      throw Failure("a " + type_name(entry.first) + " cannot be a key of a dict");
  sorted_.resize(entries_.size());
  for (std::size_t i = 0; i < sorted_.size(); ++i) sorted_[i] = static_cast<std::uint32_t>(i);
  std::stable_sort(sorted_.begin(), sorted_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return order_keys(entries_[a].first, entries_[b].first) < 0;
  });
  std::vector<char> repeated(entries_.size(), 0);
  bool any = false;
  for (std::size_t i = 0, first = 0; i < sorted_.size(); ++i) {
    if (i == first || order_keys(entries_[sorted_[first]].first, entries_[sorted_[i]].first) != 0) {
      first = i;
    } else {
      entries_[sorted_[first]].second = entries_[sorted_[i]].second;
      repeated[sorted_[i]] = 1;
      any = true;
    }
  }
  if (any) {
    std::vector<Entry> kept;
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (!repeated[i]) kept.push_back(std::move(entries_[i]));
    *this = Dict(std::move(kept));
    return;
  }
  for (const Entry& entry : entries_) depth_ = std::max({depth_, entry.first.depth(), entry.second.depth()});
  depth_ = nested(depth_);
}

template <class Compare>
const Value* Dict::find_if_equal(Compare order) const {
  const auto found = std::lower_bound(sorted_.begin(), sorted_.end(), 0, [&](std::uint32_t index, int) {
    return order(entries_[index].first) < 0;
  });
  if (found == sorted_.end() || order(entries_[*found].first) != 0) return nullptr;
  return &entries_[*found].second;
}

const Value* Dict::find(const Value& key) const {
  if (!is_hashable(key)) return nullptr;
  return find_if_equal([&](const Value& candidate) { return order_keys(candidate, key); });
}

const Value* Dict::find_string(std::string_view key) const {
  return find_if_equal([&](const Value& candidate) -> std::strong_ordering {
    return candidate.is_string() ? std::string_view(candidate.as_string()) <=> key : rank(candidate) <=> 2;
  });
}

bool is_hashable(const Value& value) {
  if (value.is_dict()) return false;
  if (!value.is_sequence()) return !value.is_object();
  if (!value.is_sequence(SequenceKind::tuple) || value.depth() > 1) return false;
  return std::all_of(value.as_sequence().items.begin(), value.as_sequence().items.end(), is_hashable);
}

bool equal(const Value& a, const Value& b) {
  spend();
  if (a.is_number() && b.is_number()) return !is_nan(a) && !is_nan(b) && order_numbers(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::string:
      spend_scan(a.as_string().size());
      return a.as_string() == b.as_string();
    case Value::Kind::sequence: {
      if (a.same(b)) return true;
      const Sequence &x = a.as_sequence(), &y = b.as_sequence();
      if (comparable_kind(a) != comparable_kind(b) || x.kind == SequenceKind::generator) return false;
      return std::equal(x.items.begin(), x.items.end(), y.items.begin(), y.items.end(), equal);
    }
    case Value::Kind::dict: {
      if (a.same(b)) return true;
      const Dict &x = a.as_dict(), &y = b.as_dict();
      return x.entries().size() == y.entries().size() &&
             std::all_of(x.entries().begin(), x.entries().end(), [&](const Entry& entry) {
               const Value* other = y.find(entry.first);
               return other && equal(entry.second, *other);
             });
    }
    case Value::Kind::object:
      return a.same(b);
    default:
      return true;  // undefined and none
  }
}

bool less(const Value& a, const Value& b) {
  spend();
  if (a.is_undefined()) throw Failure(a.undefined_reason());
  if (b.is_undefined()) throw Failure(b.undefined_reason());
  if (a.is_number() && b.is_number()) return !is_nan(a) && !is_nan(b) && order_numbers(a, b) < 0;
  if (a.is_string() && b.is_string()) {
    spend_scan(a.as_string().size());
    return a.as_string() < b.as_string();
  }
  if (a.is_sequence() && b.is_sequence() && comparable_kind(a) == comparable_kind(b) &&
      (comparable_kind(a) == SequenceKind::list || comparable_kind(a) == SequenceKind::tuple)) {
    const std::vector<Value>&x = a.as_sequence().items, &y = b.as_sequence().items;
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
      if (!equal(x[i], y[i])) return less(x[i], y[i]);
    return x.size() < y.size();
  }
  throw Failure("a " + type_name(a) + " and a " + type_name(b) + " have no order");
}

std::string type_name(const Value& value) {
  static constexpr const char* names[] = {"Undefined", "None", "bool", "int", "float",
                                          "str",       "",     "dict", "",    "int"};
  static constexpr const char* sequences[] = {"list",      "tuple",     "tuple",       "range",
                                              "generator", "dict_keys", "dict_values", "dict_items"};
  if (value.is_sequence()) return sequences[static_cast<std::size_t>(value.as_sequence().kind)];
  if (value.is_object()) return std::string(value.as_object()->type());
  return names[static_cast<std::size_t>(value.kind())];
}

bool is_iterable(const Value& value) {
  return value.is_undefined() || value.is_string() || value.is_sequence() || value.is_dict() ||
         (value.is_object() && value.as_object()->items());
}

std::vector<Value> iterate(const Value& value) {
  if (value.is_sequence()) {
    const Sequence& sequence = value.as_sequence();
    std::size_t first = 0;
    if (sequence.kind == SequenceKind::generator)
      first = std::exchange(sequence.taken, sequence.items.size());
    afford(sequence.items.size() - first, sizeof(Value));
    return {sequence.items.begin() + static_cast<std::ptrdiff_t>(first), sequence.items.end()};
  }
  std::vector<Value> items;
  if (value.is_object())
    if (std::optional<std::vector<Value>> own = value.as_object()->items()) return *std::move(own);
  if (value.is_dict()) {
    afford(value.as_dict().entries().size(), sizeof(Value));
    for (const Entry& entry : value.as_dict().entries()) items.push_back(entry.first);
  } else if (value.is_string()) {
    const std::string& text = value.as_string();
    afford(value.as_text().length, sizeof(Value));
    items.reserve(value.as_text().length);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t start = at;
      unicode::next_char(text, at);
      items.emplace_back(std::string_view(text).substr(start, at - start));
    }
  } else if (!value.is_undefined()) {
    throw Failure("a " + type_name(value) + " cannot be iterated over");
  }
  return items;
}

}  // namespace kelvin::jinja
