#include <array>
#include <charconv>
#include <system_error>

#include "sampling/closest.h"
#include "sampling/stages/expression.h"
#include "sampling/statistics/boltzmann.h"
#include "tokenizer/base/user_error.h"

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
  struct Function {
    const char* name;
    Op op;
    int arguments;
  };
  static constexpr std::array<Function, 10> functions = {{{"exp", Op::exp, 1},
                                                          {"ln", Op::ln, 1},
                                                          {"sqrt", Op::sqrt, 1},
                                                          {"abs", Op::abs, 1},
                                                          {"floor", Op::floor, 1},
                                                          {"sin", Op::sin, 1},
                                                          {"cos", Op::cos, 1},
                                                          {"min", Op::min, 2},
                                                          {"max", Op::max, 2},
                                                          {"clamp", Op::clamp, 3}}};
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
    throw UserError("expression \"" + std::string(text_) + "\", column " + std::to_string(at_ + 1) + ": " +
                    expected + ", " + found + " found");
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
  std::size_t emit(Op op, int pushed, double number = 0, std::size_t index = 0) {
    result_.code_.push_back({op, number, index});
    height_ += pushed;
    if (height_ > Expression::deepest_stack) fail("it is nested too deeply");
    return result_.code_.size() - 1;
  }

  void choice() {
    const Deeper deeper(*this);
    either();
    if (!take("?")) return;
    const std::size_t test = emit(Op::jump_if_zero, -1);
    choice();
    require(":");
    const std::size_t leave = emit(Op::jump, -1);
    result_.code_[test].index = result_.code_.size();
    choice();
    result_.code_[leave].index = result_.code_.size();
  }

  void either() {
    both();
    while (take("||")) {
      both();
      emit(Op::either, -1);
    }
  }

  void both() {
    comparison();
    while (take("&&")) {
      comparison();
      emit(Op::both, -1);
    }
  }

  void comparison() {
    sum();
    static constexpr std::array<std::pair<const char*, Op>, 6> signs = {{{"==", Op::equal},
                                                                         {"!=", Op::unequal},
                                                                         {"<=", Op::less_equal},
                                                                         {">=", Op::greater_equal},
                                                                         {"<", Op::less},
                                                                         {">", Op::greater}}};
    for (const auto& [sign, op] : signs)
      if (take(sign)) {
        sum();
        emit(op, -1);
        return;
      }
  }

  void sum() {
    product();
    while (true) {
      const bool plus = take("+");
      if (!plus && !take("-")) return;
      product();
      emit(plus ? Op::add : Op::subtract, -1);
    }
  }

  void product() {
    sign();
    while (true) {
      const Op op = take("*") ? Op::multiply : take("/") ? Op::divide : take("%") ? Op::modulo : Op::constant;
      if (op == Op::constant) return;
      sign();
      emit(op, -1);
    }
  }

  void sign() {
    const Deeper deeper(*this);
    if (take("-")) {
      sign();
      emit(Op::negate, 0);
    } else if (take("!")) {
      sign();
      emit(Op::invert, 0);
    } else {
      power();
    }
  }

  void power() {
    primary();
    if (!take("^")) return;
    sign();
    emit(Op::power, -1);
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
    emit(Op::constant, 1, value);
  }

  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

  void word() {
    std::size_t end = at_;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    const std::string_view name = text_.substr(at_, end - at_);
    for (std::size_t i = 0; i < result_.variables_.size(); ++i)
      if (result_.variables_[i] == name) {
        at_ = end;
        emit(Op::variable, 1, 0, i);
        return;
      }
    if (name == "inf" || name == "pi") {
      at_ = end;
      emit(Op::constant, 1, name == "inf" ? infinity : 3.14159265358979323846);
      return;
    }
    for (const Function& function : functions)
      if (function.name == name) {
        at_ = end;
        require("(");
        for (int i = 0; i < function.arguments; ++i) {
          if (i > 0) require(",");
          choice();
        }
        require(")");
        emit(function.op, 1 - function.arguments);
        return;
      }
    std::vector<std::string> known = result_.variables_;
    for (const Function& function : functions) known.emplace_back(function.name);
    const std::string near = closest(name, known);
    fail("a variable or function expected" + (near.empty() ? "" : " (did you mean \"" + near + "\"?)"));
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

}  // namespace kelvin::sampling
