#include "tokenizer/jinja/parser.h"

#include <algorithm>
#include <initializer_list>

#include "tokenizer/jinja/builtin.h"
#include "tokenizer/jinja/expression_parser.h"

namespace kelvin::jinja {

namespace {

constexpr int max_blocks = 100;  // within one another

class StatementParser {
 public:
  StatementParser(std::string_view source, const std::string& name)
      : expressions_(tokenize(source, name), name) {}

  Program run() {
    Program program;
    program.body = statements({});
    program.names = expressions_.take_names();
    return program;
  }

 private:
  using Kind = Statement::Kind;

  // Statements up to one of the `ends`, which is the current token then; to the end of the template without
  // any.
  Block statements(std::initializer_list<std::string_view> ends) {
    Block block;
    while (!expressions_.at(Token::Kind::end)) {
      const int line = expressions_.line();
      if (expressions_.at(Token::Kind::text)) {
        block.push_back({.kind = Kind::text, .line = line, .text = expressions_.current().text});
        expressions_.advance();
      } else if (expressions_.at(Token::Kind::output_begin)) {
        expressions_.advance();
        Statement output{.kind = Kind::output, .line = line};
        output.expressions.push_back(expressions_.tuple());
        expressions_.expect(Token::Kind::output_end, "}}");
        block.push_back(std::move(output));
      } else {
        expressions_.expect(Token::Kind::block_begin, "a tag");
        if (std::any_of(ends.begin(), ends.end(), [&](auto end) { return expressions_.at_name(end); }))
          return block;
        block.push_back(statement(ends));
        expressions_.expect(Token::Kind::block_end, "%}");
      }
    }
    if (ends.size() > 0) expressions_.fail("the template ends where " + listed(ends) + " is due");
    return block;
  }

  static std::string listed(std::initializer_list<std::string_view> ends) {
    std::string text;
    for (const std::string_view end : ends) text.append(text.empty() ? "" : " or ").append(end);
    return text;
  }

  Statement statement(std::initializer_list<std::string_view> ends) {
    struct Tag {
      std::string_view name;
      Statement (StatementParser::*parse)();
    };
    static constexpr Tag tags[] = {
        {"if", &StatementParser::conditional},
        {"for", &StatementParser::loop},
        {"set", &StatementParser::set},
        {"macro", &StatementParser::macro},
        {"call", &StatementParser::call_block},
        {"filter", &StatementParser::filter_block},
        {"with", &StatementParser::with},
        {"print", &StatementParser::print},
        {"break", &StatementParser::leave_loop},
        {"continue", &StatementParser::next_round},
        {"block", &StatementParser::block},
        {"generation", &StatementParser::generation},
        {"autoescape", &StatementParser::autoescape},
    };
    static constexpr std::string_view unsupported[] = {"include", "import", "from", "extends"};
    if (!expressions_.at(Token::Kind::name)) expressions_.fail_unexpected("the name of a tag");
    const std::string& name = expressions_.current().text;
    for (const Tag& tag : tags) {
      if (name != tag.name) continue;
      if (++depth_ > max_blocks) expressions_.fail("blocks are nested too deeply");
      Statement result = (this->*tag.parse)();
      --depth_;
      return result;
    }
    if (std::find(std::begin(unsupported), std::end(unsupported), name) != std::end(unsupported))
      expressions_.fail("the tag '" + name + "' has no place in a chat template");
    expressions_.fail("unknown tag '" + name.substr(0, 60) + "'" +
                      (ends.size() > 0 ? " where " + listed(ends) + " is due" : ""));
  }

  // Skips the tag's own name.
  Statement begin(Kind kind) {
    Statement result{.kind = kind, .line = expressions_.line()};
    expressions_.advance();
    return result;
  }

  // The rest of a tag and the statements up to the end tag, which is read.
  Block body(std::initializer_list<std::string_view> ends, std::string* end = nullptr) {
    expressions_.skip_symbol(":");
    expressions_.expect(Token::Kind::block_end, "%}");
    Block block = statements(ends);
    if (end) *end = expressions_.current().text;
    expressions_.advance();
    return block;
  }

