// Text to tape in one pass with an explicit stack: deep nesting costs no machine stack, and time is linear
// but for the duplicate check of objects with many keys (a sort of their hashes).
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/json/json_number.h"
#include "loaders/json/json_string.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin {
namespace {

class Parser {
 public:
  Parser(JsonTape& tape, std::span<const JsonStream> streams)
      : tape_(tape),
        streams_(streams),
        begin_(tape.text.data()),
        end_(begin_ + tape.text.size()),
        at_(begin_) {}

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
    for (;; ++at_) {
      skip_indent();
      if (at_ == end_ || (*at_ != ' ' && *at_ != '\n' && *at_ != '\r' && *at_ != '\t')) return;
    }
  }
  // Past most of a row of spaces, eight at a time.
  void skip_indent() {
    if constexpr (std::endian::native != std::endian::little) return;
    constexpr std::uint64_t spaces = 0x2020202020202020u;
    for (std::uint64_t word; end_ - at_ >= 8; at_ += 8) {
      std::memcpy(&word, at_, 8);
      if (word != spaces) {
        at_ += std::countr_zero(word ^ spaces) / 8;
        return;
      }
    }
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
  void not_a_digit(std::string_view letters, double value);
  void string();
  void check_keys(std::uint32_t object);
  void begin_stream();
  void hand_over();

  JsonTape& tape_;
  const std::span<const JsonStream> streams_;
  const JsonStream* stream_ = nullptr;                                     // whose container is open
  int stream_depth_ = 0;                                                   // of its items
  std::size_t stream_arena_ = 0, stream_lookups_ = 0, stream_hashes_ = 0;  // sizes where it began
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
    } else if (!unicode::is_continuation(*p)) {
      ++column;
    }
  }
  throw LoadError(tape_.name,
                  std::to_string(line) + ":" + std::to_string(column) + ": " + std::string(problem));
}

std::string Parser::found() const {
  if (at_ >= end_) return "the end of the text found";
  const std::size_t length = unicode::utf8_length({at_, end_});
  return in_quotes(std::string_view(at_, std::max<std::size_t>(length, 1))) + " found";
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
  if (streams_.empty()) tape_.nodes.reserve(tape_.text.size() / 12 + 8);
  skip_space();
  bool opened = value();
  while (depth_ > 0) {
    if (stream_ && depth_ == stream_depth_ && !opened) hand_over();
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
      if (!stream_ && !streams_.empty()) begin_stream();
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
    case 'N':
      not_a_digit("NaN", std::numeric_limits<double>::quiet_NaN());
      return false;
    case 'I':
      not_a_digit("Infinity", std::numeric_limits<double>::infinity());
      return false;
    default:
      if (*at_ != '-' && (*at_ < '0' || *at_ > '9')) fail_at_value("a value expected, " + found());
      if (*at_ == '-' && end_ - at_ > 1 && at_[1] == 'I')
        not_a_digit("-Infinity", -std::numeric_limits<double>::infinity());
      else
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
  JsonNode& node = tape_.nodes[closed.index];
  node.container.end = static_cast<std::uint32_t>(tape_.nodes.size());
  if (node.form == JsonNode::Form::streamed)
    stream_ = nullptr;
  else if (closed.object)
    check_keys(closed.index);
  ++at_;
}

// Finds the stream for the container that has just begun, if there is one.
void Parser::begin_stream() {
  for (const JsonStream& stream : streams_) {
    if (stream.path.size() + 1 != static_cast<std::size_t>(depth_)) continue;
    bool same = true;
    for (std::size_t level = 0; level < stream.path.size() && same; ++level)
      same =
          open_[level].object && tape_.string(tape_.nodes[open_[level + 1].index - 1]) == stream.path[level];
    const std::uint32_t index = open_[stream.path.size()].index;
    if (!same || !stream.begins(JsonValue(tape_, 0), JsonValue(tape_, index))) continue;
    tape_.nodes[index].form = JsonNode::Form::streamed;
    stream_ = &stream;
    stream_depth_ = depth_;
    stream_arena_ = tape_.arena.size();
    stream_lookups_ = tape_.lookups.size();
    stream_hashes_ = tape_.hashes.size();
    return;
  }
}

// The item that is now complete goes to the stream, and is forgotten.
void Parser::hand_over() {
  const Open& container = open_[static_cast<std::size_t>(stream_depth_ - 1)];
  const std::uint32_t item = container.index + 1;
  if (container.object)
    stream_->item(tape_.string(tape_.nodes[item]), JsonValue(tape_, item + 1));
  else
    stream_->item({}, JsonValue(tape_, item));
  tape_.nodes.resize(item);
  tape_.arena.resize(stream_arena_);
  tape_.lookups.resize(stream_lookups_);
  tape_.hashes.resize(stream_hashes_);
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

// The numbers that Python writes in words.
void Parser::not_a_digit(std::string_view letters, double value) {
  const std::size_t node = tape_.nodes.size();
  word(letters, JsonType::number, false);
  tape_.nodes[node].form = JsonNode::Form::real;
  tape_.nodes[node].real = value;
}

void Parser::string() {
  const std::size_t node = tape_.nodes.size();
  add(JsonType::string);
  const char* const begin = at_ + 1;
  const std::size_t arena_begin = tape_.arena.size();
  const StringRead read = read_json_string(begin, end_, tape_.arena);
  if (read.wrong) {
    at_ = read.wrong;
    fail(at_, std::string(read.expected) + " expected, " +
                  (read.found.empty() ? found() : std::string(read.found)));
  }
  auto& view = tape_.nodes[node].string;
  if (read.escaped) {
    tape_.nodes[node].form = JsonNode::Form::escaped;
    view = {static_cast<std::uint32_t>(arena_begin),
            static_cast<std::uint32_t>(tape_.arena.size() - arena_begin)};
  } else {
    view = {static_cast<std::uint32_t>(begin - begin_), static_cast<std::uint32_t>(read.end - begin)};
  }
  at_ = read.end + 1;
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
  Parser(*tape, {}).parse();
  return JsonDocument(std::move(tape));
}

JsonDocument parse_json(std::span<const std::byte> text, std::string name, std::shared_ptr<const void> owner,
                        std::span<const JsonStream> streams) {
  auto tape = std::make_shared<JsonTape>();
  tape->name = std::move(name);
  tape->owner = std::move(owner);
  tape->text = {reinterpret_cast<const char*>(text.data()), text.size()};
  Parser(*tape, streams).parse();
  return JsonDocument(std::move(tape));
}

}  // namespace kelvin
