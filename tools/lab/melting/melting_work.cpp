#include "tools/lab/melting/melting_work.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>

#include "loaders/json/json_writer.h"
#include "sampling/chain.h"
#include "sampling/statistics/density_of_states.h"
#include "tokenizer/base/user_error.h"
#include "tools/generation/draws.h"
#include "tools/lab/reading/lab_windows.h"
#include "tools/options/model_origin.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

constexpr const char* melting_part_kind = "melting";

void write_text(JsonWriter& json, const DrawnText& text) {
  json.member("draw", text.draw).member("ids", text.ids).member("energy", text.energy);
  json.member("expected", text.expected).member("variance", text.variance).member("entropy", text.entropy);
}

std::vector<double> numbers_in(JsonValue list) {
  std::vector<double> numbers;
  for (const JsonValue value : list.items()) numbers.push_back(value.as_double());
  return numbers;
}

MeltingUnit unit_of(JsonValue json) {
  MeltingUnit unit;
  unit.beta = json.at("beta").as_double();
  for (const JsonValue value : json.at("texts").items()) {
    DrawnText& text = unit.texts.emplace_back();
    text.draw = value.at("draw").as_uint();
    for (const JsonValue id : value.at("ids").items()) text.ids.push_back(static_cast<int>(id.as_int()));
    text.energy = numbers_in(value.at("energy"));
    text.expected = numbers_in(value.at("expected"));
    text.variance = numbers_in(value.at("variance"));
    text.entropy = numbers_in(value.at("entropy"));
  }
  return unit;
}

std::string json_of(const MeltingUnit& unit) {
  JsonWriter json;
  json.begin_object().member("beta", unit.beta).key("texts").begin_array();
  for (const DrawnText& text : unit.texts) {
    json.begin_object();
    write_text(json, text);
    json.end_object();
  }
  return json.end_array().end_object().text();
}

LongWork<MeltingUnit> melting_work() {
  LongWork<MeltingUnit> work;
  work.write = json_of;
  work.read = unit_of;
  work.join = [](MeltingUnit& whole, MeltingUnit piece) {
    whole.beta = piece.beta;
    std::move(piece.texts.begin(), piece.texts.end(), std::back_inserter(whole.texts));
  };
  return work;
}

// Pieces come in the order in which texts were done.
void put_in_order(std::vector<MeltingUnit>& units) {
  for (MeltingUnit& unit : units)
    std::sort(unit.texts.begin(), unit.texts.end(),
              [](const DrawnText& a, const DrawnText& b) { return a.draw < b.draw; });
}

Chain chain_at(double beta) {
  JsonWriter number;  // reads back as the same
  return Chain::parse("temp=" + number.value(1 / beta).text());
}

// The texts of one temperature that are not there yet, each told when it is done.
class Drawing {
 public:
  Drawing(OpenModel& model, const MeltingRequest& request, double beta)
      : model_(model), asked_(request), beta_(beta), chain_(chain_at(beta)) {
    request_.prompt = asked_.prompt;
    request_.chain = &chain_;
    request_.seed = asked_.seed;
    request_.max_tokens = asked_.tokens;
    request_.on_draw = [this](std::uint64_t stream, std::span<const float> logits, int id) {
      const DensityOfStates states(logits);
      const Thermo t = states.thermo(beta_);
      const StepMoments own = states.moments(1.0);
      const double log_z = states.largest() + own.log_z_shifted;
      DrawnText* text = nullptr;
      {
        const std::lock_guard lock(mutex_);
        text = &open_[stream];
      }
      text->energy.push_back(log_z - static_cast<double>(logits[static_cast<std::size_t>(id)]));
      text->expected.push_back(log_z - t.mean);
      text->variance.push_back(t.variance);
      text->entropy.push_back(t.entropy);
    };
  }

