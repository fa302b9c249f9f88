// Every sampler against the reference results of goldens C2 (transformers' processors) and C3 (the others).
#include "sampling/registry_rows.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "sampling/chain_text.h"
#include "tests/sampling/goldens.h"

using namespace kelvin;
using namespace kelvin::sampling;
using namespace kelvin::test;

namespace {

struct Setting {
  std::vector<float> logits;
  std::vector<int> history;
};

std::string value_of(const JsonValue& params, const char* name) {
  return params.find(name) ? number_text(golden_number(params.at(name))) : "";
}

// ":keep=3" if the case asks for a least number of tokens.
std::string keep_of(const JsonValue& params) {
  return params.find("min_tokens_to_keep") ? ":keep=" + value_of(params, "min_tokens_to_keep") : "";
}

std::string listed(const JsonValue& ids, const char* separator) {
  std::string text;
  for (const JsonValue& id : ids.items())
    text += (text.empty() ? "" : separator) + std::to_string(id.as_int());
  return text;
}

// The goldens' history counts as drawn, so that lengths of the whole text are numbers of drawn tokens.
std::string ends_of(const JsonValue& params) {
  return ":ends='id:" + listed(params.at("eos_token_id"), ",") + "'";
}

// A transformers processor as chain text; nothing if Kelvin has no such stage.
std::optional<std::string> stage_of_processor(const std::string& name, const JsonValue& p) {
  if (name == "Temperature") return "temp=" + value_of(p, "temperature") + ":origin=zero";
  if (name == "TopK") {
    const double keep = p.find("min_tokens_to_keep") ? p.at("min_tokens_to_keep").as_double() : 1;
    return "top-k=" + number_text(std::max(p.at("top_k").as_double(), keep)) + ":ties=all";
  }
  if (name == "TopP") return "top-p=" + value_of(p, "top_p") + ":meaning=hf" + keep_of(p);
  if (name == "MinP") return "min-p=" + value_of(p, "min_p") + keep_of(p);
  if (name == "Typical") return "typical=" + value_of(p, "mass") + ":ties=all" + keep_of(p);
  if (name == "Epsilon") return "epsilon=" + value_of(p, "epsilon") + keep_of(p);
  if (name == "Eta") return "eta=" + value_of(p, "epsilon") + keep_of(p);
  if (name == "TopH") return "top-h=" + value_of(p, "top_h");
  if (name == "NoRepeatNGram") return "no-repeat=" + value_of(p, "ngram_size");
  if (name == "RepetitionPenalty") {
    if (p.find("prompt_ignore_length")) return std::nullopt;
    return "penalty=" + value_of(p, "penalty");
  }
  if (name == "SuppressTokens") return "ban='id:" + listed(p.at("suppress_tokens"), ",") + "'";
  if (name == "SequenceBias") {
    std::string chain;
    for (const JsonValue& pair : p.at("sequence_bias").items())
      chain += (chain.empty() ? "" : ",") +
               ("sequence-bias=" + number_text(golden_number(pair.at(std::size_t{1})))) + ":'" +
               listed(pair.at(std::size_t{0}), " ") + "'";
    return chain;
  }
  if (name == "NoBadWords") {
    std::string chain;
    for (const JsonValue& ids : p.at("bad_words_ids").items())
      chain += (chain.empty() ? "" : ",") + ("sequence-bias=-inf:'" + listed(ids, " ")) + "'";
    return chain;
  }
  if (name == "MinLength") return "min-new=" + value_of(p, "min_length") + ends_of(p);
  if (name == "MinNewTokens") {
    const double length = p.at("prompt_length_to_skip").as_double() + p.at("min_new_tokens").as_double();
    return "min-new=" + number_text(length) + ends_of(p);
  }
  if (name == "ExponentialDecayLengthPenalty") {
    const JsonValue pair = p.at("exponential_decay_length_penalty");
    const double start = pair.at(std::size_t{0}).as_double() + p.at("input_ids_seq_length").as_double();
    return "end-decay=" + number_text(start) + ":" + number_text(pair.at(std::size_t{1}).as_double()) +
           ends_of(p);
  }
  if (name == "EncoderNoRepeatNGram") return "encoder-no-repeat=" + value_of(p, "encoder_ngram_size");
  if (name == "EncoderRepetitionPenalty") return "encoder-penalty=" + value_of(p, "penalty");
  // What is done elsewhere or by other stages.
  const std::set<std::string> others = {"ForcedEOS", "LogitNormalization", "SuppressTokensAtBegin"};
  CHECK_MESSAGE(others.count(name) == 1, name);
  return std::nullopt;
}

// A sampler of C3 as chain text.
std::optional<std::string> stage_of_sampler(const std::string& name, const JsonValue& p) {
  const auto value = [&](const char* key) { return value_of(p, key); };
  if (name == "top_n_sigma") return "top-n-sigma=" + value("n");
  if (name == "xtc") {
    // The reference is told the coin: ours is drawn, so it is made certain either way.
    const bool acts = p.at("draw").as_double() < p.at("probability").as_double();
    return std::string("xtc=") + (acts ? "1" : "0") + ":threshold=" + value("threshold");
  }
  if (name == "dry") {
    std::string breakers;
    for (const JsonValue& id : p.at("breakers").items())
      breakers += (breakers.empty() ? "id:" : ",") + std::to_string(id.as_int());
    return "dry=" + value("multiplier") + ":base=" + value("base") + ":allowed=" + value("allowed_length") +
           ":last=" + value("last_n") + ":breakers='" + (breakers.empty() ? "none" : breakers) + "'";
  }
  if (name == "dynatemp")
    return "temp-dynamic=" + value("temp") + ":range=" + value("range") + ":exponent=" + value("exponent") +
           ":origin=zero";
  if (name == "smoothing") return "smoothing=" + value("factor") + ":curve=" + value("curve");
  if (name == "tail_free") return "tail-free=" + value("z");
  if (name == "top_a") return "top-a=" + value("a");
  if (name == "typical") return "typical=" + value("p");
  if (name == "penalties")
    return "penalty=" + value("repeat") + ":frequency=" + value("freq") + ":presence=" + value("present") +
           ":last=" + value("last_n");
  if (name == "top_k_exact") return "top-k=" + value("k");
  if (name == "top_p_prefix") return "top-p=" + value("p");
  if (name == "min_p_logit") return "min-p=" + value("p");
  return std::nullopt;
}

// How many tokens of the history were given, where that matters: encoder_input_ids begin it.
std::size_t prompt_tokens(const JsonValue& c) {
  const auto steps = c.find("steps");
  const auto ids = steps ? steps->at(std::size_t{0}).at("params").find("encoder_input_ids") : std::nullopt;
  return ids ? ids->at(std::size_t{0}).size() : 0;
}

std::set<int> ids_of(const JsonValue& list) {
  std::set<int> ids;
  for (const JsonValue& id : list.items()) ids.insert(static_cast<int>(id.as_int()));
  return ids;
}

// The ids that a case keeps, from whichever of its forms it has.
std::set<int> expected_kept(const JsonValue& c, const Setting& given, const std::filesystem::path& folder,
                            const char* suffix = "") {
  const std::string kept = std::string("kept") + suffix, removed = std::string("removed") + suffix;
  if (const auto list = c.find(kept)) return ids_of(*list);
  std::set<int> gone;
  std::vector<unsigned char> mask;
  if (const auto list = c.find(removed))
    gone = ids_of(*list);
  else
    mask = read_array<unsigned char>(folder / c.at("kept_mask").at("file").as_string());
  std::set<int> ids;
  for (std::size_t i = 0; i < given.logits.size(); ++i) {
    const bool stays = mask.empty() ? given.logits[i] != impossible && !gone.count(static_cast<int>(i))
                                    : (mask[i >> 3] >> (i & 7)) & 1;
    if (stays) ids.insert(static_cast<int>(i));
  }
  return ids;
}

std::set<int> kept_ids(const std::vector<float>& logits) {
  std::set<int> ids;
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (logits[i] != impossible) ids.insert(static_cast<int>(i));
  return ids;
}

void check_kept(const JsonValue& c, const Setting& given, const std::vector<float>& found,
                const std::filesystem::path& folder) {
  const std::set<int> ids = kept_ids(found);
  const auto edge = c.find("edge");
  if (edge && edge->at("tie").as_bool()) {
    // Which of the tied tokens stay is open: their number is not, nor anything beside them.
    CHECK(static_cast<std::int64_t>(ids.size()) == c.at("n_kept").as_int());
    const double border = edge->at("lowest_kept").as_double();
    bool right = true;
    for (std::size_t i = 0; i < given.logits.size(); ++i) {
      if (static_cast<double>(given.logits[i]) > border) right = right && found[i] != impossible;
      if (static_cast<double>(given.logits[i]) < border) right = right && found[i] == impossible;
    }
    CHECK(right);
    return;
  }
  const bool stable = !c.find("stable") || c.at("stable").as_bool();
  const bool right =
      ids == expected_kept(c, given, folder) || (!stable && ids == expected_kept(c, given, folder, "_f64"));
  CHECK(right);
}

void check_values(const JsonValue& c, const Setting& given, const std::vector<float>& found,
                  const std::filesystem::path& folder) {
  std::map<std::size_t, double> expected;
  if (const auto values = c.find("values")) {
    const auto all = read_array<double>(folder / values->at("file").as_string());
    for (std::size_t i = 0; i < all.size(); ++i) expected[i] = all[i];
  }
  for (const char* form : {"changed", "sampled"})
    if (const auto pairs = c.find(form))
      for (std::size_t i = 0; i < pairs->at("ids").size(); ++i)
        expected[static_cast<std::size_t>(pairs->at("ids").at(i).as_int())] =
            golden_number(pairs->at("values").at(i));
  bool right = true;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto own = expected.find(i);
    if (found[i] == impossible) continue;
    if (own == expected.end())
      right = right && (!expected.empty() && c.find("sampled") ? true : found[i] == given.logits[i]);
    else
      right = right && near(static_cast<double>(found[i]), own->second, 1e-6, 1e-7);
  }
  CHECK(right);
}

