#include "tokenizer/regex/regex_automaton.h"

#include <map>
#include <utility>

#include "tokenizer/unicode/utf8.h"

namespace kelvin::regex {

namespace {

using Op = RegexInstruction::Op;

class Builder {
 public:
  explicit Builder(const RegexProgram& program)
      : program_(program), end_(program.alphabet.n_classes()), seen_(program.code.size(), 0) {
    for (const RegexInstruction& code : program.code)
      if (code.op == Op::edge && !code.ahead) behind_.push_back(&code);
  }

  // Threads that wait for the next character, in order of preference, and what the look-back edges saw.
  struct State {
    std::vector<int> threads;
    std::vector<bool> before;
    bool operator<(const State& other) const {
      return threads != other.threads ? threads < other.threads : before < other.before;
    }
  };

  // What each look-back edge says when `symbol` (end_: nothing) stands before.
  std::vector<bool> before(int symbol) const {
    std::vector<bool> holds;
    for (const RegexInstruction* edge : behind_)
      holds.push_back(symbol == end_ ? edge->border : program_.alphabet.contains(edge->set, symbol));
    return holds;
  }

  // Follows the threads of `state` up to the character `symbol` and over it. The result has no threads if
  // nothing is left; `accepted` tells whether a match ends before `symbol`.
  State step(const State& state, int symbol, bool& accepted) {
    ++round_;
    accepted = false;
    State after;
    stack_.clear();
    for (auto thread = state.threads.rbegin(); thread != state.threads.rend(); ++thread)
      stack_.push_back(*thread);
    while (!stack_.empty() && !accepted) {
      const int at = stack_.back();
      stack_.pop_back();
      if (std::exchange(seen_[static_cast<std::size_t>(at)], round_) == round_) continue;
      ++work;
      const RegexInstruction& code = program_.code[static_cast<std::size_t>(at)];
      switch (code.op) {
        case Op::accept:
          accepted = true;
          break;
        case Op::set:
          if (symbol != end_ && program_.alphabet.contains(code.set, symbol))
            after.threads.push_back(code.next);
          break;
        case Op::split:
          stack_.push_back(code.other);
          stack_.push_back(code.next);
          break;
        default:
          if (edge_holds(state, code, symbol)) stack_.push_back(code.next);
      }
    }
    // Where two threads meet the preferred one stands for both.
    ++round_;
    std::erase_if(after.threads, [&](int thread) {
      return std::exchange(seen_[static_cast<std::size_t>(thread)], round_) == round_;
    });
    if (!after.threads.empty()) after.before = before(symbol);
    return after;
  }

  std::size_t work = 0;  // instructions visited

 private:
  bool edge_holds(const State& state, const RegexInstruction& code, int symbol) const {
    if (code.ahead) return symbol == end_ ? code.border : program_.alphabet.contains(code.set, symbol);
    for (std::size_t i = 0; i < behind_.size(); ++i)
      if (behind_[i] == &code) return state.before[i];
    return false;
  }

  const RegexProgram& program_;
  int end_;
  std::vector<const RegexInstruction*> behind_;
  std::vector<std::size_t> seen_;  // by instruction: the last round that came by
  std::vector<int> stack_;
  std::size_t round_ = 0;
};

}  // namespace

std::optional<RegexAutomaton> RegexAutomaton::build(const RegexProgram& program) {
  static constexpr std::size_t state_limit = 2000, work_limit = 5000000;
  if (!program.local) return std::nullopt;
  RegexAutomaton made;
  const int n_symbols = program.alphabet.n_classes() + 1;
  made.n_symbols_ = static_cast<std::uint32_t>(n_symbols);

  Builder builder(program);
  std::map<Builder::State, std::uint32_t> numbers;
  std::vector<const Builder::State*> states;
  const auto number_of = [&](Builder::State state) {
    const auto [found, fresh] =
        numbers.try_emplace(std::move(state), static_cast<std::uint32_t>(states.size()));
    if (fresh) states.push_back(&found->first);
    return found->second;
  };
  number_of({});
  for (int symbol = 0; symbol < n_symbols; ++symbol)
    made.start_.push_back(number_of({{program.start}, builder.before(symbol)}));
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states.size() > state_limit || builder.work > work_limit) return std::nullopt;
    for (int symbol = 0; symbol < n_symbols; ++symbol) {
      bool accepted = false;
      const std::uint32_t to = number_of(builder.step(*states[i], symbol, accepted));
      made.transitions_.push_back(to | (accepted ? accepts : 0));
    }
  }
  for (char32_t code = 0; code < 128; ++code)
    made.ascii_[code] = static_cast<std::uint8_t>(program.alphabet.class_of(code));
  return made;
}

RegexAutomaton::Outcome RegexAutomaton::match(const RegexProgram& program, std::string_view text,
                                              std::size_t begin) const {
  const char* const end = text.data() + text.size();
  const char* at = text.data() + begin;
  const std::uint32_t border = n_symbols_ - 1;
  const std::uint32_t previous =
      begin == 0
          ? border
          : static_cast<std::uint32_t>(program.alphabet.class_of(unicode::last_char(text.substr(0, begin))));
  std::uint32_t state = start_[previous];
  const char* last = nullptr;
  while (at < end) {
    const char* after = at;
    std::uint32_t symbol;
    if (const auto byte = static_cast<unsigned char>(*at); byte < 128) {
      symbol = ascii_[byte];
      ++after;
    } else {
      symbol = static_cast<std::uint32_t>(program.alphabet.class_of(unicode::next_char(after)));
    }
    const std::uint32_t to = transitions_[state * n_symbols_ + symbol];
    if (to & accepts) last = at;
    state = to & ~accepts;
    at = after;
    if (state == dead)
      return {last ? static_cast<std::size_t>(last - text.data()) : npos,
              static_cast<std::size_t>(at - text.data())};
  }
  if (transitions_[state * n_symbols_ + border] & accepts) last = end;
  return {last ? static_cast<std::size_t>(last - text.data()) : npos, text.size()};
}

}  // namespace kelvin::regex
