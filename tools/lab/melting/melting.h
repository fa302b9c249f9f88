// Texts drawn at many temperatures: how they melt. The text is the system; its energy E is what it costs the model itself,
// the sum over tokens of -ln p at T = 1, which counts from a step's own ln Z and so leaves out what all its logits share.
// A text that is drawn token by token is a Gibbs ensemble of E at T = 1 alone, since at another T the steps' normalisation
// depends on what came before. So three heat capacities differ:
//   response      d<E>/dT = Cov(E, sum of (E_t - <E>_t)) / T^2, exact for any such text: the derivative
//                 of ln p; only later energies answer to a step
//   fluctuation   Var E / T^2, which would be the response if E were all that decides
//   steps         mean of Var z / T^2 of the single steps, what a forward pass over a text sees
// Nakaishi, Nishikawa and Hukushima 2024, arXiv 2406.05335, look at correlations and their growth with the length of a
// text near such a transition.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace kelvin {

// One text as it was drawn at beta; (n,) each: of every token that came -ln p at T = 1, and of its step the mean of
// that, its variance and S at beta.
struct DrawnText {
  std::size_t draw = 0;
  std::vector<int> ids = {};
  std::vector<double> energy = {}, expected = {}, variance = {}, entropy = {};
};

// A mean over texts and its standard error; NaN where there are too few.
struct Estimate {
  double value, error;
};

struct MeltingPoint {
  double beta;
  std::size_t texts, tokens;              // tokens of each
  Estimate energy, entropy;               // per token
  Estimate response, fluctuation, steps;  // per token; errors by the jackknife over texts
  // (E at the next temperature - E at the one before) / their distance, texts of one number paired; NaN at the ends.
  Estimate difference;
  Estimate drift;             // energy per token, the last quarter of a text less the first
  std::vector<double> along;  // (8,): energy per token in each eighth of the texts
  std::vector<double>
      correlation;  // of E_t and E_(t+d) over texts, d = 1, 2, 4, ... below n/2; NaN without variance
  std::vector<Estimate> by_size;  // fluctuation of the first n/4, n/2, n tokens
};

struct MeltingUnit {
  double beta = 1;
  std::vector<DrawnText> texts;  // by ascending draw; all of one length
};

// units: coldest first, with the same draws.
std::vector<MeltingPoint> melting_points(std::span<const MeltingUnit> units);

// Where a heat capacity is largest over T > 0: the top of a parabola in ln T through the largest value and its
// neighbours, with the jackknife's error over texts. Nothing where it is largest at an end.
struct Transition {
  double temperature, error, height;
};
enum class HeatCapacity { response, fluctuation, steps };
std::optional<Transition> transition(std::span<const MeltingUnit> units, HeatCapacity kind);

}  // namespace kelvin
