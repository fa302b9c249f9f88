#include "tokenizer/regex/regex_program.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace kelvin::regex {

RegexAlphabet::RegexAlphabet(const std::vector<CharSet>& sets) {
  // Class 0 is in no set; each set splits the classes it cuts through.
  std::vector<std::uint8_t> class_of(CharSet::last_code + 1, 0);
  members_.assign(1, std::vector<bool>(sets.size(), false));
  for (std::size_t set = 0; set < sets.size(); ++set) {
    std::vector<int> inside(256, -1);
    for (const unicode::Range range : sets[set].ranges()) {
      for (char32_t code = range.first; code <= range.last; ++code) {
        int& target = inside[class_of[code]];
        if (target < 0) {
          if (members_.size() == 256) throw RegexError("regex distinguishes too many kinds of characters");
          target = static_cast<int>(members_.size());
          members_.push_back(members_[class_of[code]]);
          members_.back()[set] = true;
        }
        class_of[code] = static_cast<std::uint8_t>(target);
      }
    }
  }
  std::map<std::string_view, std::uint16_t> known;
  for (std::size_t start = 0; start < class_of.size(); start += 128) {
    const std::string_view block(reinterpret_cast<const char*>(class_of.data() + start), 128);
    const auto [found, fresh] = known.try_emplace(block, static_cast<std::uint16_t>(blocks_.size()));
    if (fresh) {
      blocks_.emplace_back();
      std::copy_n(class_of.begin() + static_cast<std::ptrdiff_t>(start), 128, blocks_.back().begin());
    }
    block_of_.push_back(found->second);
  }
}

namespace {

using Kind = RegexNode::Kind;
using Op = RegexInstruction::Op;

// Where to go on: after something was consumed since the innermost loop began its round, and if nothing was.
// A round that consumed nothing leaves the loop; so no path returns to an instruction without a character.
struct Exits {
  int consumed, empty;
  bool same() const { return consumed == empty; }
};

bool can_be_empty(const RegexNode& node) {
  const auto child_can = [](const RegexNode& child) { return can_be_empty(child); };
  switch (node.kind) {
    case Kind::set:
      return false;
    case Kind::edge:
    case Kind::look:
      return true;
    case Kind::repeat:
      return node.min == 0 || can_be_empty(node.children[0]);
    case Kind::alternation:
      return std::any_of(node.children.begin(), node.children.end(), child_can);
    case Kind::sequence:
    case Kind::atomic:
      return std::all_of(node.children.begin(), node.children.end(), child_can);
  }
  return true;
}

class Compiler {
 public:
  explicit Compiler(RegexProgram& program) : program_(program) {}

  // The entry of `node`, given that nothing was consumed yet.
  int compile(const RegexNode& node, Exits exits) {
    if (exits.consumed != exits.empty && !can_be_empty(node)) exits.empty = exits.consumed;
    switch (node.kind) {
      case Kind::sequence:
        return sequence(node, exits);
      case Kind::alternation:
        return alternation(node, exits);
      case Kind::repeat:
        return repeat(node, exits);
      case Kind::set:
        return emit({.op = Op::set, .set = set_of(node.set), .next = exits.consumed});
      case Kind::edge:
        return emit({.op = Op::edge,
                     .ahead = node.ahead,
                     .border = node.border,
                     .set = set_of(node.set),
                     .next = exits.empty});
      case Kind::look:
        return look(node, exits);
      case Kind::atomic:
        refuse_inside_behind();
        program_.local = false;
        return emit({.op = Op::atomic,
                     .next = exits.consumed,
                     .other = entry_of(node.children[0]),
                     .empty_next = exits.empty});
    }
    return -1;
  }

  int entry_of(const RegexNode& node) {
    const int accept = emit({.op = Op::accept});
    return compile(node, {accept, accept});
  }

 private:
  static constexpr std::size_t size_limit = 10000;

  int emit(RegexInstruction made) {
    if (program_.code.size() == size_limit) throw RegexError("regex too large");
    program_.code.push_back(made);
    return static_cast<int>(program_.code.size()) - 1;
  }

  int set_of(const CharSet& set) {
    const auto number = std::find(program_.sets.begin(), program_.sets.end(), set) - program_.sets.begin();
    // Each costs a walk over all code points.
    if (number == 400) throw RegexError("regex has too many different character classes");
    if (number == std::ssize(program_.sets)) program_.sets.push_back(set);
    return static_cast<int>(number);
  }

