#include "tools/batch/batch_flags.h"

#include <filesystem>
#include <iostream>
#include <system_error>

#include "loaders/files/load_error.h"
#include "tools/batch/batch_run.h"
#include "tools/options/run_main.h"
#include "tools/output/read_file.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {

void BatchFlags::add_to(Flags& flags) {
  flags.group("many prompts");
  flags.option(
      "jsonl", "IN",
      "answer every line of a file like OpenAI's batches: {\"custom_id\": ..., \"body\": {\"messages\": "
      "[...] or \"prompt\": ..., \"max_tokens\": ..., \"temperature\": ..., \"seed\": ..., \"logprobs\": "
      "..., \"chat_template_kwargs\": {...}}}, or the same without body; settings of the command line hold "
      "where a line has none",
      to(in_));
  flags.option("out", "OUT",
               "where --jsonl writes its answers, or --draws its JSON lines, each as soon as it is done; "
               "what is there "
               "already is not asked or drawn again",
               to(out_));
  flags.toggle(
      "retry-errors",
      "ask the lines again that --out answers by an error; each error stays there until its line has a new "
      "answer",
      retry_errors_);
  flags.option("batch", "N",
               "lines of --jsonl, or --draws, that run at a time; nothing depends on it but speed (default "
               "8, or what memory holds)",
               to(width_, 1, 4096));
}

void BatchFlags::open(const PromptOptions& prompt, bool draws) {
  if (!in_ && out_ && !draws)
    throw UsageError(
        "--out is where the answers of --jsonl or the lines of --draws go, and both are missing");
  if (!in_ && retry_errors_)
    throw UsageError("--retry-errors says something about --jsonl, which is missing");
  if (!in_) return;
  if (!out_) throw UsageError("--jsonl needs --out FILE for its answers");
  if (prompt.text || prompt.file || !prompt.ids.empty())
    throw UsageError("--jsonl and a prompt exclude each other");
  std::error_code ignored;
  if (std::filesystem::equivalent(*in_, *out_, ignored))
    throw UsageError("--jsonl and --out are the same file");
  lines_ = read_file(*in_);
  answers_.emplace(*out_);
}

int BatchFlags::run(OpenModel& model, const BatchDefaults& defaults, int chunk) {
  const Interrupt interrupt;
  ProgressBar bar("answers", "lines");
  BatchOptions options;
  options.defaults = defaults;
  options.width = width_.value_or(8);
  options.chunk = chunk;
  options.stop = interrupt.flag();
  options.progress = bar.updates();
  options.retry_errors = retry_errors_;
  const BatchResult result = run_batch(model, *in_, lines_, *answers_, options);
  bar.finish();
  answers_->tidy();
  const std::size_t done = result.before + result.answered;
  if (done < result.lines) {
    const std::string share = "interrupted; " + std::to_string(done) + " of " + std::to_string(result.lines) +
                              " lines are answered ";
    throw Interrupted(*out_ == "-" ? share + "on stdout; with --out FILE the same command goes on"
                                   : share + "in " + path_text(*out_) + "; " + same_command("go on with"));
  }
  const std::size_t errors = answers_->errors();
  if (errors > 0)
    std::cerr << errors << (errors == 1 ? " line" : " lines") << " could not be answered; the errors are in "
              << path_text(*out_) << ", and --retry-errors asks again\n";
  return errors > 0 ? 1 : 0;
}

}  // namespace kelvin
