#include "tools/inspect/logits_report.h"

#include <ostream>
#include <stdexcept>

#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/output/piece_view.h"

namespace kelvin {
namespace {

JsonWriter& write_chance(JsonWriter& json, const TokenRank& chance, const Tokenizer& tokenizer) {
  json.begin_object().member("id", chance.id).member("piece", tokenizer.piece(chance.id));
  json.member("probability", chance.probability).member("logprob", chance.log_probability);
  return json.member("rank", chance.rank).end_object();
}

void write_chances(JsonWriter& json, std::string_view key, std::span<const TokenRank> chances,
                   const Tokenizer& tokenizer) {
  json.key(key).begin_array();
  for (const TokenRank& chance : chances) write_chance(json, chance, tokenizer);
  json.end_array();
}

}  // namespace

LogitsReport::LogitsReport(std::ostream& out, const Tokenizer& tokenizer, Format format)
    : out_(out), tokenizer_(tokenizer), format_(format) {}

void LogitsReport::add(int position, int id, std::span<const float> logits, std::optional<int> next,
                       std::span<const float> lens) {
  DistributionView view;
  std::vector<LensStage> stages;
  try {
    view = view_distribution(logits, format_.top, format_.bottom);
    if (!lens.empty()) stages = view_lens(lens, logits.size(), format_.top, next);
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error("position " + std::to_string(position) + ": " + error.what());
  }
  format_.json ? add_json(position, id, view, stages) : add_text(position, id, view, stages);
  chance_.reset();
  if (next) chance_ = token_rank(logits, *next);
}

void LogitsReport::add_text(int position, int id, const DistributionView& view,
                            std::span<const LensStage> lens) {
  out_ << formatted("%5d  %6d  ", position, id) << shown_token(tokenizer_, id);
  if (chance_) out_ << formatted("   p %.4g", chance_->probability) << "  rank " << chance_->rank;
  out_ << formatted("   S %.4f nats", view.entropy) << "\n";
  const auto list = [&](const std::vector<TokenRank>& chances, const char* title = "") {
    out_ << title;
    for (const TokenRank& chance : chances)
      out_ << "  " << shown_token(tokenizer_, chance.id) << formatted(" %.3g", chance.probability);
    out_ << "\n";
  };
  if (!view.top.empty()) list(view.top, "               most ");
  if (!view.bottom.empty()) list(view.bottom, "               least");
  for (const LensStage& stage : lens) {
    out_ << formatted("     layer %2d  KL %7.4f  S %.4f", stage.layer, stage.divergence, stage.entropy);
    if (stage.next) out_ << formatted("  next p %.3g rank %zu", stage.next->probability, stage.next->rank);
    list(stage.top);
  }
}

void LogitsReport::add_json(int position, int id, const DistributionView& view,
                            std::span<const LensStage> lens) {
  JsonWriter json;
  json.begin_object().member("position", position).member("id", id).member("piece", tokenizer_.piece(id));
  if (chance_)
    json.member("probability", chance_->probability)
        .member("logprob", chance_->log_probability)
        .member("rank", chance_->rank);
  else
    json.member("probability", nullptr).member("logprob", nullptr).member("rank", nullptr);
  json.member("entropy", view.entropy);
  write_chances(json, "top", view.top, tokenizer_);
  write_chances(json, "bottom", view.bottom, tokenizer_);
  if (!lens.empty()) {
    json.key("lens").begin_array();
    for (const LensStage& stage : lens) {
      json.begin_object().member("layer", stage.layer).member("entropy", stage.entropy);
      json.member("kl", stage.divergence);
      write_chances(json, "top", stage.top, tokenizer_);
      json.key("next");
      stage.next ? write_chance(json, *stage.next, tokenizer_) : json.value(nullptr);
      json.end_object();
    }
    json.end_array();
  }
  out_ << json.end_object().text() << "\n";
}

void LogitsReport::finish(int positions, int vocabulary, const std::string& sha256,
                          const Provenance& provenance) {
  if (format_.json) {
    JsonWriter json;
    json.begin_object().member("positions", positions).member("vocabulary", vocabulary);
    out_ << with_provenance(json.member("sha256", sha256).end_object().text(), provenance) << "\n";
  } else {
    out_ << "sha256 " << sha256 << "  (" << positions << " x " << vocabulary << " float32)\n"
         << provenance_line(provenance);
  }
}

}  // namespace kelvin
