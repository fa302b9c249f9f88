#include "tools/lab/glitch/glitch_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "tokenizer/base/formatted.h"
#include "tools/output/piece_view.h"

namespace kelvin {
namespace {

std::string first_words(const std::vector<int>& ids, const Tokenizer& tokenizer) {
  std::string text;
  std::size_t shown = 0;
  for (const int id : ids)
    if (tokenizer.is_known(id) && shown < 4) text += (shown++ == 0 ? "" : ", ") + shown_token(tokenizer, id);
  return text;
}

std::string reference_words(const GlitchScan& scan, const Tokenizer& tokenizer) {
  std::string text;
  if (scan.kind == Reference::none)
    return " No rows are known to be untrained: no token that text cannot contain, no eight near-twins. The "
           "indicators have no power here, and nothing is ranked by them.";
  if (scan.twins)
    text = formatted(
        " Reference: the tightest cluster of near-twins, %zu rows within %.2g of token %d, its seventh "
        "neighbour at %.2g, where rows lie %.3g from the centroid (%s, ...);",
        scan.reference.size(), scan.twins->largest, scan.twins->centre, scan.twins->seventh,
        scan.twins->typical, first_words(scan.reference, tokenizer).c_str());
  else
    text = formatted(" Reference: %zu rows of tokens that no text contains;", scan.reference.size());
  text += formatted(" their output rows share %.4f of their direction%s.", scan.common_length,
                    scan.tied ? " (tied to the embedding)" : "");
  if (!std::isnan(scan.reference_nearness))
    text += formatted(" They are nearer to the centroid of the embeddings than %.2f %% of all tokens%s.",
                      100 * scan.reference_nearness,
                      scan.tied ? ", which does not count where the head is tied" : "");
  return text;
}

double farthest_reference(const GlitchReport& report) {
  double farthest = 0;
  for (const TokenIndicators& token : report.scan.tokens)
    if (std::binary_search(report.scan.reference.begin(), report.scan.reference.end(), token.id))
      farthest = std::max<double>(farthest, token.reference_distance);
  return farthest;
}

// "<unused56>" and "<unused7>" have one.
std::string without_digits(const std::string& text) {
  std::string shape;
  for (const char c : text)
    if (c < '0' || c > '9') shape += c;
  return shape;
}

struct TableRow {
  const TokenIndicators* token;
  std::size_t alike = 0;
};

std::vector<TableRow> table_rows(const GlitchReport& report, const Tokenizer& tokenizer) {
  std::map<std::string, std::size_t> groups;
  std::vector<TableRow> rows;
  for (const TokenIndicators& token : report.scan.tokens) {
    const std::string text = tokenizer.bytes(token.id), shape = without_digits(text);
    const bool special = report.is_special(token.id);
    if (special && report.hide_special) continue;
    if (special && shape != text) {
      const auto [group, is_new] = groups.emplace(shape, rows.size());
      if (!is_new) {
        if (group->second < rows.size()) ++rows[group->second].alike;
        continue;
      }
    }
    if (rows.size() == report.top) break;
    rows.push_back({&token});
  }
  return rows;
}

}  // namespace

std::vector<const TokenIndicators*> shown_tokens(const GlitchReport& report) {
  std::vector<const TokenIndicators*> shown;
  if (report.scan.counted.empty()) return shown;
  for (const TokenIndicators& token : report.scan.tokens) {
    if (shown.size() == report.top) break;
    if (!report.hide_special || !report.is_special(token.id)) shown.push_back(&token);
  }
  return shown;
}

std::string glitch_summary(const GlitchReport& report, const Tokenizer& tokenizer) {
  const GlitchScan& scan = report.scan;
  const auto count = [&](Reach reach) {
    return std::count_if(scan.tokens.begin(), scan.tokens.end(),
                         [&](const auto& t) { return t.reach == reach; });
  };
  std::string text = formatted(
      "%zu tokens, %td that no text becomes, %td only within longer text, %td fragments of characters, %td "
      "special; %d rows of padding. Centroid of the embeddings at %.4g from the origin.",
      scan.tokens.size(), count(Reach::unreachable), count(Reach::within), count(Reach::fragment),
      count(Reach::special), scan.padding, scan.centroid_norm);
  text += reference_words(scan, tokenizer);
  if (report.hide_special) text += formatted(" %zu special tokens are hidden.", report.special.size());
  if (const TailSums& sums = report.evidence.contexts; sums.contexts > 0) {
    text += formatted(" Over %zu contexts %zu different tokens stood at the very end, where T -> -0 draws",
                      sums.contexts, sums.different_last());
    const double share = untrained_share_of_tail(report);
    text += std::isnan(share) ? "."
                              : formatted("; rows like the reference hold %.1f %% of the tail.", 100 * share);
  }
  if (const CopyCounts copies = copy_counts(report); copies.suspects > 0)
    text +=
        formatted(" Copied when shown: %zu of %zu suspects, %zu of %zu random controls (Fisher's p = %.2g).",
                  copies.copied, copies.suspects, copies.controls_copied, copies.controls, copies.p);
  if (const CopyCounts copies = copy_counts(report);
      copies.suspects > 0 && 2 * copies.controls_copied < copies.controls)
    text += " This model hardly copies any token so: the test has no power here.";
  return text;
}

CopyCounts copy_counts(const GlitchReport& report) {
  CopyCounts counts;
  for (const auto& [id, copy] : report.evidence.copies) {
    ++(copy.control ? counts.controls : counts.suspects);
    if (copy.copied()) ++(copy.control ? counts.controls_copied : counts.copied);
  }
  counts.p = copied_less_p(counts.suspects, counts.copied, counts.controls, counts.controls_copied);
  return counts;
}

std::vector<LastToken> last_tokens(const GlitchReport& report) {
  std::vector<LastToken> found;
  const double like_reference = farthest_reference(report);
  for (const TokenIndicators& token : report.scan.tokens)
    if (const TailFacts* facts = report.facts(token.id); facts && facts->last_share > 0)
      found.push_back({&token, facts->last_share, token.reference_distance <= like_reference});
  std::stable_sort(found.begin(), found.end(),
                   [](const LastToken& a, const LastToken& b) { return a.last_share > b.last_share; });
  return found;
}

double untrained_share_of_tail(const GlitchReport& report) {
  const double like_reference = farthest_reference(report);
  double all = 0, untrained = 0;
  for (const TokenIndicators& token : report.scan.tokens)
    if (const TailFacts* facts = report.facts(token.id)) {
      all += facts->tail_share;
      if (token.reference_distance <= like_reference) untrained += facts->tail_share;
    }
  if (report.scan.kind == Reference::none || all == 0) return std::numeric_limits<double>::quiet_NaN();
  return untrained / all;
}

MagikarpAgreement magikarp_agreement(const GlitchReport& report) {
  const std::vector<TokenIndicators>& tokens = report.scan.tokens;
  std::vector<double> ours, theirs;
  for (const TokenIndicators& token : tokens) {
    ours.push_back(token.score);
    theirs.push_back(-report.magikarp[static_cast<std::size_t>(token.id)].cosine_without_first_pc);
  }
  const std::size_t candidates = std::max<std::size_t>(1, tokens.size() / 50);
  std::vector<std::size_t> order(tokens.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return theirs[a] > theirs[b]; });
  const auto same = std::count_if(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(candidates),
                                  [&](std::size_t i) { return i < candidates; });
  return {rank_correlation(ours, theirs), static_cast<double>(same) / static_cast<double>(candidates),
          candidates};
}

