// kelvin-chat between a person (or a pipe) and a session: reads turns, streams answers, obeys Ctrl-C.
#pragma once

#include <string>

#include "tools/chat/chat_commands.h"
#include "tools/chat/chat_session.h"
#include "tools/terminal/line_editor.h"
#include "tools/terminal/terminal_text.h"

namespace kelvin {

class ChatLoop {
 public:
  // Answers go to stdout, everything else to stderr. `editor` is nullptr where stdin is read as plain lines,
  // each of them a turn.
  ChatLoop(ChatSession& session, ChatView view, LineEditor* editor);

  // Returns the exit status: 0; 130 if Ctrl-C ended it; 1 if a turn of a pipe failed.
  int run();
  // One message and its answer. Returns the exit status; throws what ChatSession::ask throws.
  int say(const std::string& message);

 private:
  void turn(const std::string& line);
  // nullptr: to the last one again. `role`: "user" or "tool".
  void answer(const std::string* message, const std::string& role = "user");
  void report(const Continuation& reply, bool again);
  Line read();

  ChatSession& session_;
  ChatView view_;
  TerminalText told_;  // on stderr: everything but answers
  ChatCommands commands_;
  LineEditor* editor_;
  PlainLines lines_;
  bool over_ = false;
  bool failed_ = false;
  bool warned_ = false;       // that the context fills up
  bool interrupted_ = false;  // the last thing done was Ctrl-C: once more ends the chat
};

}  // namespace kelvin