// A chain that cuts through tied tokens: transformers' sort is not stable, so only the values of the kept
// ones are certain.
void check_values_kept(const JsonValue& c, const std::vector<float>& found) {
  std::vector<double> kept, expected;
  for (const float z : found)
    if (z != impossible) kept.push_back(static_cast<double>(z));
  for (const JsonValue& value : c.at("changed").at("values").items())
    expected.push_back(golden_number(value));
  std::sort(kept.begin(), kept.end());
  std::sort(expected.begin(), expected.end());
  REQUIRE(kept.size() == expected.size());
  for (std::size_t i = 0; i < kept.size(); ++i) CHECK(near(kept[i], expected[i], 1e-6));
}

struct Counts {
  int files = 0, run = 0, skipped = 0;
};

template <class ToText>
void run_folder(const char* name, ToText to_text, Counts& counts) {
  const auto folder = golden_folder(name);
  for (const auto& path : golden_files(folder)) {
    if (path.filename() == "stateful.json") continue;
    ++counts.files;
    const JsonDocument document = golden_json(path);
    const JsonValue root = document.root();
    Setting given;
    given.logits = read_array<float>(folder / root.at("logits").as_string());
    for (const JsonValue& id : root.at("history").items())
      given.history.push_back(static_cast<int>(id.as_int()));
    CAPTURE(path.filename().string());
    for (const JsonValue& c : root.at("cases").items()) {
      CAPTURE(c.at("case").as_int());
      const std::optional<std::string> text = to_text(c);
      if (!text) {
        ++counts.skipped;
        continue;
      }
      CAPTURE(*text);
      ++counts.run;
      std::vector<float> logits = given.logits;
      ChainState state;
      Step step;
      step.tokens = given.history;
      step.n_prompt = prompt_tokens(c);
      Chain::parse(*text).apply(logits, step, state);
      if (*text == "top-h=1") {
        // All of the entropy: whether the last of the 100 tokens stays is a matter of its rounding.
        const auto kept = static_cast<std::int64_t>(kept_ids(logits).size());
        CHECK(kept <= c.at("n_kept").as_int() + 1);
        CHECK(kept >= c.at("n_kept").as_int() - 1);
        continue;
      }
      const auto steps = c.find("steps");
      const bool ties_in_chain =
          steps && steps->size() > 1 && path.filename().string().substr(0, 4) == "ties" && c.find("changed");
      if (ties_in_chain) {
        check_values_kept(c, logits);
        continue;
      }
      check_kept(c, given, logits, folder);
      check_values(c, given, logits, folder);
    }
  }
}

}  // namespace

TEST_CASE("transformers' processors and their chains") {
  Counts counts;
  run_folder(
      "processors",
      [](const JsonValue& c) -> std::optional<std::string> {
        std::string chain;
        for (const JsonValue& step : c.at("steps").items()) {
          const auto stage = stage_of_processor(std::string(step.at("name").as_string()), step.at("params"));
          if (!stage) return std::nullopt;
          chain += (chain.empty() ? "" : ",") + *stage;
        }
        return chain;
      },
      counts);
  CHECK(counts.files >= 8);  // that the repository holds
  CHECK(counts.run >= 66 * counts.files);
}

TEST_CASE("samplers that transformers does not have") {
  Counts counts;
  run_folder(
      "samplers",
      [](const JsonValue& c) {
        return stage_of_sampler(std::string(c.at("sampler").as_string()), c.at("params"));
      },
      counts);
  CHECK(counts.files >= 8);
  CHECK(counts.run >= 52 * counts.files);
  CHECK(counts.skipped == 0);
}
