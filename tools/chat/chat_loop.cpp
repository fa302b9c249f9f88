#include "tools/chat/chat_loop.h"

#include <unistd.h>

#include <cmath>
#include <iostream>
#include <optional>
#include <utility>

#include "tools/chat/answer_view.h"
#include "tools/chat/probability_colours.h"
#include "tools/generation/continuation.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"
#include "tools/terminal/terminal_mode.h"
#include "tools/terminal/terminal_text.h"

namespace kelvin {
namespace {

constexpr double nearly_full = 0.8;
constexpr int interrupted_status = 130;

}  // namespace

ChatLoop::ChatLoop(ChatSession& session, ChatView view, LineEditor* editor)
    : session_(session),
      view_(view),
      told_(std::cerr, STDERR_FILENO),
      commands_(session, view_, told_),
      editor_(editor) {}

Line ChatLoop::read() {
  if (editor_) return editor_->read();
  // A terminal that the editor does not understand (TERM=dumb).
  if (isatty(STDIN_FILENO) == 1) std::cerr << "> " << std::flush;
  return lines_.read();
}

int ChatLoop::run() {
  Interrupt interrupt;
  // What is typed ahead waits for the editor.
  const std::optional<QuietTerminal> quiet =
      editor_ ? std::optional<QuietTerminal>(std::in_place) : std::nullopt;
  while (!over_) {
    const Line line = read();
    if (line.kind == Line::Kind::closed) break;
    if (line.kind == Line::Kind::interrupted) {
      if (!editor_ || interrupted_ || session_.messages().empty()) return interrupted_status;
      // It may have been meant for an answer that has just ended by itself.
      told_ << "[Ctrl-C again ends the chat]\n";
      interrupted_ = true;
      continue;
    }
    interrupted_ = false;
    if (line.text.find_first_not_of(" \t\n") == line.text.npos) continue;
    try {
      turn(line.text);
    } catch (const std::exception& error) {
      told_ << "error: " << error.what() << "\n";
      failed_ = true;
    }
    // The first Ctrl-C ended an answer, a second one means the chat.
    if (interrupt.count() > 1) return interrupted_status;
    interrupt.reset();
    if (!std::cout) throw std::runtime_error("cannot write to standard output");
  }
  // A person has seen what failed.
  return failed_ && isatty(STDIN_FILENO) != 1 ? 1 : 0;
}

int ChatLoop::say(const std::string& message) {
  const Interrupt interrupt;
  answer(&message);
  if (!std::cout) throw std::runtime_error("cannot write to standard output");
  return interrupted_ ? interrupted_status : 0;
}

void ChatLoop::turn(const std::string& line) {
  if (!line.starts_with('/')) return answer(&line);
  const ChatCommands::Then then = commands_.run(line);
  over_ = then == ChatCommands::Then::exit;
  if (then == ChatCommands::Then::regenerate) answer(nullptr);
  if (then == ChatCommands::Then::answer_tool) answer(&commands_.tool_text(), "tool");
}

void ChatLoop::answer(const std::string* message, const std::string& role) {
  const QuietTerminal quiet;
  ProgressBar bar("prompt", "tok");
  TerminalText text(std::cout, STDOUT_FILENO);
  ChatTurn turn;
  turn.stop = Interrupt::flag();
  turn.on_prompt = bar.updates();
  const bool colour = view_.colour_by_probability && editor_;
  bool written = false;
  std::size_t hidden = 0;  // tokens of a folded thought so far
  const auto end_hidden = [&] {
    if (hidden > 0 && editor_) std::cerr << "\r\x1b[K" << std::flush;
    hidden = 0;
  };
  using Thoughts = AnswerView::Thoughts;
  const bool dims = editor_ && view_.colours && isatty(STDOUT_FILENO) == 1;
  AnswerView view(view_.fold_thoughts ? Thoughts::folded
                  : dims              ? Thoughts::dimmed
                                      : Thoughts::as_written,
                  [&](std::string_view part, std::string_view style) {
                    end_hidden();
                    written = true;
                    text.write(part, style);
                  });
  turn.on_text = [&](std::string_view part, double log_probability) {
    bar.finish();
    view.push(part,
              colour ? style_of_probability(std::exp(log_probability), view_.true_colour) : std::string());
    if (view.hides() && ++hidden > 0 && editor_)
      std::cerr << "\r\x1b[Kthinking, " << hidden << " tokens" << std::flush;
  };
  const auto end_line = [&] {
    bar.finish();
    view.finish();
    end_hidden();
    if (!text.at_line_start()) text.write("\n");
  };
  try {
    const Continuation reply = message ? session_.ask(*message, turn, role) : session_.regenerate(turn);
    end_line();
    // An empty answer is a line, too: whoever reads a pipe counts them.
    if (!written) text.write("\n");
    report(reply, message == nullptr);
  } catch (...) {
    end_line();
    throw;
  }
}

void ChatLoop::report(const Continuation& reply, bool again) {
  const std::size_t drawn = reply.ids.size();
  interrupted_ = reply.ending == Ending::interrupted;
  if (reply.ending == Ending::interrupted && drawn == 0)
    told_ << (again ? "[stopped: the earlier answer stays]\n"
                    : "[stopped before the answer began: the message is not kept]\n");
  else if (reply.ending == Ending::interrupted)
    told_ << "[stopped]\n";
  else if (reply.ending == Ending::max_tokens)
    told_ << "[cut after " << drawn << " tokens; /set n changes that, 0 for no limit]\n";
  else if (reply.ending == Ending::context_full)
    told_ << "[the context of " << session_.context()
          << " tokens is full, the answer is cut here: /undo takes turns back, /clear begins anew, --ctx "
             "makes it larger]\n";
  if (const std::size_t tokens = view_.fold_thoughts && drawn > 0 ? session_.thought_tokens() : 0)
    told_ << "[thought for " << tokens << (tokens == 1 ? " token" : " tokens")
          << "; /show thought shows it]\n";
  if (session_.settings().tools && drawn > 0)
    for (const ToolCall& call : session_.open_calls())
      told_ << "[the model calls " << shown_call(call) << "; /tool TEXT gives it the answer]\n";
  if (view_.stats) told_ << "[" << statistics_line(reply) << "; seed " << session_.settings().seed << "]\n";

  const int used = reply.prompt_tokens + static_cast<int>(drawn);
  const bool filling = used >= nearly_full * session_.context();
  if (filling && !warned_ && reply.ending != Ending::context_full)
    told_ << "[" << used << " of " << session_.context() << " tokens of the context are used]\n";
  warned_ = filling;
  if (editor_) told_ << "\n";
}

}  // namespace kelvin
