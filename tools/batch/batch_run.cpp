#include "tools/batch/batch_run.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <set>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "tokenizer/base/user_error.h"
#include "tools/batch/batch_answer.h"
#include "tools/generation/generation_loop.h"
#include "tools/options/model_origin.h"

namespace kelvin {
namespace {

// One line being answered; its draws run on their own.
struct Job {
  BatchLine line;
  BatchRequest request;
  std::vector<PromptAnswers> answers;  // (request.prompts,)
  std::size_t open;                    // draws that are not done
  std::string error;
};

// One draw of a job with its place in the model.
struct Slot {
  // index: of all draws of the job, those of a prompt side by side
  Slot(OpenModel& model, std::shared_ptr<Job> of, std::size_t index)
      : job(std::move(of)),
        prompt(index / static_cast<std::size_t>(job->request.draws)),
        draw(index % static_cast<std::size_t>(job->request.draws)),
        request(request_of(*job, prompt, draw)),
        sequence(*model.model, model.context),
        writer(sequence, model.tokenizer(), request) {}

  // The writer refers to its neighbours.
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  static ContinuationRequest request_of(const Job& job, std::size_t prompt, std::size_t draw) {
    ContinuationRequest request;
    request.prompt = job.request.prompts[prompt].ids;
    request.chain = &job.request.chain;
    request.seed = job.request.seed;
    request.stream = draw;
    request.max_tokens = job.request.prompts[prompt].max_tokens;
    request.stops = job.request.stops;
    request.stop_texts = job.request.stop_texts;
    request.text_continues = !job.request.is_chat;
    // Of more draws than are told, the likeliest are.
    request.log_probabilities = job.request.log_probabilities || job.request.draws > job.request.choices;
    request.alternatives = job.request.alternatives;
    return request;
  }

  std::shared_ptr<Job> job;
  std::size_t prompt, draw;
  ContinuationRequest request;
  Sequence sequence;
  ContinuationWriter writer;
};

class Batch {
 public:
  Batch(OpenModel& model, const std::string& name, const std::string& text, AnswerFile& file,
        const BatchOptions& options)
      : model_(model),
        made_by_(fingerprint(origin_of(model))),
        name_(name),
        file_(file),
        options_(options),
        loop_(*model.model, {.chunk = options.chunk, .stop = options.stop}) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string_view line = std::string_view(text).substr(begin, end - begin);
      lines_.push_back(line);
      result_.lines += line.find_first_not_of(" \t\r") != std::string_view::npos;
      begin = end + 1;
    }
    for (const auto& [number, answer] : file.answered()) {
      check_answered(number, answer.custom_id);
      if (!options.retry_errors || !answer.is_error) done_.insert(number);
    }
    result_.before = done_.size();
  }

  BatchResult run() {
    report();
    while (true) {
      fill();
      if (!loop_.step()) return result_;
      for (auto& slot : slots_) note_error(*slot);
      for (auto& slot : slots_)
        if (slot->writer.done() || !slot->job->error.empty()) close(*slot);
      std::erase_if(slots_, [](const auto& slot) { return !slot->job; });
    }
  }

 private:
  bool is_empty(std::size_t number) const {
    return lines_[number - 1].find_first_not_of(" \t\r") == std::string_view::npos;
  }
  std::string name_of_line(std::size_t number) const {
    return path_text(name_) + ", line " + std::to_string(number);
  }

  void check_answered(std::size_t number, const std::optional<std::string>& custom_id) const {
    std::optional<std::string> asked;
    const bool exists = number >= 1 && number <= lines_.size() && !is_empty(number);
    if (exists) try {
        asked = custom_id_of(parse_json(std::string(lines_[number - 1]), name_).root());
      } catch (const LoadError&) {
        // Answered by an error, which has no custom_id either.
      }
    if (!exists || asked != custom_id)
      throw UsageError("--out answers another batch: " + name_of_line(number) +
                       (exists ? " has another custom_id" : " does not exist"));
  }

