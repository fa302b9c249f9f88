// The registry's rows that look at the distribution alone: shaping and truncation.
#include "sampling/registry_rows.h"
#include "sampling/row_parts.h"

namespace kelvin::sampling {

using namespace row_parts;
using Logits = std::span<float>;

void smoothing(Logits, const Params&, const StageContext&);
void skew(Logits, const Params&, const StageContext&);
void top_n_sigma(Logits, const Params&, const StageContext&);
void top_k(Logits, const Params&, const StageContext&);
void tail_free(Logits, const Params&, const StageContext&);
void typical(Logits, const Params&, const StageContext&);
void top_p(Logits, const Params&, const StageContext&);
void min_p(Logits, const Params&, const StageContext&);
void top_a(Logits, const Params&, const StageContext&);
void epsilon(Logits, const Params&, const StageContext&);
void eta(Logits, const Params&, const StageContext&);
void top_h(Logits, const Params&, const StageContext&);
void p_less(Logits, const Params&, const StageContext&);
void min_k(Logits, const Params&, const StageContext&);
void xtc(Logits, const Params&, const StageContext&);
void inverted(Logits, const Params&, const StageContext&);

std::vector<StageType> shapings() {
  return {
      {.name = "smoothing",
       .kind = Kind::shaping,
       .apply = smoothing,
       .parameters = {number("factor", 0.2, 0, 1e6, "of the square; 0: off"),
                      number("curve", 1, -1e3, 1e3,
                             "1 quadratic, more adds a cubic part; above 3 not monotone")},
       .help = "flatten near the top, steepen far below",
       .source = "kalomaze 2024, text-generation-webui PRs 5403, 5551",
       .aliases = {"quadratic", "smoothing-factor"}},
      {.name = "skew",
       .kind = Kind::shaping,
       .apply = skew,
       .parameters = {number("s", 0.5, -20, 20, "above 0 favours the tail, below the head")},
       .help = "bend the cumulative distribution over the ranks",
       .source = "exllamav2"},
  };
}

std::vector<StageType> truncations() {
  return {
      {.name = "top-n-sigma",
       .kind = Kind::truncation,
       .apply = top_n_sigma,
       .parameters = {number("n", 1, 0, inf, "standard deviations")},
       .help = "keep logits within n standard deviations of the largest",
       .source = "Tang et al. 2024, arXiv 2411.07641",
       .aliases = {"nsigma", "top-nsigma"}},
      {.name = "top-k",
       .kind = Kind::truncation,
       .apply = top_k,
       .parameters = {integer("k", 40, 0, inf, "how many stay; 0: all"),
                      choice("ties", {"lowest-id", "all"}, "which of the tokens tied at the border stay")},
       .help = "keep the k likeliest tokens",
       .source = "Fan et al. 2018, arXiv 1805.04833"},
      {.name = "tail-free",
       .kind = Kind::truncation,
       .apply = tail_free,
       .parameters = {number("z", 0.95, 0, 1, "share of the bends that is kept; 1: all")},
       .help = "cut where the sorted probabilities have become flat",
       .source = "trentbrick 2019",
       .aliases = {"tfs"}},
      {.name = "typical",
       .kind = Kind::truncation,
       .apply = typical,
       .parameters = {number("p", 0.95, 0, 1, "probability that stays; 1: all"),
                      choice("ties", {"lowest-id", "all"}, "which of the tokens tied at the border stay"),
                      keep()},
       .help = "keep the tokens whose surprise is closest to the entropy",
       .source = "Meister et al. 2022, arXiv 2202.00666",
       .aliases = {"typical-p"}},
      {.name = "top-p",
       .kind = Kind::truncation,
       .apply = top_p,
       .parameters = {number("p", 0.95, 0, 1, "probability that stays; 1: all"),
                      choice("meaning", {"include", "hf", "exclude"},
                             "of the token at which the sum crosses p"),
                      keep()},
       .help = "keep the likeliest tokens that together hold probability p",
       .source = "Holtzman et al. 2019, arXiv 1904.09751"},
      {.name = "min-p",
       .kind = Kind::truncation,
       .apply = min_p,
       .parameters = {number("p", 0.05, 0, 1, "relative to the likeliest token"), keep()},
       .help = "drop tokens less likely than p times the likeliest",
       .source = "Nguyen et al. 2024, arXiv 2407.01082"},
      {.name = "top-a",
       .kind = Kind::truncation,
       .apply = top_a,
       .parameters = {number("a", 0.2, 0, 1, "factor"), keep()},
       .help = "drop tokens less likely than a times the square of the likeliest",
       .source = "BlinkDL 2022"},
      {.name = "epsilon",
       .kind = Kind::truncation,
       .apply = epsilon,
       .parameters = {number("p", 3e-4, 0, 1, "least probability"), keep()},
       .help = "drop tokens less likely than p",
       .source = "Hewitt et al. 2022, arXiv 2210.15191",
       .aliases = {"epsilon-cutoff"}},
      {.name = "eta",
       .kind = Kind::truncation,
       .apply = eta,
       .parameters = {number("epsilon", 2e-3, 0, 1, "limit is the smaller of this and sqrt(epsilon) exp(-H)"),
                      keep()},
       .help = "drop tokens less likely than a limit that falls with the entropy",
       .source = "Hewitt et al. 2022, arXiv 2210.15191",
       .aliases = {"eta-cutoff"}},
      {.name = "top-h",
       .kind = Kind::truncation,
       .apply = top_h,
       .parameters = {number("h", 0.4, 0, 1, "share of the entropy"),
                      integer("of", 100, 1, inf, "of the likeliest so many tokens")},
       .help = "keep the likeliest tokens within a share of the entropy",
       .source = "Potraghloo et al. 2025, arXiv 2509.02510"},
      {.name = "p-less",
       .kind = Kind::truncation,
       .apply = p_less,
       .parameters = {number("order", 2, 1.001, 1000, "of the mean of probabilities that is the limit"),
                      choice("norm", {"off", "on"}, "without the part that a uniform distribution has")},
       .help = "drop tokens less likely than the mean probability of a draw",
       .source = "Tan et al. 2025, arXiv 2509.23234"},
      {.name = "min-k",
       .kind = Kind::truncation,
       .apply = min_k,
       .parameters = {number("tau", 3, 0, 1e9, "at least tau / (range of the logits) tokens stay")},
       .help = "cut at the steepest relative drop of the sorted logits",
       .source = "arXiv 2604.11012"},
      {.name = "xtc",
       .kind = Kind::truncation,
       .apply = xtc,
       .parameters = {number("probability", 0.5, 0, 1, "of acting at a step"),
                      number("threshold", 0.1, 0, 1,
                             "a top choice is at least so likely; above 0.5 never acts")},
       .help = "exclude top choices: of those, keep the least likely",
       .source = "p-e-w 2024, text-generation-webui PR 6335"},
      {.name = "inverted",
       .kind = Kind::truncation,
       .apply = inverted,
       .help = "exchange the probabilities of the possible tokens, rank by rank",
       .source = "koboldcpp PR 464, a wish there"},
  };
}

}  // namespace kelvin::sampling
