#include "tools/lab/score/score_report.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <span>

#include "loaders/files/load_error.h"
#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/output/html_page.h"
#include "tools/output/page_text.h"
#include "tools/output/svg_plot.h"

namespace kelvin {
namespace {

using Votes = std::vector<Vote>;

Votes votes_of(const ScoreResult& result, std::size_t task, std::size_t chain) {
  Votes votes;
  for (std::size_t draw = 0; draw < result.draws; ++draw)
    votes.push_back(result.tasks[task].samples[chain * result.draws + draw].vote);
  return votes;
}

std::size_t count_right(const Votes& votes) {
  return static_cast<std::size_t>(
      std::count_if(votes.begin(), votes.end(), [](const Vote& vote) { return vote.right; }));
}

double share_right(const Votes& votes) {
  return static_cast<double>(count_right(votes)) / static_cast<double>(votes.size());
}

std::vector<std::string> clusters_of(const ScoreResult& result) {
  std::vector<std::string> clusters;
  for (const ScoredTask& task : result.tasks) clusters.push_back(task.cluster);
  return clusters;
}

ChainScore score_of(const ScoreResult& result, std::size_t chain) {
  const std::vector<std::string> clusters = clusters_of(result);
  std::vector<Votes> votes;
  for (std::size_t task = 0; task < result.tasks.size(); ++task)
    votes.push_back(votes_of(result, task, chain));
  ChainScore score;
  score.chain = result.chains[chain];
  const auto add = [&](const std::string& name, const std::function<double(const Votes&)>& value) {
    std::vector<double> values;
    for (const Votes& of_task : votes) values.push_back(value(of_task));
    score.measures.push_back({name, clustered_mean(values, clusters)});
  };
  const std::size_t n = result.draws;
  const std::string at_n = "@" + std::to_string(n);
  add("accuracy", share_right);
  if (n > 1) {
    std::set<std::size_t> counts = {n};
    for (std::size_t k = 1; k < n; k *= 2) counts.insert(k);
    for (const std::size_t k : counts)
      add("pass@" + std::to_string(k), [&](const Votes& of) { return pass_at_k(n, count_right(of), k); });
    add("majority" + at_n, [](const Votes& of) { return majority(of); });
    add("best_logprob" + at_n,
        [](const Votes& of) { return best_of(of, &Vote::log_probability) ? 1.0 : 0.0; });
    add("best_self_certainty" + at_n,
        [](const Votes& of) { return best_of(of, &Vote::self_certainty) ? 1.0 : 0.0; });
  }
  std::vector<double> differences;
  for (std::size_t task = 0; task < result.tasks.size(); ++task) {
    differences.push_back(share_right(votes[task]) - share_right(votes_of(result, task, 0)));
    for (std::size_t draw = 0; draw < n; ++draw) {
      const ScoreSample& sample = result.tasks[task].samples[chain * n + draw];
      score.tokens += static_cast<double>(sample.ids.size());
      score.timed_out += sample.timed_out ? 1 : 0;
    }
  }
  score.tokens /= static_cast<double>(result.tasks.size() * n);
  score.difference = clustered_mean(differences, clusters);
  return score;
}

std::string percent(const ClusteredMean& estimate) {
  if (std::isnan(estimate.error)) return formatted("%.1f %%", 100 * estimate.mean);
  return formatted("%.1f +- %.1f %%", 100 * estimate.mean, 100 * estimate.error);
}

std::string counts_of(const ScoreResult& result) {
  const std::vector<std::string> clusters = clusters_of(result);
  const std::size_t count = std::set<std::string>(clusters.begin(), clusters.end()).size();
  std::string text = std::to_string(result.tasks.size()) + (result.tasks.size() == 1 ? " task" : " tasks");
  if (count != result.tasks.size()) text += " in " + std::to_string(count) + " clusters";
  return text + ", " + std::to_string(result.draws) + (result.draws == 1 ? " answer" : " answers") +
         " to each by each chain";
}

// With a line for each chain, and the names of columns before them.
std::vector<std::vector<std::string>> rows_of(const ScoreResult& result) {
  std::vector<std::vector<std::string>> rows;
  const std::vector<ChainScore> scores = scores_of(result);
  for (const ChainScore& score : scores) {
    if (rows.empty()) {
      std::vector<std::string>& head = rows.emplace_back(std::vector<std::string>{"chain"});
      for (const Measure& measure : score.measures) head.push_back(measure.name);
      if (scores.size() > 1) head.push_back("to the first");
      head.push_back("tokens");
    }
    std::vector<std::string>& row = rows.emplace_back(std::vector<std::string>{printable(score.chain, 60)});
    for (const Measure& measure : score.measures) row.push_back(percent(measure.estimate));
    if (scores.size() > 1) row.push_back(&score == &scores[0] ? "-" : percent(score.difference));
    row.push_back(formatted("%.1f", score.tokens));
  }
  return rows;
}

void write_samples(JsonWriter& json, const ScoreResult& result, std::size_t task, std::size_t chain) {
  const std::span<const ScoreSample> samples =
      std::span(result.tasks[task].samples).subspan(chain * result.draws, result.draws);
  const auto list = [&](const char* name, const auto& value) {
    json.key(name).begin_array();
    for (const ScoreSample& sample : samples) json.value(value(sample));
    json.end_array();
  };
  list("ids", [](const ScoreSample& s) { return s.ids; });
  list("texts", [](const ScoreSample& s) { return s.text; });
  list("stops", [](const ScoreSample& s) { return s.ending; });
  list("right", [](const ScoreSample& s) { return s.vote.right; });
  list("answers", [](const ScoreSample& s) { return s.vote.answer; });
  list("logprobs", [](const ScoreSample& s) { return s.vote.log_probability; });
  list("self_certainties", [](const ScoreSample& s) { return s.vote.self_certainty; });
}

}  // namespace

std::vector<ChainScore> scores_of(const ScoreResult& result) {
  std::vector<ChainScore> scores;
  for (std::size_t chain = 0; chain < result.chains.size(); ++chain) {
    scores.push_back(score_of(result, chain));
    scores.back().unpaired_error =
        std::hypot(scores[0].measures[0].estimate.error, scores.back().measures[0].estimate.error);
  }
  return scores;
}

std::string score_table(const ScoreResult& result) {
  const auto rows = rows_of(result);
  std::string out;
  // Measures are many and chains few: a column for each chain.
  for (std::size_t field = 0; field < rows[0].size(); ++field) {
    for (std::size_t row = 0; row < rows.size(); ++row) {
      std::size_t width = 0;
      for (const std::string& cell : rows[row]) width = std::max(width, cell.size());
      const std::string& cell = rows[row][field];
      const std::string blanks(width - cell.size(), ' ');
      out += row == 0 ? cell + blanks : "  " + blanks + cell;
    }
    out += "\n";
  }
  std::size_t timed_out = 0;
  for (const ChainScore& score : scores_of(result)) timed_out += score.timed_out;
  if (timed_out > 0)
    out += std::to_string(timed_out) + " answers count as wrong because their judge ran out of time\n";
  return out + counts_of(result) + "; sha256 of all outputs " + hash_of(result) + "\n";
}

std::string score_json(const ScoreResult& result) {
  std::string out;
  for (std::size_t chain = 0; chain < result.chains.size(); ++chain)
    for (std::size_t task = 0; task < result.tasks.size(); ++task) {
      JsonWriter json;
      json.begin_object().member("chain", result.chains[chain]).member("task", result.tasks[task].id);
      json.member("cluster", result.tasks[task].cluster).member("seed", result.tasks[task].seed);
      write_samples(json, result, task, chain);
      out += json.end_object().text() + "\n";
    }
  for (const ChainScore& score : scores_of(result)) {
    JsonWriter json;
    json.begin_object().member("chain", score.chain);
    for (const Measure& measure : score.measures)
      json.member(measure.name, measure.estimate.mean)
          .member(measure.name + "_se", unless_nan(measure.estimate.error));
    json.member("difference", score.difference.mean)
        .member("difference_se", unless_nan(score.difference.error));
    json.member("unpaired_se", unless_nan(score.unpaired_error)).member("tokens", score.tokens);
    json.member("timed_out", score.timed_out);
    out += json.end_object().text() + "\n";
  }
  JsonWriter json;
  json.begin_object().member("tasks", result.tasks.size()).member("draws", result.draws);
  json.member("sha256", hash_of(result)).end_object();
  return out + json.text() + "\n";
}

Plot score_plot(const ScoreResult& result) {
  Plot plot{"the share of right answers", {"chain"}, {"accuracy", false, 0.0, 1.0}};
  plot.x.name_of = [](double) { return std::string(); };
  PlotSeries mean{"mean"}, low{"one standard error", {}, PlotSeries::Style::dashed};
  PlotSeries high{"", {}, PlotSeries::Style::dashed};
  low.like = high.like = 0;
  for (const ChainScore& score : scores_of(result)) {
    const double x = static_cast<double>(mean.points.size());
    const ClusteredMean& accuracy = score.measures[0].estimate;
    plot.x.ticks.emplace_back(x, printable(score.chain, 14));
    mean.points.emplace_back(x, accuracy.mean);
    mean.names.push_back(printable(score.chain) + ": " + percent(accuracy));
    low.points.emplace_back(x, accuracy.mean - accuracy.error);
    high.points.emplace_back(x, accuracy.mean + accuracy.error);
  }
  plot.series = {mean, low, high};
  return plot;
}

std::string score_html(const ScoreResult& result, const Provenance& provenance) {
  auto rows = rows_of(result);
  for (auto& row : rows)
    for (std::string& cell : row) cell = with_signs(cell);
  const std::vector<std::string> header = rows[0];
  rows.erase(rows.begin());
  std::vector<std::vector<std::string>> tasks;
  std::vector<std::string> names = {"task"};
  for (const std::string& chain : result.chains) names.push_back(printable(chain, 60));
  for (std::size_t task = 0; task < result.tasks.size(); ++task) {
    std::vector<std::string>& row =
        tasks.emplace_back(std::vector<std::string>{printable(result.tasks[task].id)});
    for (std::size_t chain = 0; chain < result.chains.size(); ++chain)
      row.push_back(number_cell(share_right(votes_of(result, task, chain)), "%.3g"));
  }
  const std::string body = "<p>" + counts_of(result) +
                           ". All chains see the same noise. Errors are standard errors, clustered by task; "
                           "the difference to the first "
                           "chain is taken task by task. SHA-256 of all outputs: <code>" +
                           hash_of(result) + "</code></p>\n" + html_plots({score_plot(result)}) +
                           html_table(header, rows) + "<h2>Tasks: the share of right answers</h2>\n" +
                           html_table(names, tasks);
  return html_of({"Score", body, "", "", provenance_html(provenance)});
}

}  // namespace kelvin
