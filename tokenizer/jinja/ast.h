// The tree of a template. Names of variables are numbers into Program::names.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tokenizer/jinja/value.h"

namespace kelvin::jinja {

using NameId = int;

struct Expression;

struct Argument {
  enum class Kind { positional, named, unpacked_list, unpacked_dict };
  Kind kind;
  std::string name;               // of a named argument
  std::vector<Expression> value;  // one
};

struct Expression {
  // What `children` hold, in order:
  enum class Kind {
    constant,     // none; `value`
    name,         // none; `name`
    list,         // items
    tuple,        // items
    dict,         // key, value, key, value, ...
    conditional,  // then, condition[, otherwise]
    logical_or,   // left, right
    logical_and,  // left, right
    logical_not,  // operand
    compare,      // first, then one per operator in `text`: = ! < l(<=) > g(>=) i(in) n(not in)
    binary,       // left, right; operator `text`
    negate,       // operand
    plus,         // operand
    concat,       // parts, joined as text (~)
    attribute,    // object; `text` is the attribute
    subscript,    // object, index
    slice,        // object, start, stop, step; none where absent
    call,         // callee; `arguments`
    filter,       // value (or none: the captured text of a block); `text`, `arguments`
    test,         // value; `text`, `arguments`
  };
  Kind kind;
  int line;
  int height = 1;  // of the tree: bounds the recursion of everything that walks it
  NameId name = -1;
  std::string text = {};
  Value value = {};
  std::vector<Expression> children = {};
  std::vector<Argument> arguments = {};
};

// What is assigned to: a name, a namespace's attribute, or several targets that share an iterable.
struct Target {
  enum class Kind { name, attribute, several };
  Kind kind;
  NameId name = -1;
  std::string attribute = {};
  std::vector<Target> parts = {};
};

struct Statement;
using Block = std::vector<Statement>;

struct Parameter {
  NameId name;
  std::string text;
  std::vector<Expression> fallback;  // none or one
};

// Signature and body of a macro or a call block.
struct MacroCode {
  std::string name;
  std::vector<Parameter> parameters;
  Block body;
  // Which of the special variables the body mentions.
  bool uses_caller = false, uses_varargs = false, uses_kwargs = false;
};

struct Statement {
  enum class Kind {
    text,          // prints `text`
    output,        // prints expressions
    conditional,   // per block of `blocks` one expression; a last block without one is the else
    loop,          // expressions: iterable[, test]; targets[0]; blocks: body, else
    set,           // targets[0] = expressions[0]
    set_block,     // targets[0] = text of blocks[0], through expressions[0] (filters) if present
    macro,         // macro[0] bound to `name`
    call_block,    // prints expressions[0], a call, with macro[0] as its caller
    filter_block,  // prints blocks[0] through expressions[0]
    with,          // targets[i] = expressions[i] within blocks[0]
    autoescape,    // blocks[0], escaping what is printed if expressions[0] is true
    scope,         // blocks[0] with variables of its own
    leave_loop,    // break
    next_round,    // continue
  };
  Kind kind;
  int line;
  NameId name = -1;
  bool recursive = false;  // of a loop
  std::string text = {};
  std::vector<Expression> expressions = {};
  std::vector<Target> targets = {};
  std::vector<Block> blocks = {};
  std::vector<MacroCode> macro = {};
};

struct Program {
  Block body;
  std::vector<std::string> names;
};

}  // namespace kelvin::jinja
