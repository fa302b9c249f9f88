// Errors of templates.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "tokenizer/base/user_error.h"

namespace kelvin {

// A template that cannot be parsed, fails while rendering, exceeds its limits or raises an exception of its
// own. what() is "name: line N: reason"; reason() is the bare sentence: the template's own words if it called
// raise_exception().
class TemplateError : public UserError {
 public:
  TemplateError(const std::string& name, int line, std::string reason, bool raised = false)
      : UserError(name + ": line " + std::to_string(line) + ": " + reason),
        line_(line),
        raised_(raised),
        reason_(std::move(reason)) {}

  int line() const { return line_; }
  bool raised() const { return raised_; }  // by raise_exception()
  const std::string& reason() const { return reason_; }

 private:
  int line_;
  bool raised_;
  std::string reason_;
};

namespace jinja {

// What the parts of the interpreter throw that do not know the line; becomes a TemplateError on the way out.
class Failure : public std::runtime_error {
 public:
  explicit Failure(const std::string& reason, bool raised = false)
      : std::runtime_error(reason), raised_(raised) {}
  bool raised() const { return raised_; }

 private:
  bool raised_;
};

}  // namespace jinja
}  // namespace kelvin
