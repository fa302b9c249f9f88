#include "tools/lab/glitch/glitch_report.h"

#include <algorithm>
#include <cmath>

#include "loaders/files/load_error.h"
#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/output/html_page.h"
#include "tools/output/piece_view.h"
#include "tools/output/svg_plot.h"

namespace kelvin {
namespace {

constexpr std::size_t max_points = 6000;  // of the map, so that a page stays small

std::span<const TokenIndicators> shown(const GlitchReport& report) {
  return std::span(report.scan.tokens).first(std::min(report.top, report.scan.tokens.size()));
}

const TailFacts* facts_of(const GlitchReport& report, int id) {
  return report.contexts.empty() ? nullptr : &report.contexts[static_cast<std::size_t>(id)];
}

const RepeatAnswer* repeat_of(const GlitchReport& report, int id) {
  const auto found = report.evidence.repeats.find(id);
  return found == report.evidence.repeats.end() ? nullptr : &found->second;
}

std::string summary(const GlitchReport& report) {
  const auto count = [&](Reach reach) {
    return std::count_if(report.scan.tokens.begin(), report.scan.tokens.end(),
                         [&](const auto& t) { return t.reach == reach; });
  };
  const GlitchScan& scan = report.scan;
  std::string text = formatted(
      "%zu tokens, %td that no text becomes, %td only within longer text, %td fragments of characters, %td "
      "special; %d rows of padding. Centroid of the embeddings at %.4g from the origin; the output rows of "
      "%zu "
      "tokens %s share %.4f of their direction%s.",
      scan.tokens.size(), count(Reach::unreachable), count(Reach::within), count(Reach::fragment),
      count(Reach::special), scan.padding, scan.centroid_norm, scan.reference,
      scan.never_in_text ? "that no text contains" : "nearest to it", scan.common_length,
      scan.tied ? " (tied to the embedding)" : "");
  if (const TailSums& sums = report.evidence.contexts; sums.contexts > 0)
    text += formatted(" Over %zu contexts %zu different tokens stood at the very end, where T -> -0 draws.",
                      sums.contexts, sums.different_last());
  return text;
}

// Of the tokens that are not suspicious one in so many is on the map.
std::size_t map_stride(const GlitchReport& report) {
  return 1 + (report.scan.tokens.size() - shown(report).size()) / max_points;
}

}  // namespace

std::string glitch_table(const GlitchReport& report, const Tokenizer& tokenizer) {
  std::string out = summary(report) + "\n\n       id   score  distance  near  head align     norm  head norm";
  if (!report.contexts.empty()) out += "   mean ln p   tail   last";
  out += "  token\n";
  for (const TokenIndicators& t : shown(report)) {
    out += formatted("  %7d  %.4f  %8.4f  %.3f   %9.4f %8.4f   %8.4f", t.id, t.score, t.embedding.distance,
                     t.near_centroid, t.head.alignment, t.embedding.norm, t.head.norm);
    if (const TailFacts* facts = facts_of(report, t.id))
      out += formatted("  %10.3f  %.3f  %.3f", facts->mean_log_probability, facts->tail_share,
                       facts->last_share);
    out += "  " + shown_token(tokenizer, t.id);
    if (t.reach != Reach::reached) out += "  (" + name_of(t.reach) + ")";
    if (const RepeatAnswer* repeat = repeat_of(report, t.id))
      out += (repeat->passed ? "  repeated: " : "  NOT repeated: ") + in_quotes(repeat->answer, 60);
    out += "\n";
  }
  return out;
}

std::string glitch_json(const GlitchReport& report, const Tokenizer& tokenizer) {
  std::string out;
  std::size_t rank = 0;
  for (const TokenIndicators& t : shown(report)) {
    JsonWriter json;
    json.begin_object().member("rank", ++rank).member("id", t.id).member("piece", tokenizer.piece(t.id));
    json.member("score", t.score).member("near_centroid", t.near_centroid);
    json.member("head_alignment_share", t.head_alignment).member("distance", t.embedding.distance);
    json.member("cosine", t.embedding.cosine).member("norm", t.embedding.norm);
    json.member("head_distance", t.head.distance).member("head_cosine", t.head.cosine);
    json.member("head_norm", t.head.norm)
        .member("head_alignment", t.head.alignment)
        .member("reach", name_of(t.reach));
    json.member("reachable", t.reach == Reach::reached || t.reach == Reach::special);
    if (const TailFacts* facts = facts_of(report, t.id)) {
      json.member("tail", t.tail).member("mean_logprob", facts->mean_log_probability);
      json.member("tail_share", facts->tail_share).member("last_share", facts->last_share);
    }
    if (const RepeatAnswer* repeat = repeat_of(report, t.id))
      json.member("repeated", repeat->passed).member("answer", repeat->answer);
    out += json.end_object().text() + "\n";
  }
  return out;
}

Plot glitch_map(const GlitchReport& report, const Tokenizer& tokenizer, const Projection& projection) {
  const std::span<const TokenIndicators> suspects = shown(report);
  Plot map{"the embedding on its first two principal components (" +
               formatted("%.1f", 100 * projection.share[0]) + " % and " +
               formatted("%.1f", 100 * projection.share[1]) + " % of the variance)",
           {"first component"},
           {"second component"},
           {},
           480,
           420};
  PlotSeries others{"tokens", {}, PlotSeries::Style::points},
      found{"the most suspicious", {}, PlotSeries::Style::points};
  const auto place = [&](const TokenIndicators& t) {
    const auto& at = projection.at[static_cast<std::size_t>(t.id)];
    return std::pair<double, double>(at[0], at[1]);
  };
  const auto add = [&](PlotSeries& series, const TokenIndicators& t) {
    series.points.push_back(place(t));
    series.names.push_back(shown_token(tokenizer, t.id));
  };
  const std::size_t stride = map_stride(report);
  for (std::size_t i = suspects.size(); i < report.scan.tokens.size(); i += stride)
    add(others, report.scan.tokens[i]);
  for (std::size_t i = 0; i < std::min(suspects.size(), max_points); ++i) add(found, suspects[i]);
  found.written = 12;
  map.series = {others, found, {"centroid", {{0.0, 0.0}}, PlotSeries::Style::points}};
  return map;
}

std::string glitch_html(const GlitchReport& report, const Tokenizer& tokenizer, const Plot& map,
                        const Provenance& provenance) {
  const std::span<const TokenIndicators> suspects = shown(report);
  std::vector<std::string> header = {"rank",           "id",   "token",     "score", "distance", "near",
                                     "head alignment", "norm", "head norm", "reach"};
  if (!report.contexts.empty()) header.insert(header.end(), {"mean ln p", "tail", "last"});
  if (!report.evidence.repeats.empty()) header.insert(header.end(), {"repeated", "answer"});
  std::vector<std::vector<std::string>> rows;
  for (const TokenIndicators& t : suspects.first(std::min<std::size_t>(suspects.size(), 3000))) {
    rows.push_back({std::to_string(rows.size() + 1), std::to_string(t.id), shown_token(tokenizer, t.id),
                    formatted("%.4f", t.score), formatted("%.4f", t.embedding.distance),
                    formatted("%.4f", t.near_centroid), formatted("%.4f", t.head.alignment),
                    formatted("%.4f", t.embedding.norm), formatted("%.4f", t.head.norm), name_of(t.reach)});
    if (const TailFacts* facts = facts_of(report, t.id))
      for (const double value : {facts->mean_log_probability, facts->tail_share, facts->last_share})
        rows.back().push_back(formatted("%.4f", value));
    if (report.evidence.repeats.empty()) continue;
    const RepeatAnswer* repeat = repeat_of(report, t.id);
    rows.back().push_back(!repeat ? "" : repeat->passed ? "yes" : "no");
    rows.back().push_back(repeat ? repeat->answer : "");
  }
  std::string body = "<p>" + escape_markup(summary(report)) + "</p>\n" + svg_of(map);
  if (const std::size_t stride = map_stride(report); stride > 1)
    body += "<p class=\"soft\">Of the other tokens one in " + std::to_string(stride) + " is drawn.</p>\n";
  body +=
      "<h2>The most suspicious tokens</h2>\n<p class=\"soft\">The score is the mean of the shares of tokens "
      "that are less suspicious: "
      "by distance to the centroid of the embeddings, by the direction of the output row, and by mean "
      "log-probability where "
      "contexts were given.</p>\n" +
      html_table(header, rows);
  return html_of({"Tokens the model was never taught", body, "", "", provenance_html(provenance)});
}

}  // namespace kelvin
