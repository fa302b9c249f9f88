#include "tools/lab/reading/lab_reading.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/weights/config.h"
#include "loaders/json/json_writer.h"
#include "tools/lab/reading/lab_windows.h"
#include "tools/options/model_origin.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

constexpr const char* text_part_kind = "text";

std::string json_of(const LabText& piece) {
  JsonWriter json;
  json.begin_array();
  for (std::size_t t = 0; t < piece.steps.size(); ++t) {
    const TokenFacts& facts = piece.facts[t];
    const ObservedStep& step = piece.steps[t];
    json.begin_object().member("position", facts.position).member("id", facts.id).member("rank", facts.rank);
    json.member("rank_from_end", facts.rank_from_end).member("first", facts.first_choice);
    json.member("last", facts.last_choice).member("possible", step.states.possible());
    json.member("observed", step.observed).member("logits", step.states.logits());
    json.member("weights", step.states.weights()).end_object();
  }
  return json.end_array().text();
}

std::vector<double> doubles_of(JsonValue array) {
  std::vector<double> values;
  values.reserve(array.size());
  for (const JsonValue value : array.items()) values.push_back(value.as_double());
  return values;
}

LabText piece_of(JsonValue json) {
  LabText piece;
  for (const JsonValue step : json.items()) {
    const auto integer = [&](const char* key) { return static_cast<int>(step.at(key).as_int()); };
    piece.facts.push_back({integer("position"), integer("id"), step.at("rank").as_uint(),
                           step.at("rank_from_end").as_uint(), integer("first"), integer("last")});
    const JsonValue observed = step.at("observed");
    piece.steps.push_back({DensityOfStates(doubles_of(step.at("logits")), doubles_of(step.at("weights")),
                                           step.at("possible").as_uint()),
                           observed.is_string() ? -infinity : observed.as_double()});
  }
  return piece;
}

void append(LabText& text, LabText piece) {
  std::move(piece.steps.begin(), piece.steps.end(), std::back_inserter(text.steps));
  text.facts.insert(text.facts.end(), piece.facts.begin(), piece.facts.end());
}

// How the parts of a text are written, read and put together.
LongWork<LabText> text_work() {
  LongWork<LabText> work;
  work.write = json_of;
  work.read = piece_of;
  work.join = append;
  return work;
}

}  // namespace

void ReadingOptions::add_to(Flags& flags) {
  flags.option("overlap", "N",
               "tokens that windows share when a text is longer than the context (default: half the context)",
               to(overlap, 1));
}

std::optional<LabText> read_lab_text(OpenModel& model, const LabInput& input, const ReadingOptions& options,
                                     const WorkFlags& flags) {
  LabText text;
  text.name = input.name;
  text.bytes = input.bytes;
  text.documents = input.documents.size();
  text.overlap = options.overlap < 0 ? model.context / 2 : options.overlap;
  text.chains = input.chains;
  text.is_plain = input.is_plain && options.skip <= 1;
  for (std::size_t d = 0; d < input.documents.size(); ++d) {
    const auto& ids = input.documents[d];
    const std::size_t skipped = std::min(ids.size(), static_cast<std::size_t>(std::max(0, options.skip)));
    for (std::size_t i = input.given.empty() ? 1 : input.given[d]; i < skipped; ++i)
      text.bytes -= std::min(text.bytes, model.tokenizer().bytes(ids[i]).size());
  }

  const auto& bos = model.text.info.bos;
  const std::vector<Window> windows =
      windows_of(input, bos ? bos->id : std::nullopt, model.context, text.overlap, options.skip);
  text.windows = windows.size();
  const Shard shard = flags.shard.value_or(Shard{});
  std::size_t total = 0, done = 0, saved = 0;
  for (std::size_t unit = 0; unit < windows.size(); ++unit)
    if (shard.has(unit)) total += windows[unit].judged_tokens();

  ProgressBar bar("reading " + input.name, "tok");
  LongWork<LabText> work = text_work();
  JsonWriter about;
  about.begin_object()
      .member("name", text.name)
      .member("bytes", text.bytes)
      .member("documents", text.documents)
      .member("chains", text.chains)
      .member("plain", text.is_plain);
  text.origin = origin_of(model);
  write_origin(about.member("overlap", text.overlap), *text.origin);
  about.end_object();
  work.header = {
      text_part_kind, work_hash(*model.model, windows, about.text()), {}, windows.size(), about.text()};
  work.compute = [&](std::size_t unit, const LabText& before, const LongWork<LabText>::Save& save) {
    LabText piece;
    RowReader rows(piece, model.model->config().vocab_size, model.model->threads());
    read_window(*model.model, windows[unit],
                {.done = before.steps.size(),
                 .stop = options.stop,
                 .sink =
                     [&](std::span<const float> logits, int position, int id) {
                       rows.add(logits, position, id);
                       bar.update(static_cast<double>(++done), static_cast<double>(total));
                     },
                 .after_step =
                     [&] {
                       rows.finish();
                       save(std::exchange(piece, {}));
                       saved = done;
                     }});
    return piece;
  };
  work.read = [&](JsonValue json) {
    LabText piece = piece_of(json);
    saved = done += piece.steps.size();
    return piece;
  };
  work.saved = [&] { return std::to_string(saved) + " of " + std::to_string(total) + " tokens"; };
  auto pieces = run_work(flags, work);
  if (!pieces) return std::nullopt;
  for (LabText& piece : *pieces) append(text, std::move(piece));
  return text;
}

LabText merge_lab_text(const std::vector<std::string>& paths) {
  const MergedParts parts = merge_parts(paths, text_part_kind);
  const JsonDocument about = parse_json(parts.header.about, paths[0]);
  LabText text;
  text.name = about.root().at("name").as_string();
  text.bytes = about.root().at("bytes").as_uint();
  text.documents = about.root().at("documents").as_uint();
  for (const JsonValue chain : about.root().at("chains").items()) text.chains.emplace_back(chain.as_string());
  text.is_plain = about.root().at("plain").as_bool();
  text.overlap = static_cast<int>(about.root().at("overlap").as_int());
  text.windows = parts.header.units;
  text.origin = read_origin(about.root());
  for (LabText& piece : read_results(parts, text_work())) append(text, std::move(piece));
  return text;
}

}  // namespace kelvin
