#include "tools/lab/reading/lab_text.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "engine/platform/in_parallel.h"

namespace kelvin {
namespace {

constexpr std::size_t collected_bytes = std::size_t{32} << 20;

// std::find() in blocks whose search is vector code.
std::size_t place_of_first(std::span<const float> logits, float wanted) {
  constexpr std::size_t block = 1024;
  std::size_t at = 0;
  for (; at + block <= logits.size(); at += block) {
    std::uint32_t found = 0;
    for (std::size_t i = at; i < at + block; ++i) found += logits[i] == wanted ? 1 : 0;
    if (found > 0) break;
  }
  return static_cast<std::size_t>(
      std::find(logits.begin() + static_cast<std::ptrdiff_t>(at), logits.end(), wanted) - logits.begin());
}

}  // namespace

TokenFacts token_facts(std::span<const float> logits, const DensityOfStates& states, int position, int id) {
  const auto own_place = static_cast<std::size_t>(id);
  const float own = logits[own_place];
  std::uint32_t above = 0, equal = 0;
  for (const float z : logits) above += z > own ? 1 : 0;
  for (const float z : logits) equal += z == own ? 1 : 0;
  const auto equal_before = static_cast<std::size_t>(
      std::count(logits.begin(), logits.begin() + static_cast<std::ptrdiff_t>(own_place), own));
  TokenFacts facts{position, id, 1 + above + equal_before, 1, 0, 0};
  const std::size_t not_below = above + equal;
  facts.rank_from_end += (states.possible() > not_below ? states.possible() - not_below : 0) + equal_before;
  facts.first_choice = static_cast<int>(place_of_first(logits, static_cast<float>(states.largest())));
  facts.last_choice = static_cast<int>(place_of_first(logits, static_cast<float>(states.smallest())));
  return facts;
}

std::vector<std::size_t> document_starts(const LabText& text) {
  std::vector<std::size_t> starts;
  for (std::size_t t = 0; t < text.facts.size(); ++t)
    if (t == 0 || text.facts[t].position != text.facts[t - 1].position + 1) starts.push_back(t);
  return starts;
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
