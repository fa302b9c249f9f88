// Text to tape in one pass with an explicit stack: deep nesting costs no machine stack, and time is linear
// but for the duplicate check of objects with many keys (a sort of their hashes).
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "loaders/json.h"
#include "loaders/json_number.h"
#include "loaders/load_error.h"
#include "loaders/utf8.h"

namespace kelvin {
namespace {

class Parser {
 public:
  explicit Parser(JsonTape& tape)
      : tape_(tape), begin_(tape.text.data()), end_(begin_ + tape.text.size()), at_(begin_) {}

  void parse();

 private:
  struct Open {
    std::uint32_t index;  // of the container's node
    bool object;
  };

  [[noreturn]] void fail(const char* where, std::string_view problem) const;
  [[noreturn]] void unexpected(std::string_view expected) const;
  [[noreturn]] void fail_at_value(std::string_view problem) const;
  std::string found() const;
  bool next_is(char c) const { return at_ < end_ && *at_ == c; }
  void skip_space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  JsonNode& add(JsonType type) {
    JsonNode& node = tape_.nodes.emplace_back();
    node.type = type;
    node.offset = static_cast<std::uint32_t>(at_ - begin_);
    node.uint64 = 0;
    return node;
  }

  bool value();  // true if a container was opened
  void key();
  void close();
  void word(std::string_view letters, JsonType type, bool boolean);
  void number();
  void string();
  void escape();
  unsigned hex4();
  const char* plain_run(const char* p) const;
  void check_keys(std::uint32_t object);

