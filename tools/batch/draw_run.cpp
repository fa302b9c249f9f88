#include "tools/batch/draw_run.h"

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <map>
#include <utility>
#include <vector>

#include "tools/generation/draws.h"
#include "tools/terminal/terminal_text.h"

namespace kelvin {
namespace {

// Draws on stdout, in their order.
class DrawOutput {
 public:
  explicit DrawOutput(const DrawRun& run) : run_(run), shown_(std::cout, STDOUT_FILENO) {}

  void add(std::size_t draw, Continuation result) {
    waiting_.emplace(draw, std::move(result));
    while (!waiting_.empty() && waiting_.begin()->first == next_ && next_ + 1 < run_.draws) tell_first(false);
    std::cout << std::flush;
  }
  // The last line says where all come from.
  void finish() {
    while (!waiting_.empty()) tell_first(waiting_.size() == 1);
    std::cout << std::flush;
  }

 private:
  void tell_first(bool is_last) {
    const auto& [draw, result] = *waiting_.begin();
    if (run_.json) {
      const std::string line = draw_line(result, run_.request, draw, run_.run) + "\n";
      std::cout << (is_last ? with_provenance(line, run_.made) : line);
    } else {
      shown_.write((any_ ? "\n[draw " : "[draw ") + std::to_string(draw) + "]" + result.text);
      shown_.write("\n");
    }
    any_ = true;
    next_ = draw + 1;
    waiting_.erase(waiting_.begin());
  }

  const DrawRun& run_;
  TerminalText shown_;
  std::map<std::size_t, Continuation> waiting_;
  std::size_t next_ = 0;
  bool any_ = false;
};

// The most tokens that a draw may come to hold.
int positions_of(const OpenModel& model, const ContinuationRequest& request) {
  const std::size_t context = static_cast<std::size_t>(model.context);
  if (request.max_tokens <= 0) return model.context;
  return static_cast<int>(
      std::min(context, request.prompt.size() + static_cast<std::size_t>(request.max_tokens)));
}

}  // namespace

DrawResult run_draws(OpenModel& model, const DrawRun& run) {
  std::vector<std::size_t> draws;
  for (std::size_t draw = 0; draw < run.draws; ++draw)
    if (!run.file || !run.file->holds(draw)) draws.push_back(draw);
  DrawResult result;
  DrawOutput output(run);
  const auto start = std::chrono::steady_clock::now();
  const DrawSink sink = [&](std::size_t draw, Continuation made) {
    result.drawn += made.ids.size();
    result.context_full |= made.ending == Ending::context_full;
    const bool whole = made.ending != Ending::interrupted;
    result.interrupted |= !whole;
    if (run.file) {
      // Of a draw that is not done the file holds nothing: it comes again.
      if (whole) run.file->add(draw, made, draw_line(made, run.request, draw, run.run));
      return;
    }
    result.statistics.add(made);
    output.add(draw, std::move(made));
  };
  const int width =
      draws_side_by_side(*model.model, positions_of(model, run.request), draws.size(), run.width);
  Sequence sequence(*model.model, model.context);
  const auto end = [&] {
    output.finish();
    if (run.file) result.statistics = run.file->statistics();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  try {
    result.interrupted |=
        !draw_continuations(*model.model, sequence, model.tokenizer(), run.request, draws,
                            {.width = width, .loop = run.loop, .progress = run.progress}, sink);
  } catch (...) {
    end();
    throw;
  }
  end();
  if (run.file && !result.interrupted) run.file->finish(run.made);
  return result;
}

}  // namespace kelvin
