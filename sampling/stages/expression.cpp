#include "sampling/stages/expression.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "sampling/closest.h"
#include "sampling/stages/expression_operations.h"
#include "sampling/statistics/boltzmann.h"
#include "tokenizer/base/user_error.h"
#include "tokenizer/regex/regex_program.h"
#include "tokenizer/regex/regex_syntax.h"

namespace kelvin::sampling {

// Recursive descent, one function per level of precedence.
class ExpressionParser {
 public:
  using Op = Expression::Op;

  ExpressionParser(std::string_view text, Expression& result) : text_(text), result_(result) {
    choice();
    if (at_ < text_.size()) fail("an operator or the end expected");
  }

 private:
  static constexpr int deepest = 100;
  struct Deeper {
    explicit Deeper(ExpressionParser& parser) : depth(parser.depth_) {
      if (++depth > deepest) parser.fail("it is nested too deeply");
    }
    ~Deeper() { --depth; }
    int& depth;
  };

  [[noreturn]] void fail(const std::string& expected) {
    skip_spaces();
    const std::string found =
        at_ < text_.size() ? "\"" + std::string(text_.substr(at_, 12)) + "\"" : "the end";
    throw UserError(place() + expected + ", " + found + " found");
  }

  std::string place() const {
    return "expression \"" + std::string(text_) + "\", column " + std::to_string(at_ + 1) + ": ";
  }

  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  bool take(std::string_view symbol) {
    skip_spaces();
    if (text_.substr(at_, symbol.size()) != symbol) return false;
    at_ += symbol.size();
    return true;
  }

  void require(std::string_view symbol) {
    if (!take(symbol)) fail("\"" + std::string(symbol) + "\" expected");
  }

  // `pushed`: by how much the stack grows.
  std::size_t emit(const Expression::Instruction& instruction, int pushed) {
    result_.code_.push_back(instruction);
    height_ += pushed;
    if (height_ > Expression::deepest_stack) fail("it is nested too deeply");
    return result_.code_.size() - 1;
  }

  void emit_call(Operation operation, std::size_t arguments) {
    emit({Op::call, 0, arguments, operation}, 1 - static_cast<int>(arguments));
  }

  void choice() {
    const Deeper deeper(*this);
    operands(0);
    if (!take("?")) return;
    const std::size_t test = emit({Op::jump_if_zero}, -1);
    choice();
    require(":");
    const std::size_t leave = emit({Op::jump}, -1);
    result_.code_[test].index = result_.code_.size();
    choice();
    result_.code_[leave].index = result_.code_.size();
  }

  // Values with the operators of this level and stronger ones between them, from the left.
  void operands(int level) {
    if (level > strongest) return sign();
    operands(level + 1);
    while (const Operation operation = take_operator(level)) {
      operands(level + 1);
      emit_call(operation, 2);
      if (level == comparison) return;  // which are not chained
    }
  }

  Operation take_operator(int level) {
    for (const Operator& known : operators())
      if (known.level == level && take(known.sign)) return known.operation;
    return nullptr;
  }

  void sign() {
    const Deeper deeper(*this);
    if (take("-")) {
      sign();
      emit_call([](const double* x) { return -x[0]; }, 1);
    } else if (take("!")) {
      sign();
      emit_call([](const double* x) { return double(x[0] == 0); }, 1);
    } else {
      power();
    }
  }

  void power() {
    primary();
    if (!take("^")) return;
    sign();
    emit_call([](const double* x) { return power_of(x[0], x[1]); }, 2);
  }

  void primary() {
    skip_spaces();
    if (take("(")) {
      choice();
      require(")");
      return;
    }
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if ((c >= '0' && c <= '9') || c == '.') return number();
    if (is_letter(c)) return word();
    fail("a number, a name or \"(\" expected");
  }

  void number() {
    double value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc{}) fail("a number expected");
    at_ += static_cast<std::size_t>(end - begin);
    emit({Op::constant, value}, 1);
  }

  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