  JsonTape& tape_;
  const char* const begin_;
  const char* const end_;
  const char* at_;
  std::array<Open, json_depth_limit> open_;
  int depth_ = 0;
};

void Parser::fail(const char* where, std::string_view problem) const {
  std::size_t line = 1, column = 1;
  for (const char* p = begin_; p < where; ++p) {
    if (*p == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(*p) & 0xC0) != 0x80) {
      ++column;
    }
  }
  throw LoadError(tape_.name,
                  std::to_string(line) + ":" + std::to_string(column) + ": " + std::string(problem));
}

std::string Parser::found() const {
  if (at_ >= end_) return "the end of the text found";
  const int length = utf8_length(at_, static_cast<std::size_t>(end_ - at_));
  return in_quotes(std::string_view(at_, static_cast<std::size_t>(std::max(length, 1)))) + " found";
}

void Parser::unexpected(std::string_view expected) const {
  fail(at_, std::string(expected) + " expected, " + found());
}

// For errors where a value begins: with the keys and items that lead to it.
void Parser::fail_at_value(std::string_view problem) const {
  std::string path;
  for (int level = 0; level < depth_; ++level) {
    const Open& container = open_[static_cast<std::size_t>(level)];
    const std::size_t value =
        level + 1 < depth_ ? open_[static_cast<std::size_t>(level + 1)].index : tape_.nodes.size();
    if (container.object)
      path.append(path.empty() ? "" : ".").append(printable(tape_.string(tape_.nodes[value - 1])));
    else
      path.append("[").append(std::to_string(tape_.nodes[container.index].container.size - 1)).append("]");
  }
  fail(at_, path.append(path.empty() ? "" : ": ").append(problem));
}

void Parser::parse() {
  if (tape_.text.size() >= std::numeric_limits<std::uint32_t>::max())
    fail(begin_, "less than 4 GiB of JSON expected");
  if (tape_.text.substr(0, 3) == "\xEF\xBB\xBF") fail(begin_, "JSON expected, a byte order mark found");
  // Pages of the reserve that stay unused are never taken from the system.
  tape_.nodes.reserve(tape_.text.size() / 12 + 8);
  skip_space();
  bool opened = value();
  while (depth_ > 0) {
    skip_space();
    const Open& container = open_[static_cast<std::size_t>(depth_ - 1)];
    const char closing = container.object ? '}' : ']';
    if (next_is(closing)) {
      close();
      opened = false;
      continue;
    }
    if (!opened) {
      if (!next_is(',')) unexpected(container.object ? "',' or '}'" : "',' or ']'");
      ++at_;
      skip_space();
    }
    ++tape_.nodes[container.index].container.size;
    if (container.object) key();
    opened = value();
  }
  skip_space();
  if (at_ != end_) unexpected("the end of the text");
}

bool Parser::value() {
  if (at_ >= end_) fail_at_value("a value expected, " + found());
  switch (*at_) {
    case '"':
      string();
      return false;
    case '{':
    case '[': {
      if (depth_ == json_depth_limit)
        fail(at_, "at most " + std::to_string(json_depth_limit) + " levels of nesting expected, more found");
      const bool object = *at_ == '{';
      open_[static_cast<std::size_t>(depth_++)] = {static_cast<std::uint32_t>(tape_.nodes.size()), object};
      add(object ? JsonType::object : JsonType::array);
      ++at_;
      return true;
    }
    case 't':
      word("true", JsonType::boolean, true);
      return false;
    case 'f':
      word("false", JsonType::boolean, false);
      return false;
    case 'n':
      word("null", JsonType::null, false);
      return false;
    default:
      if (*at_ != '-' && (*at_ < '0' || *at_ > '9')) fail_at_value("a value expected, " + found());
      number();
      return false;
  }
}

void Parser::key() {
  if (!next_is('"')) unexpected("a key in double quotes");
  string();
  skip_space();
  if (!next_is(':')) unexpected("':'");
  ++at_;
  skip_space();
}

void Parser::close() {
  const Open closed = open_[static_cast<std::size_t>(--depth_)];
  tape_.nodes[closed.index].container.end = static_cast<std::uint32_t>(tape_.nodes.size());
  if (closed.object) check_keys(closed.index);
  ++at_;
}

void Parser::word(std::string_view letters, JsonType type, bool boolean) {
  const auto left = static_cast<std::size_t>(end_ - at_);
  if (std::string_view(at_, std::min(left, letters.size())) != letters)
    fail_at_value("a value expected, " + found());
  add(type).boolean = boolean;
  at_ += letters.size();
}

void Parser::number() {
  JsonNode node{};
  node.type = JsonType::number;
  node.offset = static_cast<std::uint32_t>(at_ - begin_);
  const char* const start = at_;
  const NumberRead read = read_json_number(start, end_, node);
  if (read.wrong) {
    at_ = read.wrong;
    const std::string_view text(start, static_cast<std::size_t>(read.end - start));
    fail_at_value(std::string(read.expected) + " expected, " +
                  (read.wrong == start ? printable(text, 40) + " found" : found()));
  }
  tape_.nodes.push_back(node);
  at_ = read.end;
}

// The first byte from p on that ends a run of printable ASCII inside a string. The caller's text goes on to
// end_.
const char* Parser::plain_run(const char* p) const {
  // Eight bytes at a time: a byte below 0x20, above 0x7F, '"' or '\\' sets its top bit in `special`.
  constexpr std::uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
  while (end_ - p >= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    const std::uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    const std::uint64_t special = (word | (word - ones * 0x20) | (quote - ones) | (backslash - ones)) & tops;
    if (special) break;
    p += 8;
  }
  while (p < end_ && static_cast<unsigned char>(*p) >= 0x20 && static_cast<unsigned char>(*p) < 0x80 &&
         *p != '"' && *p != '\\')
    ++p;
  return p;
}

void Parser::string() {
  const std::size_t node = tape_.nodes.size();
  add(JsonType::string);
  const char* const opening = at_++;
  const char* run = at_;  // first byte not yet in the arena, once there is an escape
  const std::size_t arena_begin = tape_.arena.size();
  bool escaped = false;
  for (;;) {
    at_ = plain_run(at_);
    if (at_ >= end_) fail(opening, "a closing '\"' expected, the end of the text found");
    const auto byte = static_cast<unsigned char>(*at_);
    if (byte == '"') break;
    if (byte == '\\') {
      escaped = true;
      tape_.arena.append(run, at_);
      escape();
      run = at_;
    } else if (byte < 0x20) {
      fail(at_, "control characters in a string as \\u escapes expected, " + found());
    } else {
      const int length = utf8_length(at_, static_cast<std::size_t>(end_ - at_));
      if (length == 0) fail(at_, "UTF-8 expected, byte " + found());
      at_ += length;
    }
  }
  auto& view = tape_.nodes[node].string;
  if (escaped) {
    tape_.arena.append(run, at_);
    tape_.nodes[node].form = JsonNode::Form::escaped;
    view = {static_cast<std::uint32_t>(arena_begin),
            static_cast<std::uint32_t>(tape_.arena.size() - arena_begin)};
  } else {
    view = {static_cast<std::uint32_t>(run - begin_), static_cast<std::uint32_t>(at_ - run)};
  }
  ++at_;
}

unsigned Parser::hex4() {
  unsigned value = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = at_ < end_ ? *at_ : '\0';
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) unexpected("four hexadecimal digits after \\u");
    value = value << 4 | static_cast<unsigned>(digit);
  }
  return value;
}