  // The same outside of any loop: break and continue cannot cross it.
  Block isolated_body(std::initializer_list<std::string_view> ends) {
    const int loops = std::exchange(loops_, 0);
    Block block = body(ends);
    loops_ = loops;
    return block;
  }

  Statement conditional() {
    Statement result = begin(Kind::conditional);
    std::string end = "elif";
    while (end == "elif") {
      result.expressions.push_back(expressions_.tuple(false));
      result.blocks.push_back(body({"elif", "else", "endif"}, &end));
    }
    if (end == "else") result.blocks.push_back(body({"endif"}));
    return result;
  }

  Statement loop() {
    Statement result = begin(Kind::loop);
    result.targets.push_back(expressions_.target(false, "in"));
    forbid_loop(result.targets[0]);
    if (!expressions_.skip_name("in")) expressions_.fail_unexpected("'in'");
    result.expressions.push_back(expressions_.tuple(false, "recursive"));
    if (expressions_.skip_name("if")) result.expressions.push_back(expressions_.expression());
    result.recursive = expressions_.skip_name("recursive");
    std::string end;
    ++loops_;
    ++open_loops_;
    result.blocks.push_back(body({"endfor", "else"}, &end));
    --loops_;
    if (end == "else") result.blocks.push_back(body({"endfor"}));
    --open_loops_;
    return result;
  }

  void forbid_loop(const Target& target) {
    for (const Target& part : target.parts) forbid_loop(part);
    if (target.kind == Target::Kind::name && target.name == expressions_.intern("loop"))
      expressions_.fail("cannot assign to the special variable loop in a for loop");
  }

  Statement set() {
    Statement result = begin(Kind::set);
    result.targets.push_back(expressions_.target(true));
    if (open_loops_ > 0) forbid_loop(result.targets[0]);
    if (expressions_.skip_symbol("=")) {
      result.expressions.push_back(expressions_.tuple());
    } else {
      result.kind = Kind::set_block;
      result.expressions = expressions_.filters(false);
      result.blocks.push_back(body({"endset"}));
    }
    return result;
  }

  void signature(MacroCode& code) {
    expressions_.expect_symbol("(");
    while (!expressions_.at_symbol(")")) {
      if (!code.parameters.empty()) expressions_.expect_symbol(",");
      Parameter parameter{.name = -1, .text = expressions_.expect_identifier(), .fallback = {}};
      parameter.name = expressions_.intern(parameter.text);
      if (expressions_.skip_symbol("="))
        parameter.fallback.push_back(expressions_.expression());
      else if (!code.parameters.empty() && !code.parameters.back().fallback.empty())
        expressions_.fail("a parameter without default after one with a default");
      code.parameters.push_back(std::move(parameter));
    }
    expressions_.advance();
  }

  void macro_body(MacroCode& code, std::string_view end) {
    const ExpressionParser::Mentions before = expressions_.mentions();
    const int open_loops = std::exchange(open_loops_, 0);
    code.body = isolated_body({end});
    open_loops_ = open_loops;
    const ExpressionParser::Mentions& after = expressions_.mentions();
    const auto has = [&](std::string_view name) {
      return std::any_of(code.parameters.begin(), code.parameters.end(),
                         [&](const Parameter& parameter) { return parameter.text == name; });
    };
    code.uses_caller = after.caller > before.caller && !has("caller");
    code.uses_varargs = after.varargs > before.varargs && !has("varargs");
    code.uses_kwargs = after.kwargs > before.kwargs && !has("kwargs");
  }

  Statement macro() {
    Statement result = begin(Kind::macro);
    MacroCode code;
    code.name = expressions_.expect_identifier();
    result.name = expressions_.intern(code.name);
    signature(code);
    macro_body(code, "endmacro");
    result.macro.push_back(std::move(code));
    return result;
  }

  Statement call_block() {
    Statement result = begin(Kind::call_block);
    MacroCode code;
    if (expressions_.at_symbol("(")) signature(code);
    result.expressions.push_back(expressions_.expression());
    if (result.expressions[0].kind != Expression::Kind::call) expressions_.fail("a call block needs a call");
    macro_body(code, "endcall");
    result.macro.push_back(std::move(code));
    return result;
  }