  void word() {
    std::size_t end = at_;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    const std::string_view name = text_.substr(at_, end - at_);
    for (std::size_t i = 0; i < result_.variables_.size(); ++i)
      if (result_.variables_[i] == name) {
        at_ = end;
        emit({Op::variable, 0, i}, 1);
        return;
      }
    if (name == "inf" || name == "pi") {
      at_ = end;
      emit({Op::constant, name == "inf" ? infinity : pi}, 1);
      return;
    }
    if (look(name)) return;
    for (const Function& function : functions())
      if (function.name == name) {
        at_ = end;
        require("(");
        for (std::size_t i = 0; i < function.arguments; ++i) {
          if (i > 0) require(",");
          choice();
        }
        require(")");
        emit_call(function.operation, function.arguments);
        return;
      }
    std::vector<std::string> known = result_.variables_;
    for (const Function& function : functions()) known.emplace_back(function.name);
    known.insert(known.end(), {"text", "last", "count", "since"});
    const std::string near = closest(name, known);
    fail("a variable or function expected" + (near.empty() ? "" : " (did you mean \"" + near + "\"?)"));
  }

  // What is asked of the text; false, and nothing read, if `name` does not begin that.
  bool look(std::string_view name) {
    const bool counts = name == "count", last = name == "last";
    if (!counts && !last && name != "since" && name != "text") return false;
    at_ += name.size();
    std::size_t n_tokens = 0;
    if (last) n_tokens = tokens();
    if (last || name == "text") {
      require("~");
      add_look({TextLook::Kind::matches, pattern(), n_tokens});
      return true;
    }
    require("(");
    add_look({counts ? TextLook::Kind::count : TextLook::Kind::since, pattern()});
    require(")");
    return true;
  }

  // "(16)": the number of tokens that last() looks at.
  std::size_t tokens() {
    require("(");
    skip_spaces();
    std::size_t n_tokens = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), n_tokens);
    if (error != std::errc{} || n_tokens == 0) fail("a whole number of tokens of at least 1 expected");
    at_ += static_cast<std::size_t>(end - begin);
    require(")");
    return n_tokens;
  }

  Regex pattern() {
    require("/");
    std::string pattern;
    std::size_t end = at_;
    for (; end < text_.size() && text_[end] != '/'; ++end) {
      if (text_[end] == '\\' && end + 1 < text_.size() && text_[++end] != '/') pattern += '\\';
      pattern += text_[end];
    }
    if (pattern.empty()) fail("a regular expression expected");
    if (end == text_.size()) {
      at_ = end;
      fail("\"/\" behind the regular expression expected");
    }
    try {
      const regex::RegexNode tree = regex::parse_regex(pattern);
      if (regex::RegexProgram(tree).code.size() > TextLook::max_instructions)
        fail("a smaller regular expression expected (its repeats written out)");
      at_ = end + 1;
      return Regex(tree);
    } catch (const RegexError& error) {
      throw UserError(place() + error.what());
    }
  }

  void add_look(TextLook look) {
    emit({Op::variable, 0, result_.variables_.size() + result_.looks_.size()}, 1);
    result_.looks_.push_back(std::move(look));
  }

  std::string_view text_;
  Expression& result_;
  std::size_t at_ = 0;
  int depth_ = 0, height_ = 0;
};

Expression::Expression(std::string_view text, std::vector<std::string> variables)
    : variables_(std::move(variables)) {
  ExpressionParser parser(text, *this);
}

bool Expression::uses(std::string_view variable) const {
  return std::any_of(code_.begin(), code_.end(), [&](const Instruction& instruction) {
    return instruction.op == Op::variable && instruction.index < variables_.size() &&
           variables_[instruction.index] == variable;
  });
}

double Expression::value(std::span<const double> values) const {
  std::array<double, deepest_stack + 1> stack;
  double* top = stack.data();  // the last value; stack[0] is never one
  for (std::size_t at = 0; at < code_.size(); ++at) {
    const Instruction& code = code_[at];
    switch (code.op) {
      case Op::constant:
        *++top = code.number;
        break;
      case Op::variable:
        *++top = values[code.index];
        break;
      case Op::call:
        top -= code.index - 1;
        *top = code.operation(top);
        break;
      case Op::jump_if_zero:
        if (*top-- == 0) at = code.index - 1;
        break;
      case Op::jump:
        at = code.index - 1;
        break;
    }
  }
  return *top;
}

}  // namespace kelvin::sampling