  bool run(std::span<const std::size_t> draws, const std::function<void(double done)>& progress,
           const std::function<void(DrawnText text)>& save) {
    const int positions = static_cast<int>(asked_.prompt.size()) + asked_.tokens;
    DrawOptions options;
    options.width = draws_side_by_side(*model_.model, positions, draws.size());
    options.loop.stop = asked_.stop;
    options.progress = [&](double done, double) { progress(done); };
    Sequence sequence(*model_.model, model_.context);
    return draw_continuations(*model_.model, sequence, model_.tokenizer(), request_, draws, options,
                              [&](std::size_t draw, Continuation result) {
                                if (result.ending == Ending::interrupted) return;
                                DrawnText text = std::move(open_[draw]);
                                text.draw = draw;
                                text.ids = std::move(result.ids);
                                save(std::move(text));
                              });
  }

 private:
  OpenModel& model_;
  const MeltingRequest& asked_;
  double beta_;
  Chain chain_;
  ContinuationRequest request_;
  std::mutex mutex_;  // of the map
  std::map<std::uint64_t, DrawnText> open_;
};

}  // namespace

std::optional<MeltingTexts> draw_melting_texts(OpenModel& model, const MeltingRequest& request,
                                               const WorkFlags& flags) {
  const int room = model.context - static_cast<int>(request.prompt.size());
  if (request.tokens > room)
    throw UserError("--n: " + std::to_string(request.tokens) + " tokens after a prompt of " +
                    std::to_string(request.prompt.size()) + " found, the context holds " +
                    std::to_string(model.context) + " (--ctx)");
  MeltingTexts result{origin_of(model), {}};
  JsonWriter about, settings;
  about.begin_object();
  write_origin(about, result.origin);
  about.end_object();
  settings.begin_object().member("prompt", request.prompt).member("betas", request.betas);
  settings.member("texts", request.texts).member("tokens", request.tokens).member("seed", request.seed);
  settings.member("about", about.text()).end_object();

  const std::size_t texts = static_cast<std::size_t>(request.texts);
  const Shard shard = flags.shard.value_or(Shard{});
  std::size_t total = 0, done = 0;
  for (std::size_t unit = 0; unit < request.betas.size(); ++unit) total += shard.has(unit) ? texts : 0;
  ProgressBar bar("drawing", "texts");
  LongWork<MeltingUnit> work = melting_work();
  work.header = {melting_part_kind,
                 work_hash(*model.model, {}, settings.text()),
                 {},
                 request.betas.size(),
                 about.text()};
  work.read = [&](JsonValue json) {
    MeltingUnit unit = unit_of(json);
    done += unit.texts.size();
    return unit;
  };
  work.compute = [&](std::size_t unit, const MeltingUnit& before, const LongWork<MeltingUnit>::Save& save) {
    const double beta = request.betas[unit];
    std::vector<std::size_t> draws;
    for (std::size_t draw = 0; draw < texts; ++draw)
      if (std::none_of(before.texts.begin(), before.texts.end(),
                       [&](const DrawnText& text) { return text.draw == draw; }))
        draws.push_back(draw);
    const std::size_t earlier = done;
    if (!Drawing(model, request, beta)
             .run(
                 draws,
                 [&](double so_far) {
                   bar.update(static_cast<double>(earlier) + so_far, static_cast<double>(total));
                 },
                 [&](DrawnText text) {
                   save({beta, {std::move(text)}});
                   ++done;
                 }))
      throw Interrupted();
    return MeltingUnit{beta, {}};
  };
  work.saved = [&] { return std::to_string(done) + " of " + std::to_string(total) + " texts"; };
  auto units = run_work(flags, work);
  if (!units) return std::nullopt;
  put_in_order(*units);
  result.units = std::move(*units);
  return result;
}

MeltingTexts merge_melting_texts(const std::vector<std::string>& paths) {
  const MergedParts parts = merge_parts(paths, melting_part_kind);
  MeltingTexts result{read_origin(parse_json(parts.header.about, paths[0]).root()),
                      read_results(parts, melting_work())};
  put_in_order(result.units);
  return result;
}

std::string text_json(double beta, const DrawnText& text) {
  JsonWriter json;
  json.begin_object().member("type", "text").member("T", 1 / beta).member("beta", beta);
  write_text(json, text);
  return json.end_object().text();
}

}  // namespace kelvin
