#include "tools/lab/glitch/glitch_score.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "engine/platform/in_parallel.h"

namespace kelvin {
namespace {

// For each value the share of values that are larger (ties count half): near 1 for the smallest.
std::vector<double> share_above(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return values[a] != values[b] ? values[a] < values[b] : a < b;
  });
  std::vector<double> shares(values.size());
  const double count = static_cast<double>(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double above = count - static_cast<double>(end) + 0.5 * static_cast<double>(end - begin - 1);
    for (std::size_t i = begin; i < end; ++i) shares[order[i]] = above / std::max(1.0, count - 1);
  }
  return shares;
}

constexpr std::size_t smallest_reference = 8;

// A byte that stands in no UTF-8 text.
bool is_impossible_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0xC0 || byte == 0xC1 || byte >= 0xF5;
}

// Nothing where the vocabulary lacks a part of the text.
std::vector<int> encoded(const Tokenizer& tokenizer, const std::string& text) {
  try {
    return tokenizer.encode(text, false);
  } catch (const std::invalid_argument&) {
    return {};
  }
}

// Whether no text at all becomes this token.
bool never_in_text(const Tokenizer& tokenizer, const TokenIndicators& token) {
  if (token.reach != Reach::fragment) return token.reach == Reach::unreachable;
  const std::string bytes = tokenizer.bytes(token.id);
  return std::any_of(bytes.begin(), bytes.end(), is_impossible_byte);
}

template <class Value>
std::vector<double> shares_of(const std::vector<TokenIndicators>& tokens, const Value& value) {
  std::vector<double> values;
  for (const TokenIndicators& token : tokens) values.push_back(value(token));
  return share_above(values);
}

// work(i) for i below count, neighbours together.
template <class Work>
void in_blocks(std::size_t count, int threads, const Work& work) {
  constexpr std::size_t block = 4096;
  in_parallel((count + block - 1) / block, threads, [&](std::size_t part) {
    for (std::size_t i = part * block; i < std::min(count, (part + 1) * block); ++i) work(i);
  });
}

void choose_reference(const Matrix& head, int rows, std::span<const double> centroid, int threads,
                      std::vector<int> never_trained, GlitchScan& scan) {
  const bool enough = never_trained.size() >= smallest_reference;
  if (scan.tied || !enough)
    scan.twins = tightest_twins(head, rows, centroid, distances_to(head, rows, centroid, threads), threads);
  if (scan.twins) {
    scan.kind = Reference::twins;
    scan.reference = scan.twins->rows;
  } else if (enough) {
    scan.kind = Reference::never_in_text;
    scan.reference = std::move(never_trained);
  }
}

// Of the tokens of the reference, in the middle.
double nearness_of(const GlitchScan& scan) {
  std::vector<double> found;
  for (const TokenIndicators& token : scan.tokens)
    if (std::binary_search(scan.reference.begin(), scan.reference.end(), token.id))
      found.push_back(token.near_centroid);
  if (found.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::nth_element(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(found.size() / 2), found.end());
  return found[found.size() / 2];
}

std::vector<double> mean_row(const Matrix& matrix, std::span<const int> rows) {
  std::vector<double> mean(static_cast<std::size_t>(matrix.cols), 0.0);
  std::vector<float> values(mean.size());
  for (const int row : rows) {
    read_row(matrix, row, values.data());
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += values[i] / static_cast<double>(rows.size());
  }
  return mean;
}

void add_shares(const Matrix& head, int rows, std::span<const double> centroid, int threads,
                GlitchScan& scan) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  const bool known = scan.kind != Reference::none;
  std::vector<double> direction;
  if (known) direction = common_direction(head, scan.reference, centroid);
  scan.common_length = known ? length_of(direction) : none;
  const auto geometry = row_geometry(head, rows, centroid, direction, threads);
  std::vector<float> away(static_cast<std::size_t>(rows), std::numeric_limits<float>::quiet_NaN());
  if (known) away = distances_to(head, rows, mean_row(head, scan.reference), threads);
  for (TokenIndicators& token : scan.tokens) {
    token.head = geometry[static_cast<std::size_t>(token.id)];
    token.reference_distance = away[static_cast<std::size_t>(token.id)];
  }
  const std::vector<double> unknown(scan.tokens.size(), none);
  const auto near = shares_of(scan.tokens, [](const TokenIndicators& t) { return t.embedding.distance; });
  const auto aligned =
      known ? shares_of(scan.tokens, [](const TokenIndicators& t) { return -t.head.alignment; }) : unknown;
  const auto close =
      known ? shares_of(scan.tokens, [](const TokenIndicators& t) { return t.reference_distance; }) : unknown;
  if (known && !scan.tied) scan.counted.push_back("near_centroid");
  if (known) scan.counted.push_back("head_alignment");
  if (known && scan.tied) scan.counted.push_back("near_reference");
  for (std::size_t i = 0; i < scan.tokens.size(); ++i) {
    TokenIndicators& token = scan.tokens[i];
    token.near_centroid = near[i];
    token.head_alignment = aligned[i];
    token.near_reference = close[i];
    token.tail = none;
  }
  scan.reference_nearness = nearness_of(scan);
}