void Parser::escape() {
  const char* const backslash = at_++;
  if (at_ >= end_) unexpected("an escaped character");
  constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
  if (const std::size_t which = letters.find(*at_); which != letters.npos) {
    tape_.arena += meanings[which];
    ++at_;
    return;
  }
  if (*at_ != 'u') unexpected("one of \"\\/bfnrtu after the backslash");
  ++at_;
  unsigned code = hex4();
  if (code >= 0xDC00 && code <= 0xDFFF)
    fail(backslash, "a surrogate pair expected, its second half alone found");
  if (code >= 0xD800 && code <= 0xDBFF) {
    if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u')
      fail(backslash, "a surrogate pair expected, its first half alone found");
    at_ += 2;
    const unsigned low = hex4();
    if (low < 0xDC00 || low > 0xDFFF)
      fail(backslash, "a surrogate pair expected, its first half alone found");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  std::string& out = tape_.arena;
  const auto push = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xC0 | code >> 6);
    push(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    push(0xE0 | code >> 12);
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  } else {
    push(0xF0 | code >> 18);
    push(0x80 | (code >> 12 & 0x3F));
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  }
}

// Refuses duplicate keys and makes the lookup table of a large object.
void Parser::check_keys(std::uint32_t object) {
  const JsonNode& node = tape_.nodes[object];
  const auto text_of = [&](std::uint64_t key) {
    return tape_.string(tape_.nodes[static_cast<std::uint32_t>(key)]);
  };
  const auto duplicate = [&](std::uint64_t key) {
    fail(begin_ + tape_.nodes[static_cast<std::uint32_t>(key)].offset,
         "each key once expected, " + in_quotes(text_of(key)) + " found again");
  };
  if (node.container.size < json_lookup_from) {
    std::array<std::uint32_t, json_lookup_from> keys;
    std::size_t count = 0;
    for (std::uint32_t i = object + 1; i < node.container.end; i = tape_.after(i + 1)) {
      for (std::size_t k = 0; k < count; ++k)
        if (text_of(keys[k]) == text_of(i)) duplicate(i);
      keys[count++] = i;
    }
    return;
  }
  const std::size_t begin = tape_.hashes.size();
  for (std::uint32_t i = object + 1; i < node.container.end; i = tape_.after(i + 1))
    tape_.hashes.push_back(std::uint64_t{json_hash(text_of(i))} << 32 | i);
  const auto first = tape_.hashes.begin() + static_cast<std::ptrdiff_t>(begin), last = tape_.hashes.end();
  std::sort(first, last);
  for (auto run = first; run != last;) {
    auto run_end = run + 1;
    while (run_end != last && *run_end >> 32 == *run >> 32) ++run_end;
    if (run_end - run > 1) {
      // Equal hashes are rare unless the file wants them: sorting keeps that case from being quadratic.
      std::vector<std::uint64_t> keys(run, run_end);
      std::sort(keys.begin(), keys.end(), [&](std::uint64_t a, std::uint64_t b) {
        const int order = text_of(a).compare(text_of(b));
        return order != 0 ? order < 0 : a < b;
      });
      for (std::size_t k = 1; k < keys.size(); ++k)
        if (text_of(keys[k - 1]) == text_of(keys[k])) duplicate(keys[k]);
    }
    run = run_end;
  }
  const auto after =
      std::lower_bound(tape_.lookups.begin(), tape_.lookups.end(), object,
                       [](const JsonTape::Lookup& l, std::uint32_t index) { return l.object < index; });
  tape_.lookups.insert(after, {object, begin, tape_.hashes.size()});
}

}  // namespace

JsonDocument parse_json(std::string text, std::string name) {
  auto tape = std::make_shared<JsonTape>();
  tape->name = std::move(name);
  tape->owned_text = std::move(text);
  tape->text = tape->owned_text;
  Parser(*tape).parse();
  return JsonDocument(std::move(tape));
}

JsonDocument parse_json(std::span<const std::byte> text, std::string name,
                        std::shared_ptr<const void> owner) {
  auto tape = std::make_shared<JsonTape>();
  tape->name = std::move(name);
  tape->owner = std::move(owner);
  tape->text = {reinterpret_cast<const char*>(text.data()), text.size()};
  Parser(*tape).parse();
  return JsonDocument(std::move(tape));
}

}  // namespace kelvin
