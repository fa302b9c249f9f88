#include "tokenizer/jinja/expression_parser.h"

#include <algorithm>

namespace kelvin::jinja {

namespace {

constexpr int max_height = 500;
constexpr int max_parentheses = 150;

std::string described(const Token& token) {
  switch (token.kind) {
    case Token::Kind::text:
      return "text";
    case Token::Kind::output_begin:
      return "{{";
    case Token::Kind::output_end:
      return "}}";
    case Token::Kind::block_begin:
      return "{%";
    case Token::Kind::block_end:
      return "%}";
    case Token::Kind::string:
      return "a string";
    case Token::Kind::end:
      return "the end of the template";
    default:
      return "'" + token.text.substr(0, 60) + "'";
  }
}

bool is_constant_name(const std::string& name) {
  static constexpr std::string_view names[] = {"true", "True", "false", "False", "none", "None"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

// Bounds the recursion of the parser itself.
class DepthGuard {
 public:
  explicit DepthGuard(ExpressionParser& parser) : parser_(parser) {
    if (++parser_.depth_ > max_parentheses) parser_.fail("expressions are nested too deeply");
  }
  ~DepthGuard() { --parser_.depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

 private:
  ExpressionParser& parser_;
};

void ExpressionParser::fail(const std::string& reason) const { throw TemplateError(name_, line(), reason); }

void ExpressionParser::fail_unexpected(const std::string& expected) const {
  fail("unexpected " + described(current()) + ", " + expected + " expected");
}

bool ExpressionParser::skip_symbol(std::string_view symbol) {
  const bool found = at_symbol(symbol);
  if (found) advance();
  return found;
}

bool ExpressionParser::skip_name(std::string_view name) {
  const bool found = at_name(name);
  if (found) advance();
  return found;
}

void ExpressionParser::expect(Token::Kind kind, const std::string& expected) {
  if (!at(kind)) fail_unexpected(expected);
  advance();
}

void ExpressionParser::expect_symbol(std::string_view symbol) {
  if (!skip_symbol(symbol)) fail_unexpected("'" + std::string(symbol) + "'");
}

std::string ExpressionParser::expect_identifier() {
  if (!at(Token::Kind::name)) fail_unexpected("a name");
  std::string name = current().text;
  advance();
  return name;
}

NameId ExpressionParser::intern(const std::string& name) {
  const auto [place, added] = ids_.try_emplace(name, static_cast<NameId>(names_.size()));
  if (added) names_.push_back(name);
  return place->second;
}

Expression ExpressionParser::finish(Expression expression) const {
  int height = 0;
  for (const Expression& child : expression.children) height = std::max(height, child.height);
  for (const Argument& argument : expression.arguments) height = std::max(height, argument.value[0].height);
  expression.height = height + 1;
  if (expression.height > max_height) fail("the expression is too long or nested too deeply");
  return expression;
}

Expression ExpressionParser::make(Expression::Kind kind, int line, std::vector<Expression> children,
                                  std::string text) const {
  return finish({.kind = kind, .line = line, .text = std::move(text), .children = std::move(children)});
}

Expression ExpressionParser::expression(bool with_condition) {
  const DepthGuard guard(*this);
  Expression value = disjunction();
  while (with_condition && at_name("if")) {
    const int line = this->line();
    advance();
    std::vector<Expression> children;
    children.push_back(std::move(value));
    children.push_back(disjunction());
    if (skip_name("else")) children.push_back(expression());
    value = make(Expression::Kind::conditional, line, std::move(children));
  }
  return value;
}

Expression ExpressionParser::tuple(bool with_condition, std::string_view stop) {
  const int line = this->line();
  const auto ends = [&] {
    return at(Token::Kind::output_end) || at(Token::Kind::block_end) || at_symbol(")") ||
           (!stop.empty() && at_name(stop));
  };
  if (ends()) fail_unexpected("an expression");
  Expression first = expression(with_condition);
  if (!at_symbol(",")) return first;
  std::vector<Expression> items;
  items.push_back(std::move(first));
  while (skip_symbol(",") && !ends()) items.push_back(expression(with_condition));
  return make(Expression::Kind::tuple, line, std::move(items));
}

Expression ExpressionParser::logical(std::string_view name, Expression::Kind kind,
                                     Expression (ExpressionParser::*operand)()) {
  Expression left = (this->*operand)();
  while (at_name(name)) {
    const int line = this->line();
    advance();
    std::vector<Expression> children;
    children.push_back(std::move(left));
    children.push_back((this->*operand)());
    left = make(kind, line, std::move(children));
  }
  return left;
}

Expression ExpressionParser::disjunction() {
  return logical("or", Expression::Kind::logical_or, &ExpressionParser::conjunction);
}

Expression ExpressionParser::conjunction() {
  return logical("and", Expression::Kind::logical_and, &ExpressionParser::negation);
}

Expression ExpressionParser::negation() {
  if (!at_name("not")) return comparison();
  const DepthGuard guard(*this);
  const int line = this->line();
  advance();
  std::vector<Expression> operand;
  operand.push_back(negation());
  return make(Expression::Kind::logical_not, line, std::move(operand));
}

Expression ExpressionParser::comparison() {
  static constexpr std::pair<std::string_view, char> operators[] = {{"==", '='}, {"!=", '!'}, {"<=", 'l'},
                                                                    {">=", 'g'}, {"<", '<'},  {">", '>'}};
  const int line = this->line();
  Expression first = sum();
  std::vector<Expression> operands;
  std::string codes;
  while (true) {
    const auto found = std::find_if(std::begin(operators), std::end(operators),
                                    [&](const auto& candidate) { return at_symbol(candidate.first); });
    if (found != std::end(operators)) {
      codes += found->second;
      advance();
    } else if (skip_name("in")) {
      codes += 'i';
    } else if (at_name("not") && next().kind == Token::Kind::name && next().text == "in") {
      codes += 'n';
      advance();
      advance();
    } else {
      break;
    }
    if (operands.empty()) operands.push_back(std::move(first));
    operands.push_back(sum());
  }
  if (codes.empty()) return first;
  return make(Expression::Kind::compare, line, std::move(operands), std::move(codes));
}

Expression ExpressionParser::binary(std::initializer_list<std::string_view> symbols,
                                    Expression (ExpressionParser::*operand)()) {
  Expression left = (this->*operand)();
  while (std::any_of(symbols.begin(), symbols.end(),
                     [&](std::string_view symbol) { return at_symbol(symbol); })) {
    const int line = this->line();
    std::string symbol = current().text;
    advance();
    std::vector<Expression> children;
    children.push_back(std::move(left));
    children.push_back((this->*operand)());
    left = make(Expression::Kind::binary, line, std::move(children), std::move(symbol));
  }
  return left;
}

Expression ExpressionParser::sum() { return binary({"+", "-"}, &ExpressionParser::concatenation); }

Expression ExpressionParser::concatenation() {
  const int line = this->line();
  Expression first = product();
  if (!at_symbol("~")) return first;
  std::vector<Expression> parts;
  parts.push_back(std::move(first));
  while (skip_symbol("~")) parts.push_back(product());
  return make(Expression::Kind::concat, line, std::move(parts));
}

Expression ExpressionParser::product() { return binary({"*", "/", "//", "%"}, &ExpressionParser::power); }
Expression ExpressionParser::power() { return binary({"**"}, &ExpressionParser::unary); }
Expression ExpressionParser::unary() { return signed_operand(true); }

Expression ExpressionParser::signed_operand(bool with_filters) {
  const int line = this->line();
  Expression value;
  if (at_symbol("-") || at_symbol("+")) {
    const DepthGuard guard(*this);
    const auto kind = at_symbol("-") ? Expression::Kind::negate : Expression::Kind::plus;
    advance();
    std::vector<Expression> operand;
    operand.push_back(signed_operand(false));
    value = make(kind, line, std::move(operand));
  } else {
    value = primary();
  }
  value = postfix(std::move(value));
  return with_filters ? filtered(std::move(value)) : value;
}

Expression ExpressionParser::primary() {
  switch (current().kind) {
    case Token::Kind::name:
      return name_or_constant();
    case Token::Kind::string:
      return string();
    case Token::Kind::integer:
    case Token::Kind::real: {
      Expression number{.kind = Expression::Kind::constant, .line = line(), .value = current().value};
      advance();
      return number;
    }
    default:
      if (at_symbol("(")) return parenthesized();
      if (at_symbol("[")) return list();
      if (at_symbol("{")) return dict();
      fail_unexpected("an expression");
  }
}

Expression ExpressionParser::name_or_constant() {
  Expression result{.kind = Expression::Kind::constant, .line = line()};
  const std::string& name = current().text;
  if (name == "true" || name == "True" || name == "false" || name == "False") {
    result.value = name == "true" || name == "True";
  } else if (name != "none" && name != "None") {
    mentions_.caller += name == "caller";
    mentions_.varargs += name == "varargs";
    mentions_.kwargs += name == "kwargs";
    result.kind = Expression::Kind::name;
    result.name = intern(name);
  }
  advance();
  return result;
}

Expression ExpressionParser::string() {
  const int line = this->line();
  std::string text;
  for (; at(Token::Kind::string); advance()) text += current().text;
  return {.kind = Expression::Kind::constant, .line = line, .value = std::move(text)};
}

Expression ExpressionParser::parenthesized() {
  const int line = this->line();
  expect_symbol("(");
  Expression value = at_symbol(")") ? make(Expression::Kind::tuple, line, {}) : tuple();
  expect_symbol(")");
  return value;
}

Expression ExpressionParser::list() {
  const int line = this->line();
  expect_symbol("[");
  std::vector<Expression> items;
  while (!at_symbol("]")) {
    if (!items.empty()) expect_symbol(",");
    if (!at_symbol("]")) items.push_back(expression());
  }
  advance();
  return make(Expression::Kind::list, line, std::move(items));
}

Expression ExpressionParser::dict() {
  const int line = this->line();
  expect_symbol("{");
  std::vector<Expression> entries;
  while (!at_symbol("}")) {
    if (!entries.empty()) expect_symbol(",");
    if (at_symbol("}")) break;
    entries.push_back(expression());
    expect_symbol(":");
    entries.push_back(expression());
  }
  advance();
  return make(Expression::Kind::dict, line, std::move(entries));
}

Expression ExpressionParser::postfix(Expression value) {
  while (true) {
    if (at_symbol(".")) {
      value = attribute(std::move(value));
    } else if (at_symbol("[")) {
      value = subscript(std::move(value));
    } else if (at_symbol("(")) {
      const int line = this->line();
      Expression call{.kind = Expression::Kind::call, .line = line};
      call.children.push_back(std::move(value));
      call.arguments = call_arguments();
      value = finish(std::move(call));
    } else {
      return value;
    }
  }
}

Expression ExpressionParser::filtered(Expression value) {
  while (true) {
    if (at_symbol("|")) {
      advance();
      std::vector<Expression> operand;
      operand.push_back(std::move(value));
      value = filter(std::move(operand));
    } else if (at_name("is")) {
      value = test(std::move(value));
    } else if (at_symbol("(")) {
      value = postfix(std::move(value));
    } else {
      return value;
    }
  }
}

Expression ExpressionParser::attribute(Expression object) {
  const int line = this->line();
  expect_symbol(".");
  std::vector<Expression> children;
  children.push_back(std::move(object));
  if (at(Token::Kind::integer)) {
    children.push_back(primary());
    return make(Expression::Kind::subscript, line, std::move(children));
  }
  if (!at(Token::Kind::name)) fail_unexpected("a name or a number");
  return make(Expression::Kind::attribute, line, std::move(children), expect_identifier());
}

Expression ExpressionParser::subscript(Expression object) {
  const int line = this->line();
  expect_symbol("[");
  if (at_symbol(":")) return slice(std::move(object), line);
  if (at_symbol("]")) fail_unexpected("an index");
  std::vector<Expression> children;
  children.push_back(std::move(object));
  children.push_back(expression());
  if (at_symbol(":")) {
    Expression start = std::move(children.back());
    children.pop_back();
    Expression sliced = slice(std::move(children.back()), line);
    sliced.children[1] = std::move(start);
    return finish(std::move(sliced));
  }
  if (at_symbol(",")) {
    std::vector<Expression> items;
    items.push_back(std::move(children.back()));
    while (skip_symbol(",") && !at_symbol("]")) items.push_back(expression());
    children.back() = make(Expression::Kind::tuple, line, std::move(items));
  }
  expect_symbol("]");
  return make(Expression::Kind::subscript, line, std::move(children));
}

// From the first colon on; the start is none.
Expression ExpressionParser::slice(Expression object, int line) {
  const Expression none{.kind = Expression::Kind::constant, .line = line};
  std::vector<Expression> children;
  children.push_back(std::move(object));
  for (int i = 0; i < 3; ++i) children.push_back(none);
  expect_symbol(":");
  if (!at_symbol(":") && !at_symbol("]")) children[2] = expression();
  if (skip_symbol(":") && !at_symbol("]")) children[3] = expression();
  expect_symbol("]");
  return make(Expression::Kind::slice, line, std::move(children));
}

std::vector<Argument> ExpressionParser::call_arguments() {
  std::vector<Argument> arguments;
  expect_symbol("(");
  while (!at_symbol(")")) {
    if (!arguments.empty()) expect_symbol(",");
    if (at_symbol(")")) break;
    if (arguments.size() >= max_arguments) fail("too many arguments");
    Argument argument{Argument::Kind::positional, {}, {}};
    if (skip_symbol("*")) {
      argument.kind = Argument::Kind::unpacked_list;
    } else if (skip_symbol("**")) {
      argument.kind = Argument::Kind::unpacked_dict;
    } else if (at(Token::Kind::name) && next().kind == Token::Kind::symbol && next().text == "=") {
      argument.kind = Argument::Kind::named;
      argument.name = expect_identifier();
      advance();
    }
    // Positional arguments cannot follow named or unpacked ones, and nothing follows **.
    const auto last = arguments.empty() ? Argument::Kind::positional : arguments.back().kind;
    const bool list_was = std::any_of(arguments.begin(), arguments.end(), [](const Argument& a) {
      return a.kind == Argument::Kind::unpacked_list;
    });
    if (last == Argument::Kind::unpacked_dict ||
        (argument.kind == Argument::Kind::positional && last != Argument::Kind::positional) ||
        (argument.kind == Argument::Kind::unpacked_list && list_was))
      fail("arguments in an order that is not allowed");
    for (const Argument& earlier : arguments)
      if (argument.kind == Argument::Kind::named && earlier.name == argument.name)
        fail("the argument '" + argument.name + "' is given twice");
    argument.value.push_back(expression());
    arguments.push_back(std::move(argument));
  }
  advance();
  return arguments;
}

Expression ExpressionParser::filter(std::vector<Expression> value) {
  Expression result{.kind = Expression::Kind::filter, .line = line()};
  result.text = expect_identifier();
  while (skip_symbol(".")) result.text += "." + expect_identifier();
  result.children = std::move(value);
  if (at_symbol("(")) result.arguments = call_arguments();
  return finish(std::move(result));
}

std::vector<Expression> ExpressionParser::filters(bool first_inline) {
  std::vector<Expression> chain;
  while (first_inline || skip_symbol("|")) {
    first_inline = false;
    Expression outer = filter(std::move(chain));
    chain.clear();
    chain.push_back(std::move(outer));
  }
  return chain;
}

Expression ExpressionParser::test(Expression value) {
  Expression result{.kind = Expression::Kind::test, .line = line()};
  advance();
  const bool negated = skip_name("not");
  result.text = expect_identifier();
  while (skip_symbol(".")) result.text += "." + expect_identifier();
  result.children.push_back(std::move(value));
  if (at_symbol("(")) {
    result.arguments = call_arguments();
  } else if ((at(Token::Kind::name) && !at_name("else") && !at_name("or") && !at_name("and")) ||
             at(Token::Kind::string) || at(Token::Kind::integer) || at(Token::Kind::real) || at_symbol("[") ||
             at_symbol("{")) {
    if (at_name("is")) fail("tests cannot be chained with is");
    Argument argument{Argument::Kind::positional, {}, {}};
    argument.value.push_back(postfix(primary()));
    result.arguments.push_back(std::move(argument));
  }
  const int line = result.line;
  result = finish(std::move(result));
  if (!negated) return result;
  std::vector<Expression> operand;
  operand.push_back(std::move(result));
  return make(Expression::Kind::logical_not, line, std::move(operand));
}

Target ExpressionParser::target_part(bool with_attributes) {
  if (skip_symbol("(")) {
    const DepthGuard guard(*this);
    Target inner = target(with_attributes);
    expect_symbol(")");
    return inner;
  }
  if (at(Token::Kind::name) && is_constant_name(current().text)) fail("cannot assign to " + current().text);
  Target result{Target::Kind::name};
  result.name = intern(expect_identifier());
  if (with_attributes && skip_symbol(".")) {
    result.kind = Target::Kind::attribute;
    result.attribute = expect_identifier();
  }
  return result;
}

Target ExpressionParser::target(bool with_attributes, std::string_view stop) {
  Target first = target_part(with_attributes);
  if (!at_symbol(",")) return first;
  Target several{Target::Kind::several};
  several.parts.push_back(std::move(first));
  while (skip_symbol(",") && !at_symbol("=") && !at_symbol(")") && !at(Token::Kind::block_end) &&
         (stop.empty() || !at_name(stop)))
    several.parts.push_back(target_part(with_attributes));
  return several;
}

}  // namespace kelvin::jinja
