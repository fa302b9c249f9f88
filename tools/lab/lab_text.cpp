#include "tools/lab/lab_text.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "tools/lab/parallel.h"

namespace kelvin {
namespace {

constexpr std::size_t collected_bytes = std::size_t{32} << 20;

}  // namespace

TokenFacts token_facts(std::span<const float> logits, const DensityOfStates& states, int position, int id) {
  TokenFacts facts{position, id, 1, 1, 0, 0};
  const auto most = static_cast<float>(states.largest()), least = static_cast<float>(states.smallest());
  const float own = logits[static_cast<std::size_t>(id)];
  std::uint32_t above = 0, below = 0;
  for (const float z : logits) {
    above += z > own ? 1 : 0;
    below += z < own && z >= least ? 1 : 0;
  }
  for (const float z : logits.first(static_cast<std::size_t>(id))) {
    above += z == own ? 1 : 0;
    below += z == own ? 1 : 0;
  }
  facts.rank += above;
  facts.rank_from_end += below;
  facts.first_choice = static_cast<int>(std::find(logits.begin(), logits.end(), most) - logits.begin());
  facts.last_choice = static_cast<int>(std::find(logits.begin(), logits.end(), least) - logits.begin());
  return facts;
}

RowReader::RowReader(LabText& text, int vocabulary, int threads)
    : text_(text),
      vocabulary_(static_cast<std::size_t>(vocabulary)),
      capacity_(std::max<std::size_t>(16, collected_bytes / (sizeof(float) * vocabulary_))),
      threads_(threads) {}

void RowReader::add(std::span<const float> logits, int position, int id) {
  rows_.insert(rows_.end(), logits.begin(), logits.end());
  text_.facts.push_back({position, id, 0, 0, 0, 0});
  if (++collected_ == capacity_) finish();
}

void RowReader::finish() {
  const std::size_t first = text_.facts.size() - collected_;
  text_.steps.resize(text_.facts.size());
  in_parallel(collected_, threads_, [&](std::size_t i) {
    TokenFacts& facts = text_.facts[first + i];
    const std::span<const float> row(rows_.data() + i * vocabulary_, vocabulary_);
    try {
      text_.steps[first + i] = {DensityOfStates(row),
                                static_cast<double>(row[static_cast<std::size_t>(facts.id)])};
    } catch (const std::invalid_argument& error) {
      throw std::runtime_error("logits that led to position " + std::to_string(facts.position) + ": " +
                               error.what());
    }
    facts = token_facts(row, text_.steps[first + i].states, facts.position, facts.id);
  });
  rows_.clear();
  collected_ = 0;
}

}  // namespace kelvin