// Scores, and the order by them.
void score_tokens(GlitchScan& scan) {
  for (TokenIndicators& token : scan.tokens) {
    double sum = 0;
    for (const std::string& name : scan.counted)
      sum += name == "near_centroid"    ? token.near_centroid
             : name == "head_alignment" ? token.head_alignment
             : name == "near_reference" ? token.near_reference
                                        : token.tail;
    token.score = scan.counted.empty() ? std::numeric_limits<double>::quiet_NaN()
                                       : sum / static_cast<double>(scan.counted.size());
  }
  std::sort(scan.tokens.begin(), scan.tokens.end(), [](const TokenIndicators& a, const TokenIndicators& b) {
    return a.score != b.score && !std::isnan(a.score) ? a.score > b.score : a.id < b.id;
  });
}

}  // namespace

std::string name_of(Reference reference) {
  constexpr const char* names[] = {"never in text", "near-twins", "none"};
  return names[static_cast<std::size_t>(reference)];
}

std::string name_of(Reach reach) {
  constexpr const char* names[] = {"reached", "within", "unreachable", "fragment", "special"};
  return names[static_cast<std::size_t>(reach)];
}

Reach reach_of(const Tokenizer& tokenizer, int id) {
  if (tokenizer.is_special(id)) return Reach::special;
  const std::string text = tokenizer.decode(std::span(&id, 1));
  if (text.find("\xEF\xBF\xBD") != text.npos && tokenizer.bytes(id).find("\xEF\xBF\xBD") == text.npos)
    return Reach::fragment;
  if (encoded(tokenizer, text) == std::vector<int>{id}) return Reach::reached;
  for (const char* before : {"a", "a\n"}) {
    const std::vector<int> ids = encoded(tokenizer, before + tokenizer.bytes(id));
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) return Reach::within;
  }
  return Reach::unreachable;
}

GlitchScan scan_tokens(const OpenModel& model, const std::vector<TailFacts>& contexts) {
  const Weights& weights = model.model->weights();
  const Tokenizer& tokenizer = model.tokenizer();
  const int rows = weights.embedding.rows, threads = model.model->threads();
  GlitchScan scan;
  scan.tied = weights.lm_head.data == weights.embedding.data;
  const std::vector<double> centroid = centroid_of(weights.embedding, rows, threads);
  const std::vector<double> head_centroid =
      scan.tied ? centroid : centroid_of(weights.lm_head, rows, threads);
  scan.centroid_norm = length_of(centroid);

  const auto embedding = row_geometry(weights.embedding, rows, centroid, {}, threads);
  std::vector<int> reference;
  for (int id = 0; id < rows; ++id) {
    if (!tokenizer.is_known(id)) {
      reference.push_back(id);
      continue;
    }
    TokenIndicators token{};
    token.id = id;
    token.embedding = embedding[static_cast<std::size_t>(id)];
    scan.tokens.push_back(token);
  }
  scan.padding = static_cast<int>(reference.size());
  std::vector<char> never(scan.tokens.size());
  in_blocks(scan.tokens.size(), threads, [&](std::size_t i) {
    scan.tokens[i].reach = reach_of(tokenizer, scan.tokens[i].id);
    never[i] = never_in_text(tokenizer, scan.tokens[i]);
  });
  for (std::size_t i = 0; i < never.size(); ++i)
    if (never[i]) reference.push_back(scan.tokens[i].id);
  std::sort(reference.begin(), reference.end());
  choose_reference(weights.lm_head, rows, head_centroid, threads, std::move(reference), scan);
  add_shares(weights.lm_head, rows, head_centroid, threads, scan);
  score_tokens(scan);
  add_contexts(scan, contexts);
  return scan;
}

void add_contexts(GlitchScan& scan, const std::vector<TailFacts>& contexts) {
  if (contexts.empty()) return;
  const auto tail = shares_of(scan.tokens, [&](const TokenIndicators& t) {
    return contexts[static_cast<std::size_t>(t.id)].mean_log_probability;
  });
  for (std::size_t i = 0; i < scan.tokens.size(); ++i) scan.tokens[i].tail = tail[i];
  scan.counted.push_back("tail");
  score_tokens(scan);
}

}  // namespace kelvin