  int split(int first, int second) { return emit({.op = Op::split, .next = first, .other = second}); }

  // The entries of `node` when something was consumed before and when nothing was.
  Exits entries(const RegexNode& node, Exits exits) {
    const int empty = compile(node, exits);
    return {exits.same() ? empty : compile(node, {exits.consumed, exits.consumed}), empty};
  }

  int sequence(const RegexNode& node, Exits exits) {
    if (node.children.empty()) return exits.empty;
    for (std::size_t i = node.children.size() - 1; i > 0; --i) exits = entries(node.children[i], exits);
    return compile(node.children[0], exits);
  }

  int alternation(const RegexNode& node, Exits exits) {
    int entry = compile(node.children.back(), exits);
    for (std::size_t i = node.children.size() - 1; i-- > 0;)
      entry = split(compile(node.children[i], exits), entry);
    return entry;
  }

  int repeat(const RegexNode& node, Exits exits) {
    Exits tail = exits;
    if (node.max == RegexNode::unbounded)
      tail = loop(node, exits);
    else
      for (unsigned i = node.min; i < node.max; ++i) tail = optional(node, tail, exits);
    for (unsigned i = 0; i < node.min; ++i) tail = entries(node.children[0], tail);
    return tail.empty;
  }

  int choice(const RegexNode& node, int body, int leave) {
    return node.lazy ? split(leave, body) : split(body, leave);
  }

  // One optional round that goes on at `then`.
  Exits optional(const RegexNode& node, Exits then, Exits leave) {
    const Exits body = entries(node.children[0], then);
    const int empty = choice(node, body.empty, leave.empty);
    return {then.same() && leave.same() ? empty : choice(node, body.consumed, leave.consumed), empty};
  }

  Exits loop(const RegexNode& node, Exits exits) {
    const int head = split(-1, -1);
    const int body = compile(node.children[0], {head, exits.consumed});
    RegexInstruction& made = program_.code[static_cast<std::size_t>(head)];
    made.next = node.lazy ? exits.consumed : body;
    made.other = node.lazy ? body : exits.consumed;
    if (exits.same()) return {head, head};
    return {head, choice(node, compile(node.children[0], {head, exits.empty}), exits.empty)};
  }

  int look(const RegexNode& node, Exits exits) {
    refuse_inside_behind();
    program_.local = false;
    RegexInstruction made{.op = node.ahead ? Op::look_ahead : Op::look_behind};
    made.negated = node.negated;
    made.next = exits.empty;
    if (node.ahead) {
      made.other = entry_of(node.children[0]);
    } else {
      inside_behind_ = true;
      made.other = static_cast<int>(program_.behind.size());
      program_.behind.push_back(entry_of(node.children[0]));
      inside_behind_ = false;
    }
    return emit(made);
  }

  void refuse_inside_behind() const {
    if (inside_behind_) throw RegexError("looks and atomic groups inside a look-behind are not supported");
  }

  RegexProgram& program_;
  bool inside_behind_ = false;
};

// Depth first along the edges that take no character; there are no cycles among them.
void arrange(RegexProgram& program) {
  std::vector<char> seen(program.code.size(), 0);
  std::vector<std::pair<int, int>> stack;  // instruction, edges done
  for (int root = 0; root < static_cast<int>(program.code.size()); ++root) {
    if (seen[static_cast<std::size_t>(root)]) continue;
    seen[static_cast<std::size_t>(root)] = 1;
    stack.push_back({root, 0});
    while (!stack.empty()) {
      auto& [at, done] = stack.back();
      const RegexInstruction& code = program.code[static_cast<std::size_t>(at)];
      const bool here = code.op != Op::set && code.op != Op::atomic;
      const int successors[] = {here ? code.next : -1, code.op == Op::look_behind ? -1 : code.other,
                                code.empty_next};
      if (done == 3) {
        program.order.push_back(at);
        stack.pop_back();
        continue;
      }
      const int to = successors[done++];
      if (to >= 0 && !seen[static_cast<std::size_t>(to)]) {
        seen[static_cast<std::size_t>(to)] = 1;
        stack.push_back({to, 0});
      }
    }
  }
}

}  // namespace

RegexProgram::RegexProgram(const RegexNode& tree) {
  start = Compiler(*this).entry_of(tree);
  arrange(*this);
  alphabet = RegexAlphabet(sets);
}

}  // namespace kelvin::regex
