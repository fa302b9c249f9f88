#include "tools/inspect/page/logits_page.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "loaders/json/json_writer.h"
#include "loaders/tokenizer/base64.h"
#include "sampling/chain_text.h"
#include "tokenizer/base/formatted.h"
#include "tools/inspect/page/page.css.h"
#include "tools/inspect/page/page.html.h"
#include "tools/inspect/page/states.js.h"
#include "tools/inspect/page/step.js.h"
#include "tools/inspect/page/text.js.h"
#include "tools/output/html_page.h"
#include "tools/output/page_text.h"
#include "tools/output/svg_plot.h"

namespace kelvin {
namespace {

constexpr std::uint32_t no_token = 0xFFFFFFFF;
constexpr std::size_t max_text = 60;  // bytes of a token that are shown

std::uint32_t as_word(double value) { return std::bit_cast<std::uint32_t>(static_cast<float>(value)); }

std::string base64_words(std::span<const std::uint32_t> words) {
  std::string bytes;
  for (const std::uint32_t word : words)
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(word >> shift & 0xFF);
  return to_base64(bytes);
}

void write_snapshot(JsonWriter& json, const Snapshot& s) {
  json.value(s.possible).value(s.entropy).value(s.top).value(s.top_probability);
}

// [possible, S, top, p of it], then for every stage [text, removed, mass, likeliest removed, p of it,
// rescued, possible, S, top, p of it].
void write_trace(JsonWriter& json, const Trace& trace) {
  json.key("stages").begin_array();
  if (!trace.stages.empty()) {
    json.begin_array();
    write_snapshot(json, trace.stages.front().before);
    json.end_array();
  }
  for (const StageTrace& stage : trace.stages) {
    json.begin_array().value(stage.stage).value(stage.removed).value(stage.removed_mass);
    json.value(stage.removed_top).value(stage.removed_top_probability).value(stage.kept_last);
    write_snapshot(json, stage.after);
    json.end_array();
  }
  json.end_array();
}

void write_lens(JsonWriter& json, const std::vector<LensStage>& lens) {
  json.key("lens").begin_array();
  for (const LensStage& stage : lens) {
    json.begin_array().value(stage.layer).value(stage.entropy).value(stage.divergence);
    stage.next ? json.value(stage.next->probability).value(stage.next->rank)
               : json.value(nullptr).value(nullptr);
    for (const TokenRank& chance : stage.top) json.value(chance.id).value(chance.probability);
    json.end_array();
  }
  json.end_array();
}

}  // namespace

LogitsPage::LogitsPage(const Tokenizer& tokenizer, LogitsPageTitle title, std::vector<int> ids)
    : tokenizer_(tokenizer), title_(std::move(title)), ids_(std::move(ids)) {
  if (ids_.size() > max_tokens) ids_.resize(max_tokens);
  for (const int id : ids_) name(id);
  // The page itself, the table of steps, and some air.
  const std::size_t fixed = 80'000 + ids_.size() * 40 + used_;
  used_ = 0;
  room_ = max_bytes - std::min(fixed, max_bytes);
}

int LogitsPage::ends_for(std::size_t tokens) { return tokens <= 160 ? 100 : tokens <= 320 ? 40 : 20; }

std::string LogitsPage::shown(int id) const {
  if (!tokenizer_.is_known(id)) return "";
  const std::string bytes = tokenizer_.bytes(id);
  return bytes.size() <= max_text ? visible_text(bytes) : visible_text(bytes.substr(0, max_text)) + "...";
}

void LogitsPage::name(int id) {
  if (id < 0 || !named_.insert(id).second) return;
  used_ += shown(id).size() + 14;
}

void LogitsPage::add(const StepRecord& record, bool detailed) {
  const std::size_t step = details_.size();
  if (step >= ids_.size()) return;
  const double none = std::numeric_limits<double>::quiet_NaN();
  auto decided = std::find(deciders_.begin(), deciders_.end(), record.decided);
  if (decided == deciders_.end()) decided = deciders_.insert(decided, record.decided);
  const TokenJudgement token = record.token.value_or(TokenJudgement{none, 0, 0, none});
  const std::uint32_t id = step + 1 < ids_.size() ? static_cast<std::uint32_t>(ids_[step + 1]) : no_token;
  if (record.token) {
    surprise_ -= token.log_probability;
    ++judged_;
  }
  words_.insert(words_.end(),
                {id, as_word(token.log_probability), as_word(record.entropy),
                 static_cast<std::uint32_t>(token.rank), static_cast<std::uint32_t>(token.rank_from_end),
                 as_word(token.beta), static_cast<std::uint32_t>(decided - deciders_.begin())});
  details_.push_back("null");
  if (detailed && has_room()) add_detail(record);
}

void LogitsPage::add_detail(const StepRecord& record) {
  JsonWriter json;
  const PageStates& states = record.states;
  json.begin_object().member("top", states.top).member("bottom", states.bottom);
  json.member("ties", std::vector{states.bottom_ties, states.top_ties}).member("possible", states.possible);
  json.member("low", states.low).member("states", to_base64(states.packed()));
  std::vector<std::uint32_t> listed;
  const std::size_t before = used_;
  for (const ListedToken& token : record.listed) {
    name(token.id);
    listed.insert(listed.end(), {static_cast<std::uint32_t>(token.id), as_word(token.logit),
                                 as_word(token.log_probability), token.rank, token.chain_rank});
  }
  json.member("listed", base64_words(listed)).member("drawn", record.drawn);
  name(record.drawn);
  write_trace(json, record.trace);
  for (const StageTrace& stage : record.trace.stages) {
    name(stage.before.top);
    name(stage.after.top);
    name(stage.removed_top);
  }
  json.key("luck").begin_array();
  for (const Why::Other& other : record.same_noise) {
    json.begin_array().value(number_text(other.temperature)).value(other.drawn).end_array();
    name(other.drawn);
  }
  json.end_array();
  write_lens(json, record.lens);
  for (const LensStage& stage : record.lens)
    for (const TokenRank& chance : stage.top) name(chance.id);
  std::string text = json.end_object().text();
  used_ += text.size();
  // Names stay: a later step may fit and need them.
  if (used_ > room_) {
    used_ = before;
    room_ = before;
    return;
  }
  details_.back() = std::move(text);
}

std::string LogitsPage::html(const Provenance& provenance) const {
  JsonWriter json;
  json.begin_object().member("model", visible_text(title_.model)).member("chain", title_.chain);
  json.member("seed", std::to_string(title_.seed)).member("prompt", title_.n_prompt);
  json.member("vocabulary", title_.vocabulary).member("first", ids_.empty() ? -1 : ids_[0]);
  json.member("tokens", base64_words(words_)).member("deciders", deciders_);
  json.key("text").begin_object();
  for (const int id : named_) json.member(std::to_string(id), shown(id));
  json.end_object().key("steps").begin_array();
  for (const std::string& detail : details_) json.raw(detail);
  json.end_array().end_object();

  HtmlPage page;
  page.title = "What the model thought";
  const double mean = surprise_ / static_cast<double>(judged_);
  page.body = "<p class=\"soft\">" + escape_markup(visible_text(title_.model)) + ": " +
              std::to_string(ids_.size()) + " tokens" +
              (judged_ > 0 ? formatted(", %.4f nats a token, perplexity %.4g", mean, std::exp(mean)) : "") +
              "; chain <code>" + escape_markup(title_.chain.empty() ? "none (T = 1)" : title_.chain) +
              "</code>, seed " + std::to_string(title_.seed) + "</p>\n" + std::string(assets::page_html) +
              "<script type=\"application/json\" id=\"data\">" + json_for_script(json.text()) + "</script>\n";
  page.style = assets::page_css;
  page.script = std::string(assets::states_js).append(assets::text_js).append(assets::step_js);
  page.footer = provenance_html(provenance);
  return html_of(page);
}

}  // namespace kelvin
