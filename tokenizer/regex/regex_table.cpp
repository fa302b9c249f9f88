#include "tokenizer/regex/regex_table.h"

#include <map>
#include <utility>

#include "tokenizer/unicode/utf8.h"

namespace kelvin::regex {

namespace {

using Op = RegexInstruction::Op;

// Classes of the characters around a place; -1 where there is none.
struct Neighbours {
  int before, behind;
};

bool edge_holds(const RegexProgram& program, const RegexInstruction& code, Neighbours near) {
  const int symbol = code.ahead ? near.behind : near.before;
  return symbol < 0 ? code.border : program.alphabet.contains(code.set, symbol);
}

// For each byte from `begin` on whether some match of the program at `entry` ends there: a walk from front to
// back with the set of all instructions that some beginning has led to.
std::vector<bool> ends_of(const RegexProgram& program, int entry, std::string_view text, std::size_t begin) {
  std::vector<bool> ends(text.size() - begin + 1, false);
  std::vector<int> threads, next;
  std::vector<std::size_t> seen(program.code.size(), 0);
  std::size_t round = 0;
  int before = -1;
  for (std::size_t at = 0;; ++round) {
    const char* after = text.data() + at;
    const int behind = at < text.size() ? program.alphabet.class_of(unicode::next_char(after)) : -1;
    threads.push_back(entry);
    next.clear();
    while (!threads.empty()) {
      const int thread = threads.back();
      threads.pop_back();
      if (std::exchange(seen[static_cast<std::size_t>(thread)], round + 1) == round + 1) continue;
      const RegexInstruction& code = program.code[static_cast<std::size_t>(thread)];
      if (code.op == Op::accept) {
        if (at >= begin) ends[at - begin] = true;
      } else if (code.op == Op::set) {
        if (behind >= 0 && program.alphabet.contains(code.set, behind)) next.push_back(code.next);
      } else if (code.op == Op::split) {
        threads.push_back(code.next);
        threads.push_back(code.other);
      } else if (edge_holds(program, code, {before, behind})) {
        threads.push_back(code.next);
      }
    }
    if (behind < 0) return ends;
    threads.swap(next);
    before = behind;
    at = static_cast<std::size_t>(after - text.data());
  }
}

}  // namespace

std::vector<std::int32_t> match_everywhere(const RegexProgram& program, std::string_view text,
                                           std::size_t begin) {
  const std::size_t length = text.size() - begin;
  std::vector<std::int32_t> result(length + 1, -1);
  std::vector<std::vector<bool>> behind;
  for (const int entry : program.behind) behind.push_back(ends_of(program, entry, text, begin));
  // Where atomic groups end is far from here: what goes on there has its whole row kept.
  std::map<int, std::vector<std::int32_t>> rows;
  for (const RegexInstruction& code : program.code)
    if (code.op == Op::atomic) rows.try_emplace(code.next, length + 1, -1);

  std::vector<std::int32_t> column(program.code.size(), -1), later(program.code.size(), -1);
  Neighbours near{-1, -1};
  for (std::size_t at = text.size();;) {
    std::size_t previous = at;
    if (at > 0) {
      do --previous;
      while (unicode::is_continuation(text[previous]));
      const char* from = text.data() + previous;
      near.before = program.alphabet.class_of(unicode::next_char(from));
    } else {
      near.before = -1;
    }
    for (const int i : program.order) {
      const RegexInstruction& code = program.code[static_cast<std::size_t>(i)];
      std::int32_t end = -1;
      const auto here = [&](int to) { return column[static_cast<std::size_t>(to)]; };
      switch (code.op) {
        case Op::accept:
          end = static_cast<std::int32_t>(at - begin);
          break;
        case Op::set:
          if (near.behind >= 0 && program.alphabet.contains(code.set, near.behind))
            end = later[static_cast<std::size_t>(code.next)];
          break;
        case Op::split:
          end = here(code.next) >= 0 ? here(code.next) : here(code.other);
          break;
        case Op::edge:
          if (edge_holds(program, code, near)) end = here(code.next);
          break;
        case Op::look_ahead:
          if ((here(code.other) >= 0) != code.negated) end = here(code.next);
          break;
        case Op::look_behind:
          if (behind[static_cast<std::size_t>(code.other)][at - begin] != code.negated) end = here(code.next);
          break;
        case Op::atomic: {
          const std::int32_t stop = here(code.other);
          if (stop >= 0)
            end = static_cast<std::size_t>(stop) == at - begin
                      ? here(code.empty_next)
                      : rows.at(code.next)[static_cast<std::size_t>(stop)];
          break;
        }
      }
      column[static_cast<std::size_t>(i)] = end;
    }
    for (auto& [instruction, row] : rows) row[at - begin] = column[static_cast<std::size_t>(instruction)];
    const std::int32_t end = column[static_cast<std::size_t>(program.start)];
    result[at - begin] = end < 0 ? -1 : end + static_cast<std::int32_t>(begin);
    if (at == begin) return result;
    column.swap(later);
    near.behind = near.before;
    at = previous;
  }
}

}  // namespace kelvin::regex
