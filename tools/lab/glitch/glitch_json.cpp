#include <span>

#include "loaders/json/json_writer.h"
#include "tools/lab/glitch/glitch_report.h"

namespace kelvin {

namespace {

void write_scan(JsonWriter& json, const GlitchReport& report, const Tokenizer& tokenizer) {
  const GlitchScan& scan = report.scan;
  json.begin_object().member("tokens", scan.tokens.size()).member("padding", scan.padding);
  json.member("tied", scan.tied).member("centroid_norm", scan.centroid_norm);
  json.member("reference", name_of(scan.kind)).key("reference_ids").begin_array();
  for (const int id : scan.reference) json.value(id);
  json.end_array().member("common_length", unless_nan(scan.common_length));
  json.member("reference_nearness", unless_nan(scan.reference_nearness));
  if (scan.twins) {
    json.key("twins").begin_object().member("centre", scan.twins->centre);
    json.member("seventh", scan.twins->seventh).member("largest", scan.twins->largest);
    json.member("reach", scan.twins->reach).member("typical", scan.twins->typical).end_object();
  }
  json.member("has_power", scan.kind != Reference::none).key("counted").begin_array();
  for (const std::string& name : scan.counted) json.value(name);
  json.end_array().member("hidden", report.hide_special ? report.special.size() : 0);
  if (!report.contexts.empty()) {
    json.member("contexts", report.evidence.contexts.contexts);
    json.member("untrained_share_of_tail", unless_nan(untrained_share_of_tail(report)));
    json.key("last").begin_array();
    for (const LastToken& last : last_tokens(report)) {
      json.begin_object().member("id", last.token->id).member("piece", tokenizer.piece(last.token->id));
      json.member("share", last.last_share).member("near_centroid", last.token->near_centroid);
      json.member("near_reference", unless_nan(last.token->near_reference));
      json.member("untrained", last.untrained).end_object();
    }
    json.end_array();
  }
  if (!report.evidence.copies.empty()) {
    const CopyCounts counts = copy_counts(report);
    json.key("copies").begin_object().member("suspects", counts.suspects).member("copied", counts.copied);
    json.member("controls", counts.controls).member("controls_copied", counts.controls_copied);
    json.member("p", counts.p).member("seed", report.seed).key("answers").begin_array();
    for (const auto& [id, copy] : report.evidence.copies) {
      json.begin_object().member("id", id).member("control", copy.control).member("p", copy.probability);
      json.member("rank", copy.rank).member("said", copy.said).end_object();
    }
    json.end_array().end_object();
  }
  if (!report.magikarp.empty()) {
    const MagikarpAgreement agreement = magikarp_agreement(report);
    json.key("magikarp").begin_object().member("rank_correlation", agreement.correlation);
    json.member("candidates", agreement.candidates).member("same_candidates", agreement.same_candidates);
    json.end_object();
  }
  json.end_object();
}

}  // namespace

std::string glitch_json(const GlitchReport& report, const Tokenizer& tokenizer) {
  std::string out;
  const auto shown = shown_tokens(report);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const TokenIndicators& t = *shown[i];
    JsonWriter json;
    json.begin_object().member("rank", i + 1).member("id", t.id).member("piece", tokenizer.piece(t.id));
    json.member("score", t.score).member("near_centroid", t.near_centroid);
    json.member("near_reference", unless_nan(t.near_reference));
    json.member("reference_distance", unless_nan(t.reference_distance));
    json.member("head_alignment_share", unless_nan(t.head_alignment))
        .member("distance", t.embedding.distance);
    json.member("cosine", t.embedding.cosine).member("norm", t.embedding.norm);
    json.member("head_distance", t.head.distance).member("head_cosine", t.head.cosine);
    json.member("head_norm", t.head.norm)
        .member("head_alignment", t.head.alignment)
        .member("reach", name_of(t.reach));
    json.member("reachable", t.reach == Reach::reached || t.reach == Reach::special);
    json.member("special", report.is_special(t.id));
    if (const TailFacts* facts = report.facts(t.id)) {
      json.member("tail", t.tail).member("mean_logprob", facts->mean_log_probability);
      json.member("tail_share", facts->tail_share).member("last_share", facts->last_share);
    }
    if (const CopyAnswer* copy = report.copy(t.id)) {
      json.member("repeated", copy->copied()).member("copy_probability", copy->probability);
      json.member("copy_rank", copy->rank).member("answer", tokenizer.decode(std::span(&copy->said, 1)));
    }
    if (!report.magikarp.empty()) {
      const MagikarpIndicators& theirs = report.magikarp[static_cast<std::size_t>(t.id)];
      json.key("magikarp").begin_object().member("cosine", theirs.cosine);
      json.member("cosine_without_first_pc", theirs.cosine_without_first_pc);
      json.member("l2", theirs.l2).member("input_norm", t.embedding.norm).end_object();
    }
    if (i + 1 == shown.size()) write_scan(json.key("scan"), report, tokenizer);
    out += json.end_object().text() + "\n";
  }
  if (!shown.empty()) return out;
  JsonWriter json;
  write_scan(json.begin_object().key("scan"), report, tokenizer);
  return json.end_object().text() + "\n";
}

}  // namespace kelvin
