// The slash words of kelvin-chat.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tools/chat/chat_session.h"
#include "tools/terminal/terminal_text.h"

namespace kelvin {

struct ChatView {
  bool edits_lines = false;  // with a LineEditor
  bool colours = false;
  bool stats = false;  // after each answer
  bool colour_by_probability = false;
  bool true_colour = false;  // the terminal shows 24 bits of colour
  bool fold_thoughts = false;
};

// "now with {"tz": "UTC"}"
std::string shown_call(const ToolCall& call);

class ChatCommands {
 public:
  // What they print goes to `out`.
  ChatCommands(ChatSession& session, ChatView& view, TerminalText& out);

  enum class Then { read_on, regenerate, answer_tool, exit };
  // `line` begins with '/'. Throws std::runtime_error with a message for the user: an unknown word, a bad
  // value, a file; nothing has changed then.
  Then run(const std::string& line);
  // "/load FILE". Throws LoadError.
  void load(const std::string& path);
  static std::vector<std::string> names();                     // without '/'
  const std::string& tool_text() const { return tool_text_; }  // what is to be answered, after answer_tool

 private:
  struct Command {
    const char *name, *arguments, *help;
    void (ChatCommands::*run)(const std::string& argument);  // nullptr: nothing to do here
    Then then = Then::read_on;
  };
  static const std::vector<Command>& table();

  void help(const std::string&);
  void set(const std::string& argument);
  void show(const std::string& argument);
  void seed(const std::string& argument);
  void system(const std::string& argument);
  void why(const std::string& argument);
  void regenerate(const std::string&);
  void tool(const std::string& text);
  void undo(const std::string&);
  void clear(const std::string&);
  void save(const std::string& path);

  std::size_t number_of(const std::string& text) const;
  void list_surprises() const;
  void show_prompt();
  void show_thought();
  void set_think(const std::string& value);
  void set_template_argument(const std::string& value);
  std::string think_line() const;
  std::string template_arguments_line() const;
  void show_chain();
  std::vector<std::pair<std::string, std::string>> settings() const;

  ChatSession& session_;
  ChatView& view_;
  TerminalText& out_;
  std::string tool_text_;
};

}  // namespace kelvin
