// Recursive descent over the tokens of expressions; the statements' parser shares its cursor.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/jinja/ast.h"
#include "tokenizer/jinja/lexer.h"

namespace kelvin::jinja {

class ExpressionParser {
 public:
  ExpressionParser(std::vector<Token> tokens, const std::string& name)
      : tokens_(std::move(tokens)), name_(name) {}

  [[noreturn]] void fail(const std::string& reason) const;
  // "unexpected X, Y expected"
  [[noreturn]] void fail_unexpected(const std::string& expected) const;

  const Token& current() const { return tokens_[at_]; }
  const Token& next() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  int line() const { return current().line; }
  bool at(Token::Kind kind) const { return current().kind == kind; }
  bool at_symbol(std::string_view symbol) const {
    return at(Token::Kind::symbol) && current().text == symbol;
  }
  bool at_name(std::string_view name) const { return at(Token::Kind::name) && current().text == name; }
  void advance() { at_ += at_ + 1 < tokens_.size() ? 1 : 0; }
  bool skip_symbol(std::string_view symbol);
  bool skip_name(std::string_view name);
  void expect(Token::Kind kind, const std::string& expected);
  void expect_symbol(std::string_view symbol);
  std::string expect_identifier();

  NameId intern(const std::string& name);
  std::vector<std::string> take_names() { return std::move(names_); }

  // A whole expression, `a if b else c` included; without condition the `if` is left to the caller.
  Expression expression(bool with_condition = true);
  // One expression or, with commas, a tuple that needs no parentheses. `stop` is a name that ends it.
  Expression tuple(bool with_condition = true, std::string_view stop = {});
  // `name | filter | filter(...)` chains where the value comes later: the innermost filter has no child.
  // Empty if there is none. With `first_inline` the first filter has no bar before it.
  std::vector<Expression> filters(bool first_inline);
  std::vector<Argument> call_arguments();
  Target target(bool with_attributes, std::string_view stop = {});

  // What has been read so far: how often the special variables of macros were mentioned.
  struct Mentions {
    int caller = 0, varargs = 0, kwargs = 0;
  };
  const Mentions& mentions() const { return mentions_; }

 private:
  friend class DepthGuard;
  Expression make(Expression::Kind kind, int line, std::vector<Expression> children,
                  std::string text = {}) const;
  Expression finish(Expression expression) const;  // sets and checks its height
  Expression logical(std::string_view name, Expression::Kind kind, Expression (ExpressionParser::*operand)());
  Expression disjunction();
  Expression conjunction();
  Expression negation();
  Expression comparison();
  Expression binary(std::initializer_list<std::string_view> symbols,
                    Expression (ExpressionParser::*operand)());
  Expression sum();
  Expression concatenation();
  Expression product();
  Expression power();
  Expression unary();
  Expression signed_operand(bool with_filters);
  Expression primary();
  Expression name_or_constant();
  Expression string();
  Expression parenthesized();
  Expression list();
  Expression dict();
  Expression postfix(Expression value);
  Expression filtered(Expression value);
  Expression attribute(Expression object);
  Expression subscript(Expression object);
  Expression slice(Expression object, int line);
  Expression filter(std::vector<Expression> value);
  Expression test(Expression value);
  Target target_part(bool with_attributes);

  std::vector<Token> tokens_;
  const std::string& name_;
  std::size_t at_ = 0;
  int depth_ = 0;
  Mentions mentions_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, NameId> ids_;
};

}  // namespace kelvin::jinja