  void fill() {
    while (static_cast<int>(slots_.size()) < options_.width) {
      if (waiting_.empty() && !take_line()) return;
      if (waiting_.empty()) continue;
      auto [job, index] = std::move(waiting_.front());
      waiting_.pop_front();
      slots_.push_back(std::make_unique<Slot>(model_, std::move(job), index));
      loop_.add(slots_.back()->writer);
    }
  }

  // Reads the next line that has no answer; false at the end.
  bool take_line() {
    while (next_ < lines_.size() && (is_empty(next_ + 1) || done_.contains(next_ + 1))) ++next_;
    if (next_ == lines_.size() || (options_.stop && options_.stop->load())) return false;
    auto job = std::make_shared<Job>();
    job->line.number = ++next_;
    try {
      const JsonDocument document = parse_json(std::string(lines_[next_ - 1]), name_of_line(next_));
      job->line.custom_id = custom_id_of(document.root());
      job->request = batch_request(model_, document.root(), options_.defaults);
    } catch (const LoadError& error) {
      refuse(job->line, error.what(), true);
      return true;
    } catch (const UserError& error) {
      refuse(job->line, error.what(), false);
      return true;
    }
    begin(job);
    return true;
  }

  void begin(const std::shared_ptr<Job>& job) {
    const BatchRequest& request = job->request;
    const auto draws = static_cast<std::size_t>(request.draws);
    for (const BatchPrompt& prompt : request.prompts) {
      PromptAnswers& answers = job->answers.emplace_back();
      answers.draws.resize(draws);
      if (request.echo && request.log_probabilities)
        answers.echo = judge_prompt(model_, prompt.ids, request.alternatives);
    }
    job->open = request.draws_none ? 0 : draws * job->answers.size();
    for (std::size_t i = 0; i < job->open; ++i) waiting_.emplace_back(job, i);
    if (job->open > 0) return;
    for (PromptAnswers& answers : job->answers)
      for (Continuation& none : answers.draws) none.ending = Ending::max_tokens;
    finish(*job);
  }

  void refuse(const BatchLine& line, const std::string& message, bool has_name) {
    answer(line, true,
           batch_error(line, "invalid_request",
                       has_name ? message : name_of_line(line.number) + ": " + message));
  }

  // An error in one choice ends all of its job.
  static void note_error(const Slot& slot) {
    if (slot.writer.error()) try {
        std::rethrow_exception(slot.writer.error());
      } catch (const std::exception& error) {
        slot.job->error = error.what();
      }
  }

  void close(Slot& slot) {
    const std::shared_ptr<Job> job = std::move(slot.job);
    slot.job = nullptr;
    loop_.remove(slot.writer);
    if (job->error.empty()) job->answers[slot.prompt].draws[slot.draw] = slot.writer.finish();
    --job->open;
    if (!job->error.empty() && job->open > 0)
      job->open -= std::erase_if(waiting_, [&](const auto& other) { return other.first == job; });
    if (job->open == 0) finish(*job);
  }

  void finish(const Job& job) {
    if (job.error.empty())
      return answer(job.line, false, batch_answer(model_, made_by_, job.line, job.request, job.answers));
    answer(job.line, true, batch_error(job.line, "failed", name_of_line(job.line.number) + ": " + job.error));
  }

  void answer(const BatchLine& asked, bool is_error, const std::string& line) {
    file_.add(asked.number, {asked.custom_id, is_error}, line);
    ++result_.answered;
    report();
  }
  void report() const {
    if (options_.progress) options_.progress(result_.before + result_.answered, result_.lines);
  }

  OpenModel& model_;
  std::string made_by_;
  std::string name_;
  AnswerFile& file_;
  const BatchOptions& options_;
  std::vector<std::string_view> lines_;
  std::set<std::size_t> done_;                                        // numbers of lines answered before
  std::size_t next_ = 0;                                              // lines read
  std::deque<std::pair<std::shared_ptr<Job>, std::size_t>> waiting_;  // draws
  std::vector<std::unique_ptr<Slot>> slots_;
  GenerationLoop loop_;
  BatchResult result_;
};

}  // namespace

BatchResult run_batch(OpenModel& model, const std::string& name, const std::string& text, AnswerFile& file,
                      const BatchOptions& options) {
  return Batch(model, name, text, file, options).run();
}

}  // namespace kelvin
