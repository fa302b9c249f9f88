#include "tools/lab/glitch/glitch_page.h"

#include <algorithm>
#include <cmath>

#include "tokenizer/base/formatted.h"
#include "tools/output/html_page.h"
#include "tools/output/page_text.h"
#include "tools/output/piece_view.h"

namespace kelvin {
namespace {

constexpr std::size_t max_points = 6000;  // of the map, so that a page stays small
constexpr std::size_t max_suspects = 3000, max_last = 100;

using Rows = std::vector<std::vector<std::string>>;

// Of the tokens that are not suspicious one in so many is on the map.
std::size_t map_stride(const GlitchReport& report) { return 1 + report.scan.tokens.size() / max_points; }

std::string section(const std::string& title, const std::string& words, const std::string& markup) {
  return "<h2>" + title + "</h2>\n<p class=\"soft\">" + escape_markup(words) + "</p>\n" + markup;
}

std::string end_of_distributions(const GlitchReport& report, const Tokenizer& tokenizer) {
  const std::vector<LastToken> last = last_tokens(report);
  Rows rows;
  for (const LastToken& found : last) {
    if (rows.size() == max_last) break;
    const TokenIndicators& token = *found.token;
    rows.push_back({std::to_string(token.id), shown_token(tokenizer, token.id),
                    formatted("%.4f", found.last_share), formatted("%.4f", token.near_centroid),
                    number_cell(token.near_reference, "%.4f"), formatted("%.4f", token.embedding.norm),
                    report.is_special(token.id) ? "special"
                    : found.untrained           ? "untrained"
                                                : "a piece, or rare"});
  }
  return section(
      "What T -> -0 draws",
      "Tokens that stood at the very end of a distribution. A row like the reference was not trained; "
      "another one was, and "
      "stands here because it follows few contexts, as a piece of a word does that never stands alone. near: "
      "the share of "
      "tokens that are farther from the centroid of the embeddings, and from the reference.",
      html_table({"id", "token", "at the end", "near centroid", "near reference", "norm", "kind"}, rows));
}

std::string copies(const GlitchReport& report, const Tokenizer& tokenizer) {
  Rows rows;
  for (const auto& [id, copy] : report.evidence.copies)
    rows.push_back({std::to_string(id), shown_token(tokenizer, id), copy.control ? "control" : "suspect",
                    formatted("%.3g", copy.probability), std::to_string(copy.rank),
                    copy.copied() ? "copied" : shown_token(tokenizer, copy.said)});
  return section("Can it be copied?",
                 "Six lines show a word twice, the last one shows the token once: the probability that it "
                 "comes again, the largest of "
                 "three prompts. Below 0.001 magikarp calls a token untrained, below 0.1 perhaps so.",
                 html_table({"id", "token", "", "p", "rank", "said"}, rows));
}

std::string suspects(const GlitchReport& report, const Tokenizer& tokenizer) {
  std::vector<std::string> header = {"rank",         "id",      "token", "score",     "near centroid",
                                     "to reference", "aligned", "norm",  "head norm", "reach"};
  if (!report.contexts.empty()) header.insert(header.end(), {"mean ln p", "tail", "last"});
  if (!report.magikarp.empty())
    header.insert(header.end(), {"magikarp: cosine", "without first component", "l2"});
  Rows rows;
  for (const TokenIndicators* token : shown_tokens(report)) {
    if (rows.size() == max_suspects) break;
    const TokenIndicators& t = *token;
    rows.push_back({std::to_string(rows.size() + 1), std::to_string(t.id), shown_token(tokenizer, t.id),
                    formatted("%.4f", t.score), formatted("%.4f", t.near_centroid),
                    number_cell(t.reference_distance, "%.4f"), formatted("%.4f", t.head.alignment),
                    formatted("%.4f", t.embedding.norm), formatted("%.4f", t.head.norm), name_of(t.reach)});
    if (!report.contexts.empty()) {
      const TailFacts& facts = report.contexts[static_cast<std::size_t>(t.id)];
      for (const double value : {facts.mean_log_probability, facts.tail_share, facts.last_share})
        rows.back().push_back(formatted("%.4f", value));
    }
    if (report.magikarp.empty()) continue;
    const MagikarpIndicators& theirs = report.magikarp[static_cast<std::size_t>(t.id)];
    for (const float value : {theirs.cosine, theirs.cosine_without_first_pc, theirs.l2})
      rows.back().push_back(formatted("%.4g", value));
  }
  std::string words = "The score is the mean of the shares of tokens that are less suspicious by";
  for (const std::string& name : report.scan.counted)
    words += (name == report.scan.counted.front() ? " " : ", ") + name;
  words += ".";
  if (!report.magikarp.empty()) {
    const MagikarpAgreement agreement = magikarp_agreement(report);
    words += formatted(
        " It ranks like magikarp's cosine without the first component with Spearman's rho %.4f; of the first "
        "%zu tokens (2 %%), which magikarp goes on to verify, %.1f %% are the same.",
        agreement.correlation, agreement.candidates, 100 * agreement.same_candidates);
  }
  return section("The most suspicious tokens", words, html_table(header, rows));
}

}  // namespace

Plot glitch_map(const GlitchReport& report, const Tokenizer& tokenizer, const Projection& projection) {
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
  const auto add = [&](PlotSeries& series, const TokenIndicators& t) {
    const auto& at = projection.at[static_cast<std::size_t>(t.id)];
    series.points.emplace_back(at[0], at[1]);
    series.names.push_back(shown_token(tokenizer, t.id));
  };
  const auto shown = shown_tokens(report);
  const std::size_t stride = map_stride(report);
  for (std::size_t i = std::min(shown.size(), report.scan.tokens.size()); i < report.scan.tokens.size();
       i += stride)
    add(others, report.scan.tokens[i]);
  for (std::size_t i = 0; i < std::min(shown.size(), max_points); ++i) add(found, *shown[i]);
  found.written = 12;
  map.series = {others, found, {"centroid", {{0.0, 0.0}}, PlotSeries::Style::points}};
  return map;
}

std::string glitch_html(const GlitchReport& report, const Tokenizer& tokenizer, const Plot& map,
                        const Provenance& provenance) {
  std::string body = "<p>" + escape_markup(glitch_summary(report, tokenizer)) + "</p>\n" + svg_of(map);
  if (const std::size_t stride = map_stride(report); stride > 1)
    body += "<p class=\"soft\">Of the other tokens one in " + std::to_string(stride) + " is drawn.</p>\n";
  if (!report.contexts.empty()) body += end_of_distributions(report, tokenizer);
  if (!report.evidence.copies.empty()) body += copies(report, tokenizer);
  if (!report.scan.counted.empty()) body += suspects(report, tokenizer);
  return html_of({"Tokens the model was never taught", body, "", "", provenance_html(provenance)});
}

}  // namespace kelvin