std::string glitch_table(const GlitchReport& report, const Tokenizer& tokenizer) {
  std::string out = glitch_summary(report, tokenizer) + "\n";
  if (report.scan.counted.empty()) return out;
  out += "\n       id   score  distance  near    to ref  head align     norm  head norm";
  if (!report.contexts.empty()) out += "   mean ln p   tail   last";
  out += "  token\n";
  for (const auto& [token, alike] : table_rows(report, tokenizer)) {
    const TokenIndicators& t = *token;
    out += formatted("  %7d  %.4f  %8.4f  %.3f  %8.4f   %9.4f %8.4f   %8.4f", t.id, t.score,
                     t.embedding.distance, t.near_centroid, t.reference_distance, t.head.alignment,
                     t.embedding.norm, t.head.norm);
    if (const TailFacts* facts = report.facts(t.id))
      out += formatted("  %10.3f  %.3f  %.3f", facts->mean_log_probability, facts->tail_share,
                       facts->last_share);
    out += "  " + shown_token(tokenizer, t.id);
    if (t.reach != Reach::reached) out += "  (" + name_of(t.reach) + ")";
    if (alike > 0) out += formatted("  and %zu with another number", alike);
    if (const CopyAnswer* copy = report.copy(t.id))
      out +=
          formatted(copy->copied() ? "  copied, p = %.2g" : "  NOT copied, p = %.2g: ", copy->probability) +
          (copy->copied() ? "" : shown_token(tokenizer, copy->said));
    out += "\n";
  }
  return out;
}

}  // namespace kelvin