  Statement filter_block() {
    Statement result = begin(Kind::filter_block);
    result.expressions = expressions_.filters(true);
    result.blocks.push_back(body({"endfilter"}));
    return result;
  }

  Statement with() {
    Statement result = begin(Kind::with);
    while (!expressions_.at(Token::Kind::block_end) && !expressions_.at_symbol(":")) {
      if (!result.targets.empty()) expressions_.expect_symbol(",");
      Target target{Target::Kind::name};
      target.name = expressions_.intern(expressions_.expect_identifier());
      result.targets.push_back(std::move(target));
      expressions_.expect_symbol("=");
      result.expressions.push_back(expressions_.expression());
    }
    result.blocks.push_back(body({"endwith"}));
    return result;
  }

  Statement print() {
    Statement result = begin(Kind::output);
    while (!expressions_.at(Token::Kind::block_end)) {
      if (!result.expressions.empty()) expressions_.expect_symbol(",");
      result.expressions.push_back(expressions_.expression());
    }
    return result;
  }

  Statement leave_loop() {
    if (loops_ == 0) expressions_.fail("break outside of a loop");
    return begin(Kind::leave_loop);
  }

  Statement next_round() {
    if (loops_ == 0) expressions_.fail("continue outside of a loop");
    return begin(Kind::next_round);
  }

  Statement block() {
    Statement result = begin(Kind::scope);
    const std::string name = expressions_.expect_identifier();
    expressions_.skip_name("scoped");
    expressions_.skip_name("required");
    result.blocks.push_back(isolated_body({"endblock"}));
    expressions_.skip_name(name);
    return result;
  }

  Statement autoescape() {
    Statement result = begin(Kind::autoescape);
    result.expressions.push_back(expressions_.expression());
    result.blocks.push_back(body({"endautoescape"}));
    return result;
  }

  // transformers' mark around what the assistant says; it prints as it is.
  Statement generation() {
    Statement result = begin(Kind::scope);
    result.blocks.push_back(isolated_body({"endgeneration"}));
    return result;
  }

  ExpressionParser expressions_;
  int depth_ = 0;
  int loops_ = 0;       // that break could leave
  int open_loops_ = 0;  // whose `loop` an assignment would hide
};

// Looks for filters and tests that do not exist. `guarded`: within a condition or what depends on it, where a
// template may ask `is filter` first and the error comes only when it is reached.
class NameCheck {
 public:
  explicit NameCheck(const std::string& name) : name_(name) {}

  void check(const Block& block, bool guarded) const {
    for (const Statement& statement : block) {
      const bool condition = statement.kind == Statement::Kind::conditional;
      for (const Expression& expression : statement.expressions) check(expression, guarded || condition);
      for (const MacroCode& code : statement.macro) {
        for (const Parameter& parameter : code.parameters)
          for (const Expression& fallback : parameter.fallback) check(fallback, false);
        check(code.body, false);
      }
      for (const Block& inner : statement.blocks) check(inner, condition);
    }
  }

 private:
  void check(const Expression& expression, bool guarded) const {
    guarded = guarded || expression.kind == Expression::Kind::conditional;
    const bool filter = expression.kind == Expression::Kind::filter;
    if (!guarded && ((filter && !find_filter(expression.text)) ||
                     (expression.kind == Expression::Kind::test && !find_test(expression.text))))
      throw TemplateError(
          name_, expression.line,
          (filter ? "unknown filter '" : "unknown test '") + expression.text.substr(0, 60) + "'");
    for (const Expression& child : expression.children) check(child, guarded);
    for (const Argument& argument : expression.arguments) check(argument.value[0], guarded);
  }

  const std::string& name_;
};

}  // namespace

Program parse(std::string_view source, const std::string& name) {
  Program program = StatementParser(source, name).run();
  NameCheck(name).check(program.body, false);
  return program;
}

}  // namespace kelvin::jinja
